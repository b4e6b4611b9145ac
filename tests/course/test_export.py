"""Files for other systems, from a real gradebook."""

import csv
import os
import re
import shutil
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook

from mlwf.course.export import CanvasExporter, MoodleExporter, QuestionsExporter, defused

pytestmark = pytest.mark.course


@pytest.fixture
def course(graded_course, tmp_path):
    """A copy of the gradebook in which one is known to the other system, one was late, and one handed in nothing."""
    folder = tmp_path / "course"
    folder.mkdir()
    shutil.copy(graded_course / "gradebook.db", folder)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_student("right", lms_user_id="42", last_name="Wright, Jr", email="r@example.org")
        gradebook.add_student("absent", lms_user_id="43")
        gradebook.find_submission("constraint_tax", "mistakes").notebooks[0].late_submission_penalty = 5
        gradebook.db.commit()
    return folder


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_canvas(course, command, tmp_path):
    """Does the file have Canvas's columns, penalties taken off, nothing for nobody, and who lacks an ID named?"""
    done = command("course", "export", "--as", "canvas", "--course", course, "--to", tmp_path / "c.csv")
    assert done.returncode == 1
    (unknown,) = re.findall(r"without a key for Canvas: ([\w, ]+)", done.stderr)
    assert set(unknown.split(", ")) == {"mistakes", "untouched", "crashes", "endless"}
    possible, *students = rows(tmp_path / "c.csv")
    assert list(possible) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "constraint_tax"]
    assert (possible["Student"].strip(), float(possible["constraint_tax"])) == ("Points Possible", 60)
    by_login = {row["SIS Login ID"]: row for row in students}
    assert (by_login["right"]["ID"], by_login["right"]["Student"]) == ("42", "Wright, Jr")
    assert float(by_login["mistakes"]["constraint_tax"]) == 14.75
    assert by_login["absent"]["constraint_tax"] == ""


def test_moodle(course, command, tmp_path):
    """Does each row have the three keys that Moodle can map, the mark, and a remark?"""
    done = command("course", "export", "--as", "moodle", "--course", course, "--to", tmp_path / "m.csv")
    assert done.returncode == 1
    right = next(row for row in rows(tmp_path / "m.csv") if row["Username"] == "right")
    assert (right["ID number"], right["Email address"], float(right["constraint_tax"])) == ("42", "r@example.org", 44)
    assert "still to be read" in right["constraint_tax feedback"]


def test_each_question(course, command, tmp_path):
    """Is there a row for each student and cell, and do a student's points add up?"""
    done = command("course", "export", "--as", "csv", "--course", course, "--to", tmp_path / "q.csv")
    assert (done.returncode, done.stderr) == (0, "")
    mine = [row for row in rows(tmp_path / "q.csv") if row["student"] == "mistakes"]
    assert sum(float(row["points"]) for row in mine) == 19.75
    assert float(mine[0]["total"]) == 14.75


def test_nbgraders_own_command(course, tmp_path):
    """Does the plug-in work where nbgrader itself is asked?"""
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", "--exporter=mlwf.course.export.CanvasExporter", "--to", tmp_path / "c.csv"],
        cwd=course, env=os.environ, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert len(rows(tmp_path / "c.csv")) == 7


FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1")


@pytest.fixture
def tricksters(tmp_path):
    """A gradebook of students whose names, ids and addresses begin as a spreadsheet's formulas do; nothing is handed in."""
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment("constraint_tax")
        for text in FORMULAS:
            gradebook.add_student(text, last_name=text, lms_user_id=text, email=f"{text}@example.org")
        yield gradebook


def columns(gradebook, path, exporter):
    """What `exporter` writes, by column, without Canvas's row of points."""
    exporter(to=str(path)).export(gradebook)
    written = [row for row in rows(path) if "Points Possible" not in row.get("Student", "")]
    return {title: {row[title] for row in written} for title in written[0]}


def test_no_text_is_a_formula(tricksters, tmp_path):
    """May an instructor open the file in a spreadsheet, whatever students call themselves?"""
    defused = {f"'{text}" for text in FORMULAS}
    assert columns(tricksters, tmp_path / "q.csv", QuestionsExporter)["student"] == defused
    assert columns(tricksters, tmp_path / "c.csv", CanvasExporter)["Student"] == defused


def test_keys_stay_as_they_are(tricksters, tmp_path):
    """Do Canvas and Moodle still find whoever has such an id? They compare it letter by letter."""
    canvas = columns(tricksters, tmp_path / "c.csv", CanvasExporter)
    moodle = columns(tricksters, tmp_path / "m.csv", MoodleExporter)
    for ids in (canvas["ID"], canvas["SIS Login ID"], moodle["ID number"], moodle["Username"]):
        assert ids == set(FORMULAS)
    assert moodle["Email address"] == {f"{text}@example.org" for text in FORMULAS}


def test_numbers_stay_numbers():
    """Can a spreadsheet still add up what is below zero?"""
    assert [defused(cell) for cell in (-1.5, 0, "", "-1.5")] == [-1.5, 0, "", "'-1.5"]


@pytest.mark.parametrize(
    ("to", "says"),
    [("nowhere/c.csv", "there is no folder nowhere; make it"), (".", ". is a folder; name a file")],
    ids=["no folder", "a folder"],
)
def test_nbgraders_own_command_says_what_is_wrong_in_one_line(tricksters, tmp_path, to, says):
    """Is a file that can't be written said without a traceback, with what to do, and is nothing left behind?"""
    before = set(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", "--exporter=mlwf.course.export.CanvasExporter", "--to", to],
        cwd=tmp_path, env=os.environ, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert says in line
    assert set(tmp_path.iterdir()) == before
