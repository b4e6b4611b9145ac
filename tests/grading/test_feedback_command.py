"""`mlwf feedback`: are its pages those of nbgrader, in the same place, whatever happens?"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import classroom
import nbformat
import pytest
from corpus import WRITTEN
from graded_class import ASSIGNMENT, CONFIG, HIDDEN, TRACEBACK, GradedClass
from sqlalchemy import event

from mlwf.cli import main
from mlwf.grading.feedback import _records

pytestmark = pytest.mark.course
STUDENTS = ("ada", "bob", "eve o'x", "zoë")
ROOT = Path(__file__).parents[2]


def start(of, *arguments):
    """Start the command, in its folder as a user would."""
    return subprocess.Popen(
        [sys.executable, "-c", "from mlwf.cli import main; main()", "feedback", *arguments],
        cwd=of.folder, env=of.environment | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def feedback(of, *arguments):
    process = start(of, ASSIGNMENT, *arguments)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def nbgrader(of, *arguments, assignment=ASSIGNMENT):
    """What nbgrader's own command makes; it is moved out of the way."""
    said = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_feedback", assignment, *arguments],
        cwd=of.folder, env=of.environment | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    pages = of.pages()
    shutil.rmtree(of.folder / "feedback", ignore_errors=True)
    return said.returncode, pages


@pytest.fixture
def graded(tmp_path):
    return GradedClass(tmp_path / "course", STUDENTS)


def without_markers(of):
    """Take the lines with markers out of the graded notebooks."""
    for path in of.folder.glob("autograded/*/*/problem.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            cell.source = re.sub(r".* HIDDEN TESTS.*\n?", "", cell.source).rstrip("\n")
            for output in cell.get("outputs", ()):
                if "traceback" in output:
                    output.traceback = [re.sub(r"\n.* HIDDEN TESTS.*", "", line) for line in output.traceback]
        nbformat.write(notebook, path)


@pytest.mark.parametrize(
    "more",
    [
        "",
        "c.CourseDirectory.groupshared = True\nc.HTMLExporter.embed_images = True\n",
        'c.HTMLExporter.template_name = "lab"\n',
        "c.HTMLExporter.exclude_input = True\nc.GenerateFeedback.permissions = 640\n"
        'c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades", "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor"]\n',
    ],
)  # fmt: skip
def test_pages_of_another_course(tmp_path, more):
    """Are files, bytes and modes those of nbgrader, with settings of all sorts, but for the markers of hidden tests?"""
    graded = GradedClass(tmp_path / "course", STUDENTS, CONFIG + more)
    assert feedback(graded)[0] == 0
    made = graded.pages()
    assert not [path for path, (content, _) in made.items() if b"HIDDEN TESTS" in content]
    shutil.rmtree(graded.folder / "feedback")
    without_markers(graded)
    code, pages = nbgrader(graded)
    assert code == 0
    assert made == pages
    assert len([path for path in made if path.endswith(".html")]) == 2 * len(STUDENTS)


def test_hidden_tests_markers_are_there_without_us():
    """Would the test above see a marker?"""
    assert "HIDDEN TESTS" in HIDDEN
    assert any("HIDDEN TESTS" in line for line in TRACEBACK)


def test_one_process_or_several(graded):
    """Does the number of processes change anything, and is there no progress bar where nobody watches?"""
    code, _, err = feedback(graded, "--workers", "1")
    assert (code, err) == (0, "")
    one = graded.pages()
    code, out, _ = feedback(graded, "--workers", "3", "--force")
    assert code == 0
    assert re.fullmatch(r"feedback for ps1: 4 made; \d+\.\d s\n", out)
    assert graded.pages() == one


def test_what_is_there_is_left_alone(graded):
    """Is a page made anew for a newer submission and when it is asked for, and not otherwise?"""
    assert feedback(graded)[0] == 0
    pages = {student: graded.feedback(student) / "problem.html" for student in STUDENTS}
    for page in pages.values():
        page.write_text("old")
    (graded.autograded("bob") / "timestamp.txt").write_text("2026-02-02 03:04:05 UTC")
    code, out, _ = feedback(graded, "--json")
    said = json.loads(out)
    assert code == 0
    assert said.pop("seconds") > 0
    assert said == {"assignment": ASSIGNMENT, "made": ["bob"], "skipped": ["ada", "eve o'x", "zoë"], "failed": []}
    assert [student for student, page in pages.items() if page.read_text() != "old"] == ["bob"]
    pages["eve o'x"].unlink()  # as after a power failure
    code, out, _ = feedback(graded, "--json")
    assert json.loads(out)["made"] == ["eve o'x"]
    pages["eve o'x"].write_text("old")
    code, out, _ = feedback(graded, "--student", "ada", "--student", "zoë", "--force")
    assert "2 made" in out
    assert [student for student, page in pages.items() if page.read_text() == "old"] == ["eve o'x"]


def test_one_students_failure(graded):
    """Do the others get their pages, is the reason said in a line, and is no old page left that looks like a new one?"""
    assert feedback(graded)[0] == 0
    (graded.autograded("bob") / "problem.ipynb").write_text("{")
    (graded.autograded("new")).mkdir(parents=True)
    shutil.copy(graded.autograded("ada") / "problem.ipynb", graded.autograded("new"))
    code, out, err = feedback(graded, "--force")
    assert code == 1
    assert "3 made, 2 failed" in out
    bob, new = err.splitlines()
    assert bob.startswith("bob: ")
    assert "JSON" in bob
    assert new == "new: nbgrader.api.MissingEntry: No such submitted notebook: ps1/problem for new"
    assert sorted(path.name for path in (graded.folder / "feedback").glob("*/ps1")) == ["ps1"] * 3
    assert not graded.feedback("bob").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing argument 'ASSIGNMENT'"),
        (("ps2",), "no graded submission for 'ps2'"),
        ((ASSIGNMENT, "--student", "nobody"), "no graded submission of nobody"),
        ((ASSIGNMENT, "--workers", "0"), "--workers"),
        ((ASSIGNMENT, "--course", "nowhere"), "no folder nowhere"),
    ],
)
def test_bad_input(graded, arguments, says, capsys, monkeypatch):
    """Is it one line, with exit code 2, and is nothing made?"""
    monkeypatch.chdir(graded.folder)
    with pytest.raises(SystemExit) as ended:
        main(("feedback", *arguments) if "--course" in arguments else ("feedback", *arguments, "--course", "."))
    err = capsys.readouterr().err
    assert ended.value.code == 2
    assert says in err
    assert err.count("\n") == 1
    assert not (graded.folder / "feedback").exists()


@pytest.mark.parametrize("break_it", [lambda book: book.unlink(), lambda book: book.write_text("no database")])
def test_no_gradebook(graded, break_it):
    """Is a course whose gradebook is gone or damaged one line?"""
    break_it(graded.folder / "gradebook.db")
    code, out, err = feedback(graded, "--course", ".")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "gradebook" in err


@pytest.mark.parametrize("exporter", ["nowhere.Exporter", "os.path.join", "nbconvert.exporters.Nothing"])
def test_no_such_exporter(tmp_path, exporter):
    """Is an exporter that can't be had one line, too?"""
    graded = GradedClass(tmp_path / "course", STUDENTS, f'{CONFIG}c.GenerateFeedback.exporter_class = "{exporter}"\n')
    code, out, err = feedback(graded)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "nbgrader_config.py" in err


DEADLY = """
import os
from nbconvert.exporters import HTMLExporter

class Deadly(HTMLExporter):
    def from_notebook_node(self, nb, resources=None, **kw):
        if resources["nbgrader"]["student"] == "bob":
            os.kill(os.getpid(), 9)
        return super().from_notebook_node(nb, resources, **kw)
"""


def test_a_process_that_ends(tmp_path):
    """Do the others get their pages where one student's page ends the process that makes it?"""
    graded = GradedClass(
        tmp_path / "course", STUDENTS, f'{CONFIG}c.GenerateFeedback.exporter_class = "deadly.Deadly"\n'
    )
    (graded.folder / "deadly.py").write_text(DEADLY)
    code, out, err = feedback(graded, "--workers", "2")
    assert (code, err) == (1, "bob: the process that made the page ended\n")
    assert "3 made, 1 failed" in out
    assert not graded.feedback("bob").exists()
    assert all((graded.feedback(student) / "problem.html").exists() for student in STUDENTS if student != "bob")


SLOW = """
import time
from nbconvert.exporters import HTMLExporter

class Slow(HTMLExporter):
    def from_notebook_node(self, nb, resources=None, **kw):
        time.sleep(0.3)
        page, resources = super().from_notebook_node(nb, resources, **kw)
        return page + "<!-- the end -->", resources
"""


def test_interrupted(tmp_path):
    """Does Ctrl-C end it soon, with whole pages or none, of the exporter that the course brings along?"""
    config = f'{CONFIG}c.GenerateFeedback.exporter_class = "slow.Slow"\n'
    graded = GradedClass(tmp_path / "course", [f"student-{number:02}" for number in range(30)], config)
    (graded.folder / "slow.py").write_text(SLOW)
    process = start(graded, ASSIGNMENT, "--workers", "2")
    while len(list(graded.folder.glob("feedback/*/*/*.html"))) < 5:
        assert process.poll() is None
        time.sleep(0.02)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begin < 20
    assert (process.returncode, out, err.strip()) == (130, "", "mlwf: stopped")
    files = {path for path in graded.folder.glob("feedback/*/*/*") if path.suffix == ".html"}
    assert 5 <= len(files) < 40
    assert all(path.read_text(encoding="utf-8").endswith("</html>\n<!-- the end -->") for path in files)
    assert not list(graded.folder.glob("feedback/*/*/.*"))


def test_the_gradebook_is_read_once(tmp_path):
    """Does a larger class take no more queries than a small one?"""
    counts = []
    for size in (2, 12):
        graded = GradedClass(tmp_path / f"course{size}", [f"s{number}" for number in range(size)])
        with graded.gradebook() as book:
            asked = []
            event.listen(book.engine, "before_cursor_execute", lambda *said, asked=asked: asked.append(said[2]))
            records = _records(book, ASSIGNMENT)
        assert len(records) == 2 * size
        counts.append(len(asked))
    assert counts[0] == counts[1] < 10


def test_records_are_what_the_gradebook_says(graded):
    """Are score, points, comments, penalty and what waits for a person those of nbgrader's own objects?"""
    with graded.gradebook() as book:
        records = _records(book, ASSIGNMENT)
        for (student, name), record in records.items():
            notebook = book.find_submission_notebook(name, ASSIGNMENT, student)
            assert (record.score, record.most) == (pytest.approx(notebook.score), notebook.max_score)
            assert record.penalty == notebook.late_submission_penalty
            assert record.grades == {grade.name: (grade.score, grade.max_score) for grade in notebook.grades}
            assert record.comments == {comment.name: comment.comment for comment in notebook.comments}
            assert record.unread == {grade.name for grade in notebook.grades if grade.needs_manual_grade}


class OurClass(classroom.Course):
    """Our assignment's course, with a look at the pages."""

    pages = GradedClass.pages


def test_pages_of_our_assignment(tmp_path):
    """Are the pages that our exporter makes for our assignment the same as through nbgrader?"""
    course = OurClass(tmp_path)
    course.hand_in(*[submission.student for submission in WRITTEN if not submission.refused][1:3])
    said = course._nbgrader("autograde")
    assert said.returncode == 0, said.stderr
    process = start(course, "constraint_tax")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    made = course.pages()
    shutil.rmtree(course.folder / "feedback")
    code, pages = nbgrader(course, assignment="constraint_tax")
    assert code == 0
    assert made == pages
    assert "2 made" in out


def test_import_alone_is_quick():
    """Does the command do without the grammar of addresses, which takes longer to load than all else?"""
    code = (
        "import sys; from mlwf.lean import without\n"
        "with without('rfc3987_syntax'): import mlwf.grading.feedback\n"
        "assert 'lark' not in sys.modules and 'rfc3987_syntax' not in sys.modules; import rfc3987_syntax"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60)
