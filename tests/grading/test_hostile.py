"""The hostile corpus, graded in one run from each door: who gets what, what the instructor is told, and that nothing else happens.

What is in the corpus, and what its words mean, is told in hostile.py.
"""

import json
import re
import resource
import shutil
import sys

import pytest
from hostile import CELLS, ENDED, VARIABLE, WRONG
from siege import Siege
from tampered import FOLDERS, NOTEBOOKS, STUDENTS, TAMPERED

from mlwf.assignment import QUESTIONS

pytestmark = [
    pytest.mark.course,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not sys.platform.startswith("linux") or not shutil.which("bwrap"), reason="needs bubblewrap"),
]
ALL = (*CELLS, *TAMPERED)
LARGEST_NOTEBOOK = 8_000_000  # bytes of what is graded; a student's own 50 MB apart
LARGEST_GRADER = 2_500_000  # kB
# Ids that nbgrader's database, or a path of it, has no room for: nobody can grade them.
NOBODY = {"student-bytes", "student-newline", "student-hidden", "laid-no-folder"}

each = pytest.mark.parametrize("trick", [trick for trick in ALL if trick.name not in NOBODY], ids=lambda trick: trick.name)


@pytest.fixture(scope="session")
def siege():
    """The corpus, graded by `mlwf grade`."""
    siege = Siege(ALL)
    siege.grade("mlwf", "grade", "constraint_tax", "--course", str(siege.places.course), "--json")
    yield siege
    siege.close()


@each
def test_the_marks_are_those_that_are_earned(siege, trick):
    """Does everybody get what the answers are worth, and nobody what a trick is?"""
    assert siege.wrong(trick) == {}


@each
def test_the_instructor_is_told_what_matters(siege, trick):
    """Is there a sentence where somebody should look, and none where nobody need?"""
    flags = siege.outcomes[trick.who]["flags"] if trick.who in siege.outcomes else ["not graded"]
    said = "\n".join(flags)
    if trick.flag:
        assert re.search(trick.flag, said), said
    elif siege.is_gone(trick) and trick.runs:
        assert ENDED in said or trick.may_go_on and not said
    else:
        assert [flag for flag in flags if not (trick.lost_from and ENDED in flag)] == []
    assert all(flag.isprintable() and len(flag) < 2000 for flag in flags)


@each
def test_no_verdict_is_forged(siege, trick):
    """Are the verdicts in the graded notebook one for each question, and those of the gradebook?"""
    verdicts = siege.verdicts(trick)
    assert len(verdicts) == len({verdict["question"] for verdict in verdicts})
    got = siege.marks.get(trick.who, {})
    assert {verdict["question"]: verdict["points"] for verdict in verdicts} == {name: got[name] for name in QUESTIONS if verdicts}


@each
def test_the_graded_notebook_can_be_opened(siege, trick):
    """Is it of a size that formgrader can show, and does it hold nothing but text?"""
    path = siege.autograded(trick) / "constraint_tax.ipynb"
    if path.is_file():
        text = path.read_bytes().decode()
        assert json.loads(text)["nbformat"] == 4
        assert len(text) < LARGEST_NOTEBOOK or trick.name.startswith(("large-", "file-", "laid-"))


def test_honest_neighbours_get_their_marks(siege):
    """Do all who stand between the hostile ones get full marks and no flag?"""
    assert {trick.who: siege.wrong(trick) for trick in siege.honest if siege.wrong(trick)} == {}
    assert {trick.who: flags for trick in siege.honest if (flags := siege.outcomes[trick.who]["flags"])} == {}


def test_the_run_says_that_a_person_should_look(siege):
    """Does it end with the exit code for that, and no traceback?"""
    assert siege.said.returncode == 1, siege.said.stderr[-2000:]
    assert "Traceback" not in siege.said.stderr


def test_nothing_outside_changed(siege):
    """Are source, release, submissions, keys and the world's folder as they were?"""
    assert siege.before == siege.after


def test_nobody_is_left(siege):
    """Is every process gone when the run is over?"""
    assert siege.left_running == []


def test_nobody_called(siege):
    """Has no socket of the machine's been reached?"""
    assert siege.contacts == []


def test_no_secret_is_in_what_is_graded(siege):
    """Is none of the secrets in any graded notebook, whoever's it is?"""
    found = set()
    for path in (siege.places.course / "autograded").rglob("*"):
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes()
            found |= {(path.name, what) for what in ("file", "key", "environment", "solution") if siege.places.secret(what).encode() in text}
    assert found == set()


def test_nothing_but_files_is_graded(siege):
    """Has nobody got a link, a pipe or rights of others into what the instructor keeps?"""
    odd = [path for path in (siege.places.course / "autograded").rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir()) or path.lstat().st_mode & 0o7000]
    assert odd == []


def test_the_grader_itself_stays_small(siege):
    """Does no message or notebook make the grader's own processes large?"""
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < LARGEST_GRADER


def test_the_corpus_is_large_enough():
    """Are there enough tricks of every sort, each with a name of its own?"""
    assert len(CELLS) >= 300
    assert len(NOTEBOOKS) >= 100
    assert len(FOLDERS) + len(STUDENTS) >= 50
    assert len({trick.name for trick in ALL}) == len({trick.who for trick in ALL}) == len(ALL)


def test_wrong_answers_are_wrong(siege):
    """Is what the forgers answer worth nothing by itself?"""
    assert VARIABLE
    assert WRONG
