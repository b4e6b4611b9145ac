"""Is what we know about an assignment what its release and the gradebook say?"""

import json

import nbformat
import pytest
from nbgrader.utils import compute_checksum
from ordinary_course import ASSIGNMENT
from sqlalchemy import event

from mlwf.grading.errors import GradingError
from mlwf.grading.key import assignment_key

pytestmark = pytest.mark.course


@pytest.fixture
def folder(ungraded, tmp_path):
    """The course in a folder of its own."""
    return ungraded.copy(tmp_path / "course").folder


def read(ungraded, folder, *, release=True, source=True):
    places = [
        folder / place / ASSIGNMENT if wanted else None for place, wanted in (("release", release), ("source", source))
    ]
    with ungraded.gradebook() as gradebook:
        return assignment_key(gradebook, ASSIGNMENT, *places)


def ours(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def test_release(ungraded, folder):
    """Are cells in the release's order, with its ids and metadata, its source as `released`, and the checksums that fit?"""
    for name, key in read(ungraded, folder).items():
        release = nbformat.read(folder / "release" / ASSIGNMENT / f"{name}.ipynb", as_version=4)
        cells = [cell for cell in release.cells if ours(cell)]
        assert [ours(cell) for cell in cells] == list(key.cells)
        assert key.kernelspec == release.metadata.kernelspec
        for cell in cells:
            given = key.cells[ours(cell)]
            assert (given.id, given.released, given.cell_type) == (cell.id, cell.source, cell.cell_type)
            metadata = key.metadata(given)
            assert metadata | {"checksum": ""} == cell.metadata.nbgrader | {"checksum": ""}
            assert json.dumps(metadata.get("points")) == json.dumps(cell.metadata.nbgrader.get("points"))
            cell.source = given.source  # with the hidden tests
            assert compute_checksum(cell) == metadata["checksum"]
    assert {given.name for given in key.cells.values() if "HIDDEN" in given.source} == {"slope-of-nothing-test"}


@pytest.mark.parametrize("source", [True, False])
def test_no_release(ungraded, folder, source):
    """Are the cells known without a release, in the source's order if there is one, and nothing of a solution told?"""
    with_release, found = read(ungraded, folder), read(ungraded, folder, release=False, source=source)
    for name, key in found.items():
        assert set(key.cells) == set(with_release[name].cells)
        assert not source or list(key.cells) == list(with_release[name].cells)
        for given in key.cells.values():
            assert given.released == given.source
            assert "SOLUTION" not in given.source
            assert given.id == (given.name if source else "")
            assert given.points == with_release[name].cells[given.name].points


def test_few_queries(ungraded, folder):
    """Does it take as many queries for many cells as for few?"""
    asked = []
    with ungraded.gradebook() as gradebook:
        event.listen(gradebook.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
        assignment_key(gradebook, ASSIGNMENT, folder / "release" / ASSIGNMENT, None)
    assert len(asked) == 3


def test_unknown_assignment(ungraded, folder):
    """Is an assignment that nobody has generated refused with what to do?"""
    with (
        ungraded.gradebook() as gradebook,
        pytest.raises(GradingError, match=r"run `nbgrader generate_assignment ps9`"),
    ):
        assignment_key(gradebook, "ps9", None, None)


@pytest.mark.parametrize("text", ["", "[]", '{"cells": 3}', '{"cells": [{"metadata": []}]}', "\xff"])
def test_damaged_release(ungraded, folder, text):
    """Is a release that can't be read named, and not taken for one in which every cell is missing?"""
    path = folder / "release" / ASSIGNMENT / "trends.ipynb"
    path.chmod(0o644)
    path.write_text(text, encoding="latin-1")
    with pytest.raises(GradingError, match=r"trends.ipynb can't be read as a notebook"):
        read(ungraded, folder)
