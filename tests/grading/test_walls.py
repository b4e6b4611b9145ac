"""A zygote that is started ahead: taken where the walls are the same, and ended where nobody takes it."""

import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import nbgrader
import psutil
import pytest

from mlwf.grading import verify
from mlwf.grading.errors import GradingError
from mlwf.grading.inside.limits import Limits
from mlwf.grading.sandbox import Sandbox
from mlwf.grading.walls import Ahead, World, usual_modules

LIMITS = Limits(memory_mb=300, cpu_seconds=60, wall_seconds=60, processes=24, file_mb=16, open_files=128, output_kb=256)
USUAL = World(usual_modules())
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
        psutil.Process(started).kill()
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
