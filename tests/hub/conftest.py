"""One hub for all tests of it, and people at their browsers."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from people import Hub, Member
from playwright.sync_api import Browser

NAMES = ("ada", "bob", "cleo", "dan")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the hub away when all have tried what they want to try."""
    items.sort(key=lambda item: item.name == "test_removing_it_asks_first_and_leaves_nothing")


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    """A hub as `make hub` makes it from nothing, with an instructor and four students; gone at the end, whatever happens."""
    if shutil.which("make") is None:
        pytest.skip("make is missing")
    # Not in pytest's own folder, which other users can't enter.
    folder = Path(tempfile.mkdtemp(prefix="mlwf-hub-test-", dir="/srv" if os.access("/srv", os.W_OK) else None))
    folder.chmod(0o755)
    # So that two runs at once, or a course that is really there, do not meet.
    unique = f"mlwf-t{os.getpid()}"
    hub = Hub(folder / "state", f"{unique}-ines", f"{unique}-grader", [f"{unique}-{name}" for name in NAMES])
    try:
        hub.said = hub.start()
        yield hub
    finally:
        hub.clear_away()
        shutil.rmtree(folder)


@pytest.fixture
def member(hub, browser: Browser) -> Iterator[Callable[[str], Member]]:
    """How to call somebody to a browser of their own."""
    members = []

    def come(name: str) -> Member:
        members.append(Member(hub, name, browser))
        return members[-1]

    yield come
    for one in members:
        one.context.close()
