"""One class, taken through nbgrader once for all tests that look at what came out."""

import json
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
