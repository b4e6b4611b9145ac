"""A real course that a class of five has gone through, made once for all tests."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def graded_course():
    """The course's folder that `mlwf course demo` leaves."""
    with tempfile.TemporaryDirectory(prefix="mlwf-report-test-") as name:
        done = mlwf("course", "demo", "--json", TMPDIR=name)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["scores"]
        (folder,) = Path(name).resolve().glob("mlwf-course-demo-*/course")
        yield folder


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
