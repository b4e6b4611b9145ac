"""Thousands of notebooks that nobody would write: nothing is raised, and what comes out can be graded."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
from generated import as_written, check, generate_small
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mutants import contents, spoiled

from mlwf.course.environment import clean_environment
from mlwf.grading.mend import mend, names_in

QUICK = settings(max_examples=200, suppress_health_check=list(HealthCheck))
THOROUGH = settings(QUICK, max_examples=10_000)


def _hold(course, content):
    """Check what must hold for any bytes."""
    mended = mend(content, course.key)
    check(mended.notebook, course.key)
    assert all("\n" not in flag and flag.isprintable() and len(flag) < 2000 for flag in mended.flags)
    assert len(mended.flags) < 25
    assert names_in(content, course.key) <= course.key.cells.keys()
    # What is whole stays as it is.
    written = as_written(mended.notebook)
    again = mend(_bytes(mended.notebook), course.key)
    assert as_written(again.notebook) == written
    assert not any("edited" in flag or "missing" in flag or "settings" in flag for flag in again.flags)


def _bytes(notebook):
    return nbformat.writes(notebook).encode()


@QUICK
@given(st.data())
def test_any_change_of_a_notebook_can_be_graded(small, data):
    """Whatever is changed in structure, types, text, metadata and bytes: are the instructor's cells there, once each?"""
    _hold(small, data.draw(contents(small)))


@QUICK
@given(st.data())
def test_any_spoiled_file_can_be_graded(small, data):
    """Whatever happened to the bytes alone: are the instructor's cells there?"""
    _hold(small, data.draw(spoiled(small.released)))


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_can_be_graded(small, content):
    """Is a file of noise an empty notebook?"""
    _hold(small, content)


@pytest.mark.thorough
@pytest.mark.timeout(3600)
@THOROUGH
@given(st.data())
def test_thousands_of_changes_can_be_graded(small, data):
    """The same for ten thousand notebooks?"""
    _hold(small, data.draw(contents(small)))


@pytest.mark.thorough
@pytest.mark.timeout(3600)
@settings(THOROUGH, max_examples=1_000)
@given(st.data())
def test_changes_of_our_assignment_can_be_graded(ours, data):
    """And for a thousand of our own assignment, which has far more cells?"""
    _hold(ours, data.draw(contents(ours)))


@pytest.mark.thorough
@pytest.mark.timeout(1800)
def test_no_neighbour_is_lost(tmp_path):
    """Among two hundred notebooks that nobody would write: do all get marks, and honest neighbours theirs?"""
    course = generate_small(tmp_path)
    changed = []

    @settings(QUICK, max_examples=200, database=None, derandomize=True, phases=[Phase.generate])
    @given(contents(course))
    def collect(content):
        changed.append(content)

    collect()
    right = course.released.replace(b"raise NotImplementedError()", b"return 2 * x")
    right = right.replace(b"YOUR ANSWER HERE", b"Because.")
    for number, content in enumerate(changed):
        folder = _submitted(tmp_path, f"changed-{number:03}", content)
        if number % 10 == 0:
            os.mkfifo(folder / "pipe")
            (folder / "up").symlink_to("../..")
        if number % 20 == 0:
            _submitted(tmp_path, f"changed-{number:03}-neighbour", right)
    home = tmp_path / "home"
    said = subprocess.run(
        [sys.executable, "-m", "mlwf", "grade", "small", "--course", str(tmp_path), "--json"],
        cwd=tmp_path,
        env=clean_environment(home) | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert said.returncode == 1, said.stderr  # since there is much for a person to look at
    outcomes = {outcome["student"]: outcome for outcome in json.loads(said.stdout)["submissions"]}
    assert len(outcomes) == len(changed) + len(range(0, len(changed), 20))
    assert {student: outcome for student, outcome in outcomes.items() if outcome["state"] != "graded"} == {}
    neighbours = [outcome for student, outcome in outcomes.items() if student.endswith("neighbour")]
    assert {(outcome["score"], outcome["by_hand"], len(outcome["flags"])) for outcome in neighbours} == {(2.0, 1, 0)}
    for student in outcomes:
        graded = tmp_path / "autograded" / student / "small" / "small.ipynb"
        nbformat.validate(json.loads(graded.read_text()))


def _submitted(course, student, content):
    folder = course / "submitted" / student / "small"
    folder.mkdir(parents=True)
    (folder / "small.ipynb").write_bytes(content)
    return folder
