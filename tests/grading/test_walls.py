"""A zygote that is started ahead: taken where the walls are the same, and ended where nobody takes it."""

import os
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import nbformat
import nbgrader
import psutil
import pytest
from corpus import NAME, ROOT
from outside import key_of

from mlwf.grading import verify
from mlwf.grading.course import Course
from mlwf.grading.errors import GradingError
from mlwf.grading.grade import Grader
from mlwf.grading.inside.limits import Limits
from mlwf.grading.sandbox import Sandbox
from mlwf.grading.walls import Ahead, World, Zygote, usual_modules

LIMITS = Limits(memory_mb=300, cpu_seconds=60, wall_seconds=60, processes=24, file_mb=16, open_files=128, output_kb=256)
USUAL = World((*usual_modules(), "mlwf"))
STAND_IN = Path(verify.__file__).parents[1] / "assignment" / "stand_in"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """The folder in which zygotes put theirs."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def pids():
    """The zygotes that this process has started, and what encloses them."""
    return {each.pid for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE}


def said(sandbox, source):
    with sandbox.session("ada", "lab") as session:
        return "".join(output["text"] for output in session.run(source, 20).outputs)


@pytest.mark.parametrize("sealed", [True, False])
def test_it_is_taken_and_told_the_rest(place, sealed):
    """Do submissions run in what was started before, with all modules that they need?"""
    before = pids()
    with Ahead(sealed=sealed) as ahead:
        (started,) = pids() - before
        sandbox = Sandbox(replace(USUAL, preload=(*USUAL.preload, "xmlrpc.client"), sealed=sealed), LIMITS)
        sandbox.start(ahead)
        try:
            sandbox.wait()
            assert sandbox.pid == started
            assert pids() - before == {started}
            ask = "import sys; print({'numpy', 'matplotlib.figure', 'xmlrpc.client'} <= sys.modules.keys())"
            assert said(sandbox, ask) == "True\n"
            assert ahead.take(replace(USUAL, sealed=sealed)) is None  # it is given away once
        finally:
            sandbox.close()
    assert pids() == before
    assert list(place.iterdir()) == []


def hidden(tmp_path):
    return replace(USUAL, hidden=(Path(nbgrader.__file__).parent,))


def stand_in(tmp_path):
    return replace(USUAL, stand_in=STAND_IN)


def unsealed(tmp_path):
    return replace(USUAL, sealed=False)


def elsewhere(tmp_path):
    package = tmp_path / "elsewhere"
    package.mkdir()
    (package / "only_here.py").touch()
    sys.path.insert(0, str(package))
    return World((*USUAL.preload, "only_here"))


@pytest.mark.parametrize("other", [hidden, stand_in, unsealed, elsewhere])
def test_it_is_not_taken_for_other_walls(place, tmp_path, monkeypatch, other):
    """Is a course that needs anything else hidden, shown or put in another's place given walls of its own?"""
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = pids()
    with Ahead(sealed=True) as ahead:
        (started,) = pids() - before
        world = other(tmp_path)
        sandbox = Sandbox(world, LIMITS)
        sandbox.start(ahead)
        try:
            assert sandbox.pid != started
            sandbox.wait()
            assert said(sandbox, "print(6 * 7)") == "42\n"
        finally:
            sandbox.close()
        assert pids() - before == {started}
    assert pids() == before
    assert list(place.iterdir()) == []


def group(leader):
    """All processes of a group that have not ended."""
    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def test_our_assignment_takes_it(place, tmp_path, monkeypatch):
    """Are the walls of this course's assignment those that are put up before anything is known?"""
    monkeypatch.setattr(sys, "path", sys.path[:])
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    key = key_of(nbformat.read(ROOT / "release" / NAME, as_version=4))
    with Ahead(sealed=True) as ahead:
        (started,) = pids()
        with Grader(Course(tmp_path), {key.name: key}, {}, ahead=ahead) as grader:
            grader.wait()
            assert grader.sandbox_of(key.name).pid == started
            assert pids() == {started}
    assert list(place.iterdir()) == []


def test_one_that_nobody_takes_ends_when_another_is_there(place, tmp_path, monkeypatch):
    """Does a course with other walls have one zygote, too, and not two of them until its end?"""
    monkeypatch.setattr(sys, "path", sys.path[:])
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    key = key_of(nbformat.read(ROOT / "release" / NAME, as_version=4), by_hand='by_hand="refuse"')
    with Ahead(sealed=True) as ahead:
        (started,) = pids()
        with Grader(Course(tmp_path), {key.name: key}, {}, ahead=ahead) as grader:
            assert pids() == {grader.sandbox_of(key.name).pid} != {started}


@pytest.mark.parametrize("seconds", [0, 0.001, 0.002, 0.003, 0.004, 0.006, 0.01, 0.1])
def test_nobody_has_to_take_it(place, seconds):
    """Is nothing left where there was nothing to grade, at whatever moment of its start the zygote is ended?"""
    before = pids()
    for _ in range(5):
        with Ahead(sealed=True):
            (started,) = pids() - before
            time.sleep(seconds)
        until = time.monotonic() + 10
        while (left := group(started)) and time.monotonic() < until:
            time.sleep(0.02)
        assert left == []
        assert pids() == before
    assert list(place.iterdir()) == []


def test_one_that_has_ended_is_not_taken():
    """Is another started in the place of one that is gone?"""
    with Ahead(sealed=True) as ahead:
        (started,) = pids()
        os.killpg(started, signal.SIGKILL)  # bubblewrap's first child as well
        until = time.monotonic() + 10
        while pids() and time.monotonic() < until:
            time.sleep(0.01)
        assert ahead.take(USUAL) is None


def test_what_is_missing_is_said_by_whoever_needs_it(monkeypatch, tmp_path):
    """Does starting ahead say nothing where there is no bubblewrap, and the start itself what to install?"""
    monkeypatch.setenv("PATH", str(tmp_path))
    with Ahead(sealed=True) as ahead:
        assert pids() == set()
        with pytest.raises(GradingError, match="there is no bwrap; install bubblewrap"):
            Sandbox(USUAL, LIMITS).start(ahead)


def test_a_students_path_is_the_interpreters(monkeypatch):
    """Is what a package of the grader's has put on the path for itself, as setuptools does, not on a student's?"""
    usual = [place for place in sys.path if place and not place.endswith("_vendor")]
    vendored = Path(next(iter(__import__("setuptools").__path__)), "_vendor")
    assert vendored.is_dir()
    monkeypatch.setattr(sys, "path", [*usual, str(vendored)])
    with Sandbox(World(), LIMITS) as sandbox:
        assert said(sandbox, "import sys; print(any('_vendor' in place for place in sys.path))") == "False\n"


def test_a_start_that_is_interrupted_leaves_nothing(place, monkeypatch):
    """Is the process ended and the folder removed if Ctrl-C comes just after the start?"""
    before = pids()

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Zygote, "_say", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Zygote(USUAL)
    assert pids() == before
    assert list(place.iterdir()) == []


def test_closing_twice_ends_nobody_else(place, monkeypatch):
    """Is a number that is no longer the zygote's left alone?"""
    zygote = Zygote(USUAL)
    os.killpg(zygote.pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while zygote.is_alive and time.monotonic() < until:
        time.sleep(0.01)
    killed = []
    monkeypatch.setattr(os, "killpg", lambda *said: killed.append(said))
    zygote.close()
    zygote.close()
    assert killed == []
    assert list(place.iterdir()) == []
