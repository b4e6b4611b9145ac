"""A hub for each exchange, for all tests of it, and people at their browsers."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab import free_port
from people import Hub, Member
from playwright.sync_api import Browser

NAMES = ("ada", "bob", "cleo", "dan")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the hubs away when all have tried what they want to try."""
    items.sort(key=lambda item: item.name.startswith("test_removing_it_asks_first_and_leaves_nothing["))


@contextmanager
def begun(kind: str = "", **more: str) -> Iterator[Hub]:
    """Have `make hub` make one from nothing, with an instructor and four students; gone at the end, whatever happens."""
    if shutil.which("make") is None:
        pytest.skip("make is missing")
    # Not in pytest's own folder, which other users can't enter.
    folder = Path(tempfile.mkdtemp(prefix="mlwf-hub-test-", dir="/srv" if os.access("/srv", os.W_OK) else None))
    folder.chmod(0o755)
    # So that two runs at once, or a course that is really there, do not meet.
    unique = f"mlwf-t{os.getpid()}{kind}"
    hub = Hub(folder / "state", f"{unique}-ines", f"{unique}-grader", [f"{unique}-{name}" for name in NAMES], **more)
    try:
        hub.begin()
        yield hub
    finally:
        hub.clear_away()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    """A hub whose exchange is a folder."""
    with begun() as hub:
        hub.said = hub.wait()
        yield hub


@pytest.fixture(scope="session")
def ngshare_begun() -> Iterator[Hub]:
    # A port of its own, for both look for a free one before either listens.
    with begun("n", EXCHANGE="ngshare", PORT=str(free_port())) as hub:
        yield hub


@pytest.fixture(scope="session")
def ngshare_hub(ngshare_begun: Hub) -> Hub:
    """A hub whose exchange is ngshare."""
    ngshare_begun.said = ngshare_begun.wait()
    return ngshare_begun


@pytest.fixture(scope="session", autouse=True)
def side_by_side(request: pytest.FixtureRequest) -> None:
    """Have the second hub set up while the first one is, if a test will ask for it."""
    if any("ngshare" in item.name for item in request.session.items):
        request.getfixturevalue("ngshare_begun")


@pytest.fixture(params=["hub", "ngshare_hub"], ids=["folder", "ngshare"])
def either_hub(request: pytest.FixtureRequest) -> Hub:
    """One hub, then the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def member(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Callable[..., Member]]:
    """How to call somebody to a browser of their own."""
    members = []

    def come(name: str, at: Hub | None = None) -> Member:
        members.append(Member(at or request.getfixturevalue("hub"), name, browser))
        return members[-1]

    yield come
    for one in members:
        one.context.close()
