"""Names that could lead out of a course's folder, given to our commands."""

import shutil
from pathlib import Path

import pytest

from mlwf.cli import main

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.course


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which nobody has handed in, and a folder beside it."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "outside").mkdir()
    shutil.copytree(ROOT / "source", folder / "course" / "source")
    shutil.copy(ROOT / "nbgrader_config.py", folder / "course")
    return folder / "course"


@pytest.mark.parametrize("command", ["grade", "feedback"])
@pytest.mark.parametrize(
    "name",
    ["../outside", "..", "/etc", "a\nb", "x" * 300, "-rf", "", "*", "e\u0301", "a/../constraint_tax", "<b>"],
    ids=repr,
)
def test_an_assignment_that_leads_elsewhere_is_refused(course, capsys, command, name):
    """Is it one line, and is nothing made or taken away?"""
    before = sorted(course.parent.rglob("*"))
    with pytest.raises(SystemExit) as ended:
        main([command, "--course", str(course), "--", name])
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert sorted(course.parent.rglob("*")) == before
