"""`mlwf grade`, as instructors call it: bad input, interruption, what is graded again, and the table."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from nbgrader.api import Gradebook
from ordinary_course import ASSIGNMENT, OrdinaryCourse, students

from mlwf.cli import main
from mlwf.cli.grade import _table
from mlwf.grading import run, walls
from mlwf.grading.run import Outcome

CLASS = {student.id: student for student in students()}
FIRST, SECOND = list(CLASS)[:2]


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """A course with an assignment and nobody in it."""
    course = OrdinaryCourse(tmp_path_factory.mktemp("generated") / "course")
    course.build()
    return course


@pytest.fixture
def course(generated, tmp_path):
    """A copy in which two students have handed in."""
    course = generated.copy(tmp_path / "course")
    course.hand_in([CLASS[FIRST], CLASS[SECOND]])
    return course


def call(course, *arguments, folder=None, environment=None, assignment=ASSIGNMENT):
    said = subprocess.run(
        [sys.executable, "-m", "mlwf", "grade", assignment, "--course", str(folder or course.folder), *arguments],
        cwd=course.folder, env=course.environment | (environment or {}), capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    return said.returncode, said.stdout, said.stderr


def call_here(course, monkeypatch, capsys, *arguments, folder=None, environment=None, assignment=ASSIGNMENT):
    """The same in this process, which is faster."""
    for name, value in (course.environment | (environment or {})).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(SystemExit) as ended:
        main(["grade", assignment, "--course", str(folder or course.folder), *arguments])
    return (ended.value.code or 0, *capsys.readouterr())


def states(said):
    return {found["student"]: found["state"] for found in json.loads(said)["submissions"]}


def snapshot(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in sorted(folder.rglob("*"))
        if "__pycache__" not in path.parts
    }


def _elsewhere(course):
    return {"folder": course.folder / "nowhere"}


def _no_gradebook(course):
    (course.folder / "gradebook.db").unlink()


def _unknown(course):
    return {"assignment": "astronomy"}


def _not_in_the_gradebook(course):
    shutil.copytree(course.folder / "submitted" / FIRST / ASSIGNMENT, course.folder / "submitted" / FIRST / "astronomy")
    return {"assignment": "astronomy"}


def _nothing(course):
    shutil.rmtree(course.folder / "submitted")


def _broken(course):
    (course.folder / "nbgrader_config.py").write_text("c = get_config()\nraise ValueError('two\\nlines')\n")


def _syntax(course):
    (course.folder / "nbgrader_config.py").write_text("c = = 1\n")


def _no_such_setting(course):
    (course.folder / "nbgrader_config.py").write_text("c = get_config()\nc.Sealed.memory_mb = 'much'\n")


def _no_bwrap(course):
    programs = course.folder.parent / "programs"
    programs.mkdir()
    return {"environment": {"PATH": str(programs)}}


def _other_language(course):
    for path in (course.folder / "source").rglob("*.ipynb"), (course.folder / "release").rglob("*.ipynb"):
        for file in path:
            notebook = nbformat.read(file, as_version=4)
            notebook.metadata.kernelspec = {"display_name": "R", "language": "R", "name": "ir"}
            nbformat.write(notebook, file)
    with course.gradebook() as gradebook:
        for notebook in gradebook.find_assignment(ASSIGNMENT).notebooks:
            notebook.kernelspec = '{"display_name": "R", "language": "R", "name": "ir"}'
        gradebook.db.commit()


def _no_database(course):
    (course.folder / "gradebook.db").write_bytes(b"this is no database" * 99)


@pytest.mark.parametrize(
    ("spoil", "arguments", "says"),
    [
        (_elsewhere, [], r"there is no folder .*nowhere"),
        (_no_gradebook, [], r"there is no gradebook .*: run `nbgrader generate_assignment` first"),
        (_unknown, [], r"nothing of astronomy is in .*submitted; collect it first"),
        (_not_in_the_gradebook, [], r"the gradebook (has|does not know|knows).* astronomy"),
        (_nothing, [], r"nothing of weather is in .*submitted; collect it first"),
        (lambda _: None, ["--student", "nobody"], r"no submission of weather by nobody"),
        (_broken, [], r"nbgrader_config.py stops with ValueError: two"),
        (_syntax, [], r"nbgrader_config.py stops with SyntaxError"),
        (_no_such_setting, [], r"memory_mb"),
        (_no_bwrap, [], r"submissions can't be sealed in: there is no bwrap; install bubblewrap"),
        (_other_language, [], r"is for R, and mlwf grades Python; use: nbgrader autograde weather"),
        (_no_database, [], r"the gradebook can't be opened: "),
        (lambda _: None, ["--workers", "0"], r"0 is not in the range"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)  # fmt: skip
def test_bad_input_is_one_line_and_nothing_is_written(course, monkeypatch, capsys, spoil, arguments, says):
    """Is it said in a line what is wrong, with exit code 2, and is the course as it was?"""
    more = spoil(course) or {}
    before = snapshot(course.folder)
    code, out, err = call_here(course, monkeypatch, capsys, *arguments, **more)
    assert (code, out) == (2, ""), err
    assert re.fullmatch(rf"mlwf grade: .*{says}.*\(more: mlwf grade --help\)\n", err), err
    assert snapshot(course.folder) == before


def test_a_locked_gradebook_is_one_line(course):
    """Does somebody else who writes all the time stop the run, with nothing half saved?"""
    with (course.folder / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.db_url = 'sqlite:///{course.folder}/gradebook.db?timeout=1'\n")
    before = snapshot(course.folder)
    other = sqlite3.connect(course.folder / "gradebook.db")
    other.execute("BEGIN EXCLUSIVE")
    try:
        code, out, err = call(course)
    finally:
        other.rollback()
        other.close()
    assert (code, out) == (2, ""), err
    assert re.fullmatch(r"mlwf grade: .*gradebook.* locked.*\n", err), err
    assert snapshot(course.folder) == before


@pytest.mark.course
def test_one_worker_and_chosen_students(course):
    """Can submissions be graded one at a time, and only some, each once however often it is named?"""
    code, out, err = call(course, "--workers", "1", "--student", SECOND, "--student", SECOND, "--json")
    assert (code in (0, 1), err) == (True, "")
    assert states(out) == {SECOND: "graded"}
    code, out, _ = call(course, "--student", FIRST, "--student", SECOND, "--json", "--workers", "1")
    assert states(out) == {FIRST: "graded", SECOND: "skipped"}


@pytest.mark.course
def test_the_zygote_that_is_started_first_is_the_one_that_is_used(course, monkeypatch, capsys):
    """Is none started for nothing, so that the grader's own imports take no time of their own?"""
    started = []
    start = walls.Zygote._start
    monkeypatch.setattr(walls.Zygote, "_start", lambda zygote: started.append(zygote) or start(zygote))
    code, out, _ = call_here(course, monkeypatch, capsys, "--json", "--unsealed")
    assert (code, states(out)) == (0, {FIRST: "graded", SECOND: "graded"})
    assert len(started) == 1
    assert not started[0].is_alive


def crowd(course, count):
    """Let as many more hand in what the first has."""
    for n in range(count):
        shutil.copytree(course.folder / "submitted" / FIRST, course.folder / "submitted" / f"s{n:02}")


def wait_for(course, pattern):
    """Wait until something is graded."""
    until = time.monotonic() + 100
    while time.monotonic() < until and not list((course.folder / "autograded").glob(pattern)):
        time.sleep(0.02)


def test_what_is_graded_is_skipped_until_it_is_newer(course):
    """Is nbgrader's rule kept: not again, unless handed in again or forced?"""
    stamp = course.folder / "submitted" / FIRST / ASSIGNMENT / "timestamp.txt"
    stamp.write_text("2026-05-01 10:00:00 UTC")
    assert states(call(course, "--json")[1]) == {FIRST: "graded", SECOND: "graded"}
    before = snapshot(course.folder / "autograded")
    code, out, err = call(course)
    assert (code, err) == (0, "")
    assert "0 graded, 2 as before, since they are graded and not newer (--force grades them again)." in out
    assert snapshot(course.folder / "autograded") == before
    stamp.write_text("2026-05-01 11:00:00 UTC")
    assert states(call(course, "--json")[1]) == {FIRST: "graded", SECOND: "skipped"}
    assert states(call(course, "--json", "--force")[1]) == {FIRST: "graded", SECOND: "graded"}


@pytest.mark.course
def test_an_interruption_leaves_whole_submissions(course):
    """After Ctrl-C, are gradebook and `autograded/` in step, nothing half there, no process left, and does the rest follow?"""
    crowd(course, 60)
    running = subprocess.Popen(
        [sys.executable, "-m", "mlwf", "grade", ASSIGNMENT, "--course", str(course.folder), "--workers", "2"],
        cwd=course.folder, env=course.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    # Until somebody's marks are saved: what lies there under a hidden name may not be whole.
    wait_for(course, f"*/{ASSIGNMENT}/*.ipynb")
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err.strip()) == (130, "", "mlwf: stopped")
    graded = {path.parent.parent.name for path in (course.folder / "autograded").glob("*/*/readings.ipynb")}
    assert 0 < len(graded) < 62
    assert {path.name for path in (course.folder / "autograded").glob("*")} == graded
    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as gradebook:
        saved = {each.student.id for each in gradebook.assignment_submissions(ASSIGNMENT)}
        assert not [each for each in gradebook.assignment_submissions(ASSIGNMENT) if len(each.notebooks) != 2]
    assert saved == graded
    time.sleep(1)
    assert subprocess.run(["pgrep", "-s", str(running.pid)], capture_output=True, check=False).stdout == b""
    found = states(call(course, "--json")[1])
    assert {student for student, state in found.items() if state == "skipped"} == graded
    assert set(found.values()) == {"graded", "skipped"}
    assert len(found) == 62


@pytest.mark.course
def test_a_worker_that_is_killed_costs_nobody_else(course, monkeypatch, capsys):
    """Is whoever was being graded tried again, alone, as when the system is short of memory, and named if that ends so, too?"""
    crowd(course, 20)
    once, stage = course.folder.parent / "once", run.stage

    def fail(graded, *arguments):
        if graded.student == "s03" or (graded.student == "s11" and not once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return stage(graded, *arguments)

    monkeypatch.setattr(run, "stage", fail)
    code, out, err = call_here(course, monkeypatch, capsys, "--json", "--workers", "3")
    assert (code, err) == (1, "")
    found = states(out)
    assert {student for student, state in found.items() if state != "graded"} == {"s03"}
    assert (len(found), found["s03"]) == (22, "failed")
    assert "grading it ended the process that did it" in out
    assert {path.name for path in (course.folder / "autograded").glob("*")} == set(found) - {"s03"}


@pytest.mark.course
def test_nothing_is_left_of_a_command_that_is_killed(course):
    """Do all its processes end with it, those that wait for work and those of submissions?"""
    crowd(course, 60)
    running = subprocess.Popen(
        [sys.executable, "-m", "mlwf", "grade", ASSIGNMENT, "--course", str(course.folder), "--workers", "4"],
        cwd=course.folder, env=course.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for(course, "*/*/*.ipynb")
    everybody = psutil.Process(running.pid).children(recursive=True)
    running.kill()
    running.wait()
    _, left = psutil.wait_procs(everybody, timeout=10)
    assert len(everybody) > 5
    assert left == []


@pytest.mark.course
def test_a_zygote_that_is_killed_is_started_again(course):
    """Does the class get its marks, although the process that submissions are forked from is killed in the middle?"""
    crowd(course, 40)
    running = subprocess.Popen(
        [sys.executable, "-m", "mlwf", "grade", ASSIGNMENT, "--course", str(course.folder), "--workers", "2", "--json"],
        cwd=course.folder, env=course.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(course, "*/*/*.ipynb")
    walls = [each for each in psutil.Process(running.pid).children() if each.name() == "bwrap"]
    for each in walls:
        each.kill()
    out, err = running.communicate(timeout=200)
    assert (len(walls), err) == (1, "")
    found = json.loads(out)["submissions"]
    assert {each["state"] for each in found} == {"graded"}
    assert len({each["score"] for each in found if each["student"].startswith("s")}) == 1


def test_the_table_fits_a_terminal(monkeypatch, capsys):
    """Are names that hold markup, line breaks or control characters shown as they are, on one line, in 80 columns?"""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    odd = ["[red]ada[/red]", "two\nlines", "bell\a\x1b[31m", "[/]", "n" * 100, "naïve 日本 😀"]
    _table([Outcome(name, "graded", 1.5, 2, 1, ("cell `[b]x[/b]` was edited",)) for name in odd])
    out = capsys.readouterr().out
    table, _, rest = out.partition("6 graded, 6 cells to mark by hand.\n")
    assert {len(line) for line in table.splitlines()} <= set(range(81))
    assert "[red]ada[/red]" in table
    assert "'two\\nlines'" in table
    assert "\x1b" not in out
    assert "\a" not in out
    assert "[red]ada[/red]: cell `[b]x[/b]` was edited" in rest
    assert len(rest.splitlines()) == len(odd)


def test_a_flag_is_one_line(monkeypatch, capsys):
    """Does a file's name in a sentence for the instructor draw nothing on the terminal?"""
    _table([Outcome("ada", "failed", flags=("it can't be graded: OSError: \x1b[2J a\nb\r[red]",))])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert len(out.splitlines()) == 2
