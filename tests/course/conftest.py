"""One class, taken through nbgrader once for all tests that look at what came out."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from demo_command import start


@pytest.fixture(scope="session")
def folder():
    """A folder for everything that the demo leaves, removed whatever happens."""
    with tempfile.TemporaryDirectory(prefix="mlwf-demo-test-") as name:
        yield Path(name)


@pytest.fixture(scope="session")
def demo(folder):
    """What the demo prints as JSON, what it says on stderr, and how long it took."""
    begin = time.monotonic()
    process = start(folder, "--json")
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return json.loads(out), err, time.monotonic() - begin


@pytest.fixture(scope="session")
def graded_course(demo, folder):
    """The course's folder that the demo leaves."""
    (course,) = folder.resolve().glob("mlwf-course-demo-*/course")
    return course


@pytest.fixture(scope="session")
def command():
    """How to call the command: ``command("course", "report", …)``."""
    return mlwf


def mlwf(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", "from mlwf.cli import main; main()", *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
