"""Does `mlwf grade` leave an ordinary nbgrader course as nbgrader would? The class is in ordinary/."""

import json
import re
import shutil

import ordinary_course
import pytest
from corpus import ROOT
from nbformat import NotebookNode
from ordinary_course import ASSIGNMENT, OrdinaryCourse

pytestmark = pytest.mark.course
CONFIGURATION = ROOT / "nbgrader_config.py"
CLASS = ordinary_course.students()
# We say of a notebook that is missing that somebody should look; nbgrader gives no marks, and tells its log.
FLAGGED = {"ivo": ["notebook `trends.ipynb` is missing"]}


def grade(course: OrdinaryCourse, *more: str) -> dict:
    """Call the command as the manual says."""
    said = course.run("mlwf", "grade", ASSIGNMENT, "--course", str(course.folder), "--json", *more)
    assert said.stdout, said.stderr[-3000:]
    rows = {row["student"]: row for row in json.loads(said.stdout)["submissions"]}
    flags = {student: row["flags"] for student, row in rows.items() if row["flags"]}
    assert flags == {
        student: says for student, says in FLAGGED.items() if rows.get(student, {}).get("state") == "graded"
    }
    assert (said.returncode, said.stderr) == (bool(flags), "")
    return rows


def plain(notebook: NotebookNode) -> NotebookNode:
    """Without what differs from run to run: a kernel's stream comes in pieces."""
    for cell in notebook.cells:
        outputs, cell.outputs = cell.get("outputs", []), []
        for output in outputs:
            last = cell.outputs[-1] if cell.outputs else {}
            if output.output_type == "stream" and output.name == last.get("name"):
                last.text += output.text
            else:
                cell.outputs.append(output)
    return notebook


def without_ids(notebook: NotebookNode) -> NotebookNode:
    """We give cells ids where a notebook is from before there were any."""
    for cell in notebook.cells:
        del cell["id"]
    notebook.nbformat_minor = 4
    return notebook


@pytest.fixture(scope="module")
def ours(ordinary, tmp_path_factory):
    """The course graded by `mlwf grade`."""
    course = ordinary.ungraded.copy(tmp_path_factory.mktemp("ours") / "course")
    grade(course)
    return course


@pytest.fixture(scope="module")
def ours_again(ours, tmp_path_factory):
    """The same after some marks by hand, and graded once more."""
    course = ours.copy(tmp_path_factory.mktemp("again") / "course")
    ordinary_course.grade_by_hand(course)
    students = [argument for student in ordinary_course.AGAIN for argument in ("--student", student)]
    rows = grade(course, "--force", *students)
    assert sorted(rows) == sorted(ordinary_course.AGAIN)
    return course


@pytest.fixture(scope="module")
def by_door(ordinary, tmp_path_factory):
    """The course graded by `nbgrader autograde`, with the steps in it that our own course has."""
    course = ordinary.ungraded.copy(tmp_path_factory.mktemp("door") / "course")
    (steps,) = re.findall(r"^c\.Autograde\.exporter_class.*?^\]$", CONFIGURATION.read_text(), re.MULTILINE | re.DOTALL)
    settings = course.folder / CONFIGURATION.name
    settings.write_text(f"{settings.read_text()}\n{steps}\n")
    course.nbgrader("autograde", ASSIGNMENT)
    return course


@pytest.mark.parametrize("student", CLASS, ids=lambda student: student.id)
def test_nbgraders_marks(ordinary, student):
    """Are nbgrader's own marks those that were worked out by hand? What follows would else compare two errors."""
    with ordinary.first.gradebook() as gradebook:
        notebooks = gradebook.find_submission(ASSIGNMENT, student.id).notebooks
        marks = {grade.name: grade.auto_score for notebook in notebooks for grade in notebook.grades}
    assert {name: marks[name] for name in student.points} == student.points


def test_gradebook(ordinary, ours):
    """Is everything in the gradebook as nbgrader leaves it, but for the ids that it draws?"""
    assert ours.rows() == ordinary.first.rows()


def test_gradebook_again(ordinary, ours_again):
    """Is it still so after marks, comments, flags and extensions by hand, and a second run?"""
    assert ours_again.rows() == ordinary.again.rows()


def test_gradebook_by_door(ordinary, by_door, tmp_path):
    """Is it the same from nbgrader's own command with our steps in it, and when it grades one notebook of two again?"""
    assert by_door.rows() == ordinary.first.rows()
    course, stock = (graded.copy(tmp_path / str(n)) for n, graded in enumerate((by_door, ordinary.first)))
    for each in (course, stock):
        ordinary_course.grade_by_hand(each)
        for student in ("ivo", "dora"):
            each.nbgrader("autograde", ASSIGNMENT, "--force", "--student", student, "--notebook", "readings")
    assert course.rows() == stock.rows()


def test_an_order_of_folders_that_the_door_can_not_follow(by_door, tmp_path):
    """Is a course refused there whose folders are not sorted by nbgrader's steps first, with where to turn, and graded there?"""
    course = by_door.copy(tmp_path / "course")
    for step, student in (("source", "."), ("release", "."), ("submitted", "ada")):
        place = course.folder / ASSIGNMENT / step
        place.mkdir(parents=True)
        (course.folder / step / student / ASSIGNMENT).rename(place / student if student != "." else place)
    shutil.rmtree(course.folder / "autograded")
    with (course.folder / CONFIGURATION.name).open("a") as settings:
        settings.write("c.CourseDirectory.directory_structure = '{assignment_id}/{nbgrader_step}/{student_id}'\n")
    said = course.run("nbgrader", "autograde", ASSIGNMENT)
    assert said.returncode == 1
    assert "not sorted by nbgrader's steps first (c.CourseDirectory.directory_structure); use mlwf grade" in said.stderr
    assert "Traceback" not in said.stderr
    assert not (course.folder / ASSIGNMENT / "autograded").exists()
    assert list(grade(course)) == ["ada"]
    assert (course.folder / ASSIGNMENT / "autograded" / "ada" / "readings.ipynb").is_file()


@pytest.mark.parametrize("door", ["ours", "by_door"])
@pytest.mark.parametrize("student", CLASS, ids=lambda student: student.id)
def test_notebooks(ordinary, door, student, request):
    """Are the graded notebooks the same, cell by cell and output by output, but for when their cells ran?"""
    for name in student.notebooks:
        theirs, found = (
            plain(course.notebook(student.id, name)) for course in (ordinary.first, request.getfixturevalue(door))
        )
        if student.minor < 5:
            found = without_ids(found)
        for here, there in zip(found.cells, theirs.cells, strict=True):
            assert here == there
        assert found == theirs


@pytest.mark.parametrize("door", ["ours", "by_door"])
@pytest.mark.parametrize("student", CLASS, ids=lambda student: student.id)
def test_files(ordinary, door, student, request):
    """Are the same files beside them, with the same modes?"""
    theirs, found = (course.autograded(student.id) for course in (ordinary.first, request.getfixturevalue(door)))
    assert {name: mode for name, (mode, _) in found.items()} == {name: mode for name, (mode, _) in theirs.items()}
    for name, (_, content) in theirs.items():
        assert name.endswith(".ipynb") or found[name][1] == content


def test_only_what_is_new(ours, tmp_path):
    """Does a second run grade nobody again but who has handed in since, and who is asked for?"""
    course = ours.copy(tmp_path / "course")
    states = {student: row["state"] for student, row in grade(course).items()}
    assert set(states.values()) == {"skipped"}
    newer = course.folder / "submitted" / "ada" / ASSIGNMENT / "timestamp.txt"
    newer.write_text("2026-05-01 11:00:00 UTC")
    states = {student: row["state"] for student, row in grade(course).items()}
    assert [student for student, state in states.items() if state == "graded"] == ["ada"]
    assert {student: row["state"] for student, row in grade(course, "--student", "ben", "--force").items()} == {
        "ben": "graded"
    }


def test_a_penalty_that_fails_costs_one(ordinary, tmp_path):
    """Where the course's own program fails for one student: are the others saved, and is that one told?"""
    course = ordinary.ungraded.copy(tmp_path / "course")
    late = course.folder / "late.py"
    rule = "        if total_seconds_late < 60:"
    late.write_text(
        late.read_text().replace(rule, f"        {{'ben': 0}}.get(student_id, 1) / (student_id != 'ben')\n{rule}")
    )
    with course.gradebook() as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=ordinary_course.DUE.replace(year=2020))
    students = ("--student", "ada", "--student", "ben", "--student", "cleo")
    said = course.run("mlwf", "grade", ASSIGNMENT, "--course", str(course.folder), "--json", *students)
    rows = {row["student"]: row for row in json.loads(said.stdout)["submissions"]}
    assert {student: row["state"] for student, row in rows.items()} == {
        "ada": "graded", "ben": "failed", "cleo": "graded"
    }  # fmt: skip
    (why,) = rows["ben"]["flags"]
    assert "PointAnHour in c.AssignLatePenalties.plugin_class) stops for it with ZeroDivisionError" in why
    assert sorted(path.parent.name for path in (course.folder / "autograded").glob("*/*")) == ["ada", "cleo"]
    with course.gradebook() as gradebook:
        saved = {each.student.id: each.score for each in gradebook.assignment_submissions(ASSIGNMENT)}
    assert saved.keys() == {"ada", "cleo"}


def test_nbgrader_goes_on_from_there(ours, tmp_path):
    """Do nbgrader's own feedback and export work with what we leave?"""
    course = ours.copy(tmp_path / "course")
    course.nbgrader("generate_feedback", ASSIGNMENT)
    for student in CLASS:
        for name in student.notebooks:
            assert (course.folder / "feedback" / student.id / ASSIGNMENT / f"{name}.html").is_file()
    course.nbgrader("export")
    assert len((course.folder / "grades.csv").read_text().splitlines()) == 1 + len(CLASS)
