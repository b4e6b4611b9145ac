"""`mlwf doctor`: does it see what would go wrong in the term, and say what to do?"""

import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from mlwf.cli import main

pytestmark = pytest.mark.course
ROOT = Path(__file__).parents[2]
NAME = Path("constraint_tax", "constraint_tax.ipynb")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course that is ready: settings, both notebooks, gradebook and exchange."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    folder, exchange = tmp_path / "course", tmp_path / "exchange"
    for version in ("source", "release"):
        shutil.copytree(ROOT / version, folder / version)
    settings = (ROOT / "nbgrader_config.py").read_text()
    (folder / "nbgrader_config.py").write_text(f"{settings}\nc.Exchange.root = {str(exchange)!r}\n")
    exchange.mkdir()
    exchange.chmod(0o777)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "constraint_tax_course") as gradebook:
        gradebook.add_assignment("constraint_tax")
        gradebook.add_notebook("constraint_tax", "constraint_tax")
        for cell in nbformat.read(folder / "source" / NAME, as_version=4).cells:
            data = cell.metadata.get("nbgrader", {})
            if data.get("grade"):
                gradebook.add_grade_cell(
                    data.grade_id, "constraint_tax", "constraint_tax", max_score=data.points, cell_type=cell.cell_type
                )
    return folder


def examine(capsys, course):
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--course", str(course), "--json"])
    out, err = capsys.readouterr()
    assert err == ""
    found = {finding["what"]: finding for finding in json.loads(out)}
    return ended.value.code or 0, {what: found[what]["says"] for what in found if not found[what]["is_well"]}


def edit(course, version, old, new):
    path = course / version / NAME
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_course_that_is_ready_is_well(capsys, course):
    """Is nothing said against a course as it should be?"""
    assert examine(capsys, course) == (0, {})


def set_settings(course, text):
    (course / "nbgrader_config.py").write_text(text)


@pytest.mark.parametrize(
    ("spoils", "wrong"),
    [
        (
            [
                lambda course: (course / "nbgrader_config.py").unlink(),
                lambda course: (course / "release" / NAME).unlink(),
            ],
            {"settings": "there is no nbgrader_config.py in", "notebooks": "Run make assignment."},
        ),
        (
            [
                lambda course: set_settings(course, "c = 1 / 0"),
                lambda course: (course / "source" / NAME).write_text("{"),
            ],
            {"settings": "stops with ZeroDivisionError", "notebooks": "is no Jupyter notebook"},
        ),
        (
            [
                lambda course: edit(course, "source", '"points": 4', '"points": 5'),
                lambda course: edit(course, "source", "How many batteries", "How many charges"),
                lambda course: edit(course, "source", "multiplier = 2 ** (my.stage - 1)", "multiplier = 2 ** my.stage"),
                lambda course: edit(course, "release", "multiplier = ...", "multiplier = 2 ** (my.stage - 1)"),
                lambda course: (course / "gradebook.db").unlink(),
                lambda course: (course.parent / "exchange").rmdir(),
            ],
            {
                "questions": "crossover_week is worth 5 there and 4 in questions.py",
                "release": "release/ is older than source/ (crossover_week, battery_ratio-question). Run make assignment.",
                "solution": "gets 42.5 of 44 points, not 44 (multiplier, fix_days)",
                "empty notebook": "gets 2 of 44 points, not 0 (multiplier)",
                "gradebook": "is not there yet. Run make assignment",
                "exchange": "does not exist. Make it with: sudo install",
            },
        ),
        (
            [
                lambda course: edit(course, "release", "# Your working goes here.", "### BEGIN SOLUTION"),
                lambda course: edit(course, "source", "multiplier = 2 ** (my.stage - 1)", "import os; os._exit(0)"),
                lambda course: (course / "gradebook.db").write_text("no database"),
                lambda course: (course.parent / "exchange").chmod(0o755),
            ],
            {
                "release": "release/ shows the solution of multiplier-answer",
                "solution": "source/ did not run to its end: cell 3 ended the kernel, or would not end. Run it in JupyterLab.",
                "gradebook": "can't be opened",
                "exchange": "can't be written by everybody",
            },
        ),
    ],
    ids=["missing", "broken", "out of step", "open and closed"],
)
def test_what_would_go_wrong_is_seen(capsys, course, spoils, wrong):
    """Is each trouble found where it is, with what to do, before a student meets it?"""
    for spoil in spoils:
        spoil(course)
    code, found = examine(capsys, course)
    assert code == 1
    assert {what: says for what, says in wrong.items() if says not in found.get(what, "")} == {}
    follows = {what for what, says in found.items() if says.startswith("can't be looked at without the ")}
    assert found.keys() - follows == wrong.keys()


def test_wrong_use_is_one_line(capsys, tmp_path):
    """Is a folder that isn't there said in one line?"""
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--course", str(tmp_path / "nowhere")])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert err.startswith("mlwf doctor: there is no folder")
    assert err.count("\n") == 1
