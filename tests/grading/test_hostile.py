"""The hostile corpus, graded in one run from each door: who gets what, what the instructor is told, and that nothing else happens.

What is in the corpus, and what its words mean, is told in hostile.py.
"""

import os
import re
import resource
import shutil
import stat
import sys
from pathlib import Path

import pytest
from corpus import COURSE
from hostile import CELLS, ENDED, FUNCTIONS, WRONG
from siege import Siege, walked
from tampered import FOLDERS, NOTEBOOKS, STUDENTS, TAMPERED

from mlwf.assignment import QUESTIONS, own_case
from mlwf.assignment.marks import grade

# Where an hour is no matter, all goes through each door.
WHOLE = os.environ.get("HOSTILE") == "whole"
pytestmark = [
    pytest.mark.course,
    pytest.mark.timeout(3600 if WHOLE else 1200),
    pytest.mark.skipif(not sys.platform.startswith("linux") or not shutil.which("bwrap"), reason="needs bubblewrap"),
]
ALL = (*CELLS, *TAMPERED)
GRADE = ("mlwf", "grade", "constraint_tax", "--course")
LARGEST_NOTEBOOK = 8_000_000  # bytes of what is graded; a student's own 50 MB apart
LARGEST_GRADER = 1_000_000  # kB
# Ids that nbgrader's database, or a path of it, has no room for: nobody can grade them.
NOBODY = {"student-bytes", "student-newline", "student-hidden", "laid-no-folder"}

each = pytest.mark.parametrize(
    "trick",
    [
        pytest.param(trick, id=trick.name, marks=[pytest.mark.thorough] * trick.slow)
        for trick in ALL
        if trick.name not in NOBODY
    ],
)
all_in_all = pytest.mark.parametrize(
    "siege", ["quick", pytest.param("slow", marks=pytest.mark.thorough)], indirect=True
)

# nbgrader grades one after the other, so that its door has to do with some of what takes no time.
if WHOLE:
    AT_STOCK_DOOR = ALL
else:
    chosen = {trick.name for trick in (*[trick for trick in TAMPERED if not trick.slow][::3], *CELLS[::15])}
    chosen |= {trick.name for trick in ALL if "skipped" in trick.name}
    # What nbgrader by itself would stop at, wait for, or follow.
    chosen |= NOBODY | {
        "protocol-odd-events",
        "given-file-as-folder",
        "none",
        "laid-beside-link",
        "laid-link-to-secret",
    }
    chosen |= {"laid-renamed", "laid-timestamp-odd", "laid-timestamp-pipe", "student-glob"}
    AT_STOCK_DOOR = [trick for trick in ALL if trick.name in chosen and not trick.slow]
# What is different where no root grades.
AS_USER = re.compile(
    r"note|memory-tmp|reads|writes|is-root|no-|groups|becomes|namespaces|mounts|chroot|process|calls|ptrace|kills|tcp$|udp$|interfaces|daemon$|quits"
)
# What leaves odd things where the next run finds them.
TWICE = re.compile(
    r"file-(far|in)|files-|file-many|folders-deep|notebook-becomes|left-forged|laid-beside-(many|odd|deep)|links-out|student-"
)
USER_OF_ONES_OWN = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


def besieged(tricks, *command, before=()):
    """Grade some of the corpus, and take everything away afterwards."""
    siege = Siege(tricks)
    try:
        siege.grade(*command, str(siege.places.course), *(["--json"] if command[0] == "mlwf" else []), before=before)
        yield siege
    finally:
        siege.close()


@pytest.fixture(scope="session")
def quick():
    """What takes no time, graded by `mlwf grade`."""
    yield from besieged([trick for trick in ALL if not trick.slow], *GRADE)


@pytest.fixture(scope="session")
def slow():
    """What goes on until it is stopped, graded by `mlwf grade`."""
    yield from besieged([trick for trick in ALL if trick.slow], *GRADE)


@pytest.fixture
def siege(request):
    """The course in which a trick is played, or the one that a test asks for by name."""
    by_name = getattr(request, "param", None)
    return request.getfixturevalue(by_name or ("slow" if request.getfixturevalue("trick").slow else "quick"))


@pytest.fixture(scope="session")
def at_stock_door():
    """Some of it, graded by `nbgrader autograde`."""
    yield from besieged(AT_STOCK_DOOR, "nbgrader", "autograde", "constraint_tax", "--course-dir")


@pytest.fixture(scope="session")
def as_user():
    """Some of it, graded by somebody who is not root."""
    yield from besieged(
        [trick for trick in ALL if AS_USER.match(trick.name) and not trick.slow], *GRADE, before=USER_OF_ONES_OWN
    )


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
        assert ENDED in said or (trick.may_go_on and not said)
    else:
        assert [flag for flag in flags if not (trick.lost_from and ENDED in flag)] == []
    assert all(flag.isprintable() and len(flag) < 2000 for flag in flags)


@all_in_all
def test_no_verdict_is_forged(siege):
    """Are the verdicts in each graded notebook one for each question, and those of the gradebook?"""
    forged = {}
    for trick in siege.tricks:
        verdicts, got = siege.verdicts(trick), siege.marks.get(trick.who, {})
        found = [(verdict["question"], verdict["points"]) for verdict in verdicts if isinstance(verdict, dict)]
        if verdicts and (
            len(found) != len(verdicts) or sorted(found) != sorted((name, got[name]) for name in QUESTIONS)
        ):
            forged[trick.name] = len(verdicts)
    assert forged == {}


@all_in_all
def test_graded_notebooks_can_be_opened(siege):
    """Are they of a size that formgrader can show, apart from what is large in itself?"""
    large = {}
    for trick in siege.tricks:
        path = siege.autograded(trick) / "constraint_tax.ipynb"
        if (
            path.is_file()
            and path.stat().st_size > LARGEST_NOTEBOOK
            and not trick.name.startswith(("large-", "file-", "laid-"))
        ):
            large[trick.name] = path.stat().st_size
    assert large == {}


def wrong(siege, tricks):
    """Who did not get the marks that were to be expected."""
    return {trick.who: found for trick in tricks if (found := siege.wrong(trick))}


@all_in_all
def test_honest_neighbours_get_their_marks(siege):
    """Do all who stand between the hostile ones get full marks and no flag?"""
    assert wrong(siege, siege.honest) == {}
    assert {trick.who: flags for trick in siege.honest if (flags := siege.outcomes[trick.who]["flags"])} == {}


@all_in_all
def test_the_run_says_that_a_person_should_look(siege):
    """Does it end with the exit code for that, and no traceback?"""
    assert siege.said.returncode == 1, siege.said.stderr[-2000:]
    assert "Traceback" not in siege.said.stderr


@all_in_all
def test_nothing_outside_changed(siege):
    """Are source, release, submissions, keys and the world's folder as they were?"""
    assert siege.before == siege.after


@all_in_all
def test_nobody_is_left(siege):
    """Is every process gone when the run is over?"""
    assert siege.left_running == []


@all_in_all
def test_nobody_called(siege):
    """Has no socket of the machine's been reached?"""
    assert siege.contacts == []


@all_in_all
def test_no_secret_is_in_what_is_graded(siege):
    """Is none of the secrets in any graded notebook, whoever's it is?"""
    secrets = {what: siege.places.secret(what).encode() for what in ("file", "key", "environment", "solution")}
    found = set()
    for path, status in walked(siege.places.course / "autograded"):
        if stat.S_ISREG(status.st_mode):
            text = Path(os.fsdecode(path)).read_bytes()
            found |= {(path, what) for what, secret in secrets.items() if secret in text}
    assert found == set()


@all_in_all
def test_nothing_but_files_is_graded(siege):
    """Has nobody got a link, a pipe or rights of others into what the instructor keeps?"""
    modes = {path: status.st_mode for path, status in walked(siege.places.course / "autograded")}
    assert [
        path for path, mode in modes.items() if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or mode & 0o7000
    ] == []


@pytest.mark.parametrize("name", ["timestamp-written", "files-with-odd-names"])
def test_the_time_is_the_one_of_the_submission(quick, name):
    """Does no cell decide when its submission was handed in, and so whether the next one is newer?"""
    trick = next(trick for trick in ALL if trick.name == name)
    handed_in = quick.places.submitted / trick.who / "constraint_tax" / "timestamp.txt"
    assert (quick.autograded(trick) / "timestamp.txt").read_bytes() == handed_in.read_bytes()


@all_in_all
def test_the_grader_itself_stays_small(siege):
    """Does no message or notebook make the grader's own processes large?"""
    assert siege.said
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < LARGEST_GRADER


def test_the_corpus_is_large_enough():
    """Are there enough tricks of every sort, each with a name of its own?"""
    assert len(CELLS) >= 300
    assert len(NOTEBOOKS) >= 100
    assert len(FOLDERS) + len(STUDENTS) >= 50
    assert len({trick.name for trick in ALL}) == len({trick.who for trick in ALL}) == len(ALL)


def test_wrong_answers_are_wrong():
    """Is what the forgers answer worth nothing by itself, whoever they are?"""
    answers = {name: [{"value": WRONG}] * 99 if name in FUNCTIONS else WRONG for name in QUESTIONS}
    for trick in ALL:
        if trick.base == "wrong":
            assert [verdict.points for verdict in grade(own_case(COURSE, trick.who), answers)] == [0] * len(QUESTIONS)


def test_the_door_of_nbgrader_is_as_strong(at_stock_door):
    """Do all get the same from `nbgrader autograde`, and does nothing else happen there either?"""
    siege = at_stock_door
    assert wrong(siege, [*siege.honest, *(trick for trick in siege.tricks if trick.name not in NOBODY)]) == {}
    assert siege.before == siege.after
    assert siege.left_running == siege.contacts == []


@pytest.mark.skipif(os.geteuid() != 0, reason="all the other tests are graded by no root already")
def test_the_walls_hold_where_no_root_grades(as_user):
    """Do all get the same where an ordinary user grades, and does nothing else happen?"""
    assert wrong(as_user, [*as_user.honest, *as_user.tricks]) == {}
    assert as_user.before == as_user.after
    assert as_user.left_running == as_user.contacts == []


def test_what_a_submission_leaves_does_not_stop_the_next_run():
    """Can all be graded again where odd files lie in the way, with the same marks?"""
    for siege in besieged([trick for trick in ALL if TWICE.match(trick.name) and not trick.slow], *GRADE):
        marks = siege.marks
        siege.grade(*GRADE, str(siege.places.course), "--json", "--force")
        assert siege.said.returncode in (0, 1), siege.said.stderr[-2000:]
        assert siege.marks == marks
        assert {row["state"] for row in siege.outcomes.values()} <= {"graded", "failed"}
        assert wrong(siege, siege.honest) == {}
