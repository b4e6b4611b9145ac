"""Does what we write equal what nbgrader writes? It grades a class; what it leaves is given to us to be saved again."""

import os
import signal
import sqlite3
import threading
from pathlib import Path

import nbformat
import ordinary_course
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output
from ordinary_course import ASSIGNMENT, OrdinaryCourse, as_graded
from sqlalchemy import event

from mlwf.grading.course import Course
from mlwf.grading.errors import GradingError
from mlwf.grading.save import WHOLE, Graded, Saver, mark, stage
from mlwf.grading.text import notebook_bytes


def save(course: OrdinaryCourse, *graded: Graded) -> dict[str, str]:
    """Save what was graded, in one batch."""
    settings = Course(course.folder)
    with settings.open_gradebook() as gradebook:
        saver = Saver(settings, gradebook, ASSIGNMENT)
        return saver.save([stage(one, settings, ASSIGNMENT) for one in graded])


def students() -> list[str]:
    return [student.id for student in ordinary_course.students()]


@pytest.fixture
def fresh(ordinary, tmp_path) -> OrdinaryCourse:
    """The course before anybody was graded."""
    return ordinary.ungraded.copy(tmp_path / "ours")


def leftovers(course: OrdinaryCourse) -> list[str]:
    return [path.name for path in (course.folder / "autograded").rglob(".weather.*")]


@pytest.mark.course
@pytest.mark.parametrize("batch", [1, 100])
def test_equals_stock(ordinary, fresh, batch):
    """Does the gradebook have the same rows, and ``autograded`` the same bytes and modes, however many are saved at once?"""
    graded = [as_graded(ordinary.first, student) for student in students()]
    for start in range(0, len(graded), batch):
        assert save(fresh, *graded[start : start + batch]) == {}
    assert fresh.rows() == ordinary.first.rows()
    for student in students():
        assert fresh.autograded(student) == ordinary.first.autograded(student)
    assert leftovers(fresh) == []


@pytest.mark.course
def test_regrade_equals_stock(ordinary, fresh):
    """Do manual marks and comments, extra credit, flags and extensions stay, and penalties follow, as with nbgrader?"""
    save(fresh, *(as_graded(ordinary.first, student) for student in students()))
    ordinary_course.grade_by_hand(fresh)
    save(fresh, *(as_graded(ordinary.again, student) for student in ordinary_course.AGAIN))
    assert fresh.rows() == ordinary.again.rows()
    for student in students():
        assert fresh.autograded(student) == ordinary.again.autograded(student)
    assert leftovers(fresh) == []


@pytest.mark.course
def test_flags(ordinary, fresh):
    """Is a notebook with a flag flagged, and does it stay so when there is none the next time?"""
    for flags in ({"trends": ("edited",)}, {}):
        save(fresh, as_graded(ordinary.first, "ada", flags=flags))
        with fresh.gradebook() as gradebook:
            found = {n.name: n.flagged for n in gradebook.find_submission(ASSIGNMENT, "ada").notebooks}
        assert found == {"readings": False, "trends": True}
    save(fresh, as_graded(ordinary.first, "ben", flags={WHOLE: ("a link was left out",)}))
    with fresh.gradebook() as gradebook:
        assert all(n.flagged for n in gradebook.find_submission(ASSIGNMENT, "ben").notebooks)


@pytest.mark.course
def test_unknown_student(ordinary, fresh):
    """Is somebody whom the gradebook lacks refused with a sentence where the course says so, and the others saved?"""
    with (fresh.folder / "nbgrader_config.py").open("a") as file:
        file.write("c.Autograde.create_student = False\n")
    with fresh.gradebook() as gradebook:
        gradebook.add_student("ada", first_name="Ada")
    settings = Course(fresh.folder)
    with settings.open_gradebook() as gradebook:
        says = Saver(settings, gradebook, ASSIGNMENT).refused(["ada", "ben"])
    assert says == {"ben": "ben is not in the gradebook, and c.Autograde.create_student is off"}
    assert save(fresh, *(as_graded(ordinary.first, student) for student in ("ben", "ada"))) == says
    assert not (fresh.folder / "autograded" / "ben" / ASSIGNMENT).exists()
    assert fresh.autograded("ada") == ordinary.first.autograded("ada")
    assert leftovers(fresh) == []


@pytest.mark.course
def test_names(ordinary, fresh):
    """Is a folder refused whose name is no text, and are the others saved, whatever else is in their names?"""
    names = ["a b", "x\ny", "É'; DROP TABLE grade; --", "日本", "..x"]
    wrong = os.fsdecode(b"caf\xe9")
    says = save(fresh, *(as_graded(ordinary.first, "ada", student=name) for name in [*names, wrong]))
    assert says == {wrong: r"'caf\udce9' is no name that a gradebook can hold: rename the folder"}
    assert all(fresh.autograded(name) == ordinary.first.autograded("ada") for name in names)
    with fresh.gradebook() as gradebook:
        assert sorted(student.id for student in gradebook.students) == sorted(names)
        assert len({gradebook.find_submission(ASSIGNMENT, name).score for name in names}) == 1
    assert leftovers(fresh) == []


@pytest.mark.course
def test_locked(ordinary, fresh, monkeypatch):
    """Does saving wait for somebody who writes to the gradebook, and end in a sentence, nothing changed, if that lasts?"""
    before = fresh.rows()
    other = sqlite3.connect(fresh.folder / "gradebook.db", check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("mlwf.grading.course.PATIENCE", 0.3)
    with pytest.raises(GradingError, match=r"^the gradebook is locked.*grade again$"):
        save(fresh, as_graded(ordinary.first, "ada"))
    assert fresh.rows() == before
    assert not (fresh.folder / "autograded" / "ada" / ASSIGNMENT).exists()
    monkeypatch.setattr("mlwf.grading.course.PATIENCE", 20)
    timer = threading.Timer(0.5, other.rollback)
    timer.start()
    save(fresh, as_graded(ordinary.first, "ada"))
    timer.join()
    other.close()
    assert fresh.autograded("ada") == ordinary.first.autograded("ada")


@pytest.mark.course
def test_ended_in_between(ordinary, fresh, monkeypatch):
    """Is the old folder back when a batch fails, are marks and folder never apart, and is the rest tidied away?"""
    save(fresh, as_graded(ordinary.first, "ada"), as_graded(ordinary.first, "dora"))
    rows, ada = fresh.rows(), fresh.autograded("ada")
    settings = Course(fresh.folder)
    with settings.open_gradebook() as gradebook:
        saver = Saver(settings, gradebook, ASSIGNMENT)
        staged = [stage(as_graded(ordinary.first, student), settings, ASSIGNMENT) for student in ("ada", "ben")]
        with monkeypatch.context() as patch:
            patch.setattr(gradebook.db, "commit", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                saver.save(staged)
        assert (fresh.rows(), fresh.autograded("ada")) == (rows, ada)
        assert len(leftovers(fresh)) == 2
        with monkeypatch.context() as patch:  # as after a power cut: committed, and no folder has its name yet
            patch.setattr("pathlib.Path.rename", _but_for_new_folders)
            with pytest.raises(KeyboardInterrupt):
                saver.save(staged)
        assert not (fresh.folder / "autograded" / "ada" / ASSIGNMENT).exists()
        saver.tidy(["ada", "ben"])
    assert leftovers(fresh) == []
    assert not (fresh.folder / "autograded" / "ben").exists()


@pytest.mark.course
def test_interrupted_in_between(ordinary, fresh):
    """Does a Ctrl-C that comes when marks are in the gradebook wait until their folders have their names?"""
    save(fresh, as_graded(ordinary.again, "ada"))
    settings = Course(fresh.folder)
    with settings.open_gradebook() as gradebook:
        event.listen(gradebook.db(), "after_commit", lambda _: signal.raise_signal(signal.SIGINT), once=True)
        saver = Saver(settings, gradebook, ASSIGNMENT)
        with pytest.raises(KeyboardInterrupt):
            saver.save([stage(as_graded(ordinary.first, student), settings, ASSIGNMENT) for student in ("ada", "ben")])
        saver.tidy(["ada", "ben"])
    with fresh.gradebook() as gradebook:
        assert {each.student.id for each in gradebook.assignment_submissions(ASSIGNMENT)} == {"ada", "ben"}
    for student in ("ada", "ben"):
        assert fresh.autograded(student) == ordinary.first.autograded(student)
    assert leftovers(fresh) == []


def _but_for_new_folders(path, target):
    if ".new-" in path.name:
        raise KeyboardInterrupt
    RENAME(path, target)


@pytest.mark.course
def test_groupshared(ordinary, fresh):
    """Are the modes those that nbgrader gives where a group of instructors shares the course?"""
    for course in (stock := fresh.copy(fresh.folder.with_name("stock")), fresh):
        with (course.folder / "nbgrader_config.py").open("a") as file:
            file.write("c.CourseDirectory.groupshared = True\n")
    stock.nbgrader("autograde", ASSIGNMENT, "--student", "ivo")
    save(fresh, as_graded(stock, "ivo"))
    assert fresh.autograded("ivo") == stock.autograded("ivo")
    for folder in ("autograded", "autograded/ivo"):
        assert (fresh.folder / folder).stat().st_mode == (stock.folder / folder).stat().st_mode


@pytest.mark.course
def test_files_that_exclude_each_other(ordinary, fresh):
    """Is the instructor's file there where the student has a folder of that name, and the other way round?"""
    files = {"a": b"student", "b/c": b"student", "a/x": b"instructor", "b": b"instructor"}
    save(fresh, as_graded(ordinary.first, "ada", files=files))
    found = {name: content for name, (_, content) in fresh.autograded("ada").items() if content and "ipynb" not in name}
    assert found == {"weather/a/x": b"instructor", "weather/b": b"instructor"}
    for name in ("../x", "/x", "a/../../x", ""):
        with pytest.raises(ValueError, match="not below"):
            save(fresh, as_graded(ordinary.first, "ada", files={name: b""}))
    assert leftovers(fresh) == []


@pytest.mark.parametrize("text", ["12", "inf", None])
def test_a_value_that_is_no_mark(text):
    """Does a test that gives more than all points, or what has no text, go to a person, where nbgrader gives up?"""
    metadata = {"nbgrader": {"grade_id": "t", "grade": True, "solution": False, "locked": True, "points": 2}}
    data = {"text/plain": text} if text else {"text/html": "<b>2</b>"}
    cell = new_code_cell("t", metadata=metadata, outputs=[new_output("execute_result", data=data)])
    marks = mark(new_notebook(cells=[cell]))
    assert marks.scores == {"t": None}
    assert marks.flags == ("cell `t` ended with a value that is no mark: mark it by hand",)


RENAME = Path.rename
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TEXT = st.text(st.sampled_from('a\n\r\x0b\x1c\u2028"\\é\ud800\0'), max_size=12)
MIME = st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml", "application/json"])
BUNDLE = st.dictionaries(MIME, TEXT | st.lists(TEXT, max_size=2), max_size=3)
OUTPUT = st.one_of(
    st.fixed_dictionaries({"output_type": st.just("stream"), "name": st.just("stdout"), "text": TEXT}),
    st.fixed_dictionaries({"output_type": st.just("display_data"), "data": BUNDLE, "metadata": st.just({})}),
    st.fixed_dictionaries({"output_type": st.just("error"), "evalue": TEXT, "traceback": st.lists(TEXT, max_size=2)}),
)
METADATA = st.dictionaries(st.sampled_from(["signature", "orig_nbformat", "trusted", "tags", "é"]), JSON, max_size=3)
CELL = st.fixed_dictionaries(
    {
        "cell_type": st.just("code"),
        "execution_count": st.none() | st.integers(0, 9),
        "metadata": METADATA,
        "outputs": st.lists(OUTPUT, max_size=2),
        "source": TEXT,
    }
) | st.fixed_dictionaries(
    {
        "cell_type": st.just("markdown"),
        "attachments": st.dictionaries(TEXT, BUNDLE, max_size=1),
        "source": TEXT,
        "metadata": METADATA,
    }
)


@given(st.lists(CELL, max_size=3), METADATA)
def test_text_is_nbformats(cells, metadata):
    """Is the text of a notebook's file nbformat's, byte for byte, and the notebook as it was?"""
    notebook = nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    before = repr(notebook)
    written = notebook_bytes(notebook)
    assert repr(notebook) == before
    assert written == (nbformat.v4.nbjson.writes(notebook) + "\n").encode(errors="replace")
