"""Files for other systems, from a real gradebook."""

import csv
import os
import re
import shutil
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook

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
