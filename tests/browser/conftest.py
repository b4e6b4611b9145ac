"""The real servers as `make lab` and `make page` start them."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lab_home(tmp_path_factory) -> Path:
    """The home of the student in JupyterLab, empty but for one wish: that nothing is saved into this project's notebook."""
    home = tmp_path_factory.mktemp("home")
    wish = home / ".jupyter/lab/user-settings/@jupyterlab/docmanager-extension/plugin.jupyterlab-settings"
    wish.parent.mkdir(parents=True)
    wish.write_text('{"autosave": false}')
    return home


@pytest.fixture(scope="module")
def lab_url(lab_home, tmp_path_factory) -> Iterator[str]:
    """What `make lab` starts, on a free port; the address that it prints."""
    yield from serve("lab.py", lab_home, tmp_path_factory.mktemp("log"))


@pytest.fixture(scope="module")
def page_url(tmp_path_factory) -> Iterator[str]:
    """What `make page` starts, likewise."""
    yield from serve("page.py", tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("log"))


@pytest.fixture(scope="module")
def dark_page_url(tmp_path_factory) -> Iterator[str]:
    """The same page in the dark."""
    yield from serve("page.py", tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("log"), THEME="dark")


def serve(tool: str, home: Path, logs: Path, **more: str) -> Iterator[str]:
    """Start a tool, yield the address that it prints, and end all that it started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {**os.environ, "PORT": port, "BROWSER": "true", "HOME": str(home), **more}
    log = logs / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, f"tools/{tool}"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _address(server, log, int(port))
    finally:
        _stop(server)


def _stop(server: subprocess.Popen) -> None:
    """End the server and its kernels, which have sessions of their own and would live on."""
    kernels = psutil.Process(server.pid).children(recursive=True)
    os.killpg(server.pid, signal.SIGTERM)
    _, alive = psutil.wait_procs(
        [*kernels, psutil.Process(server.pid)] if server.poll() is None else kernels, timeout=10
    )
    for process in alive:
        process.kill()
    server.wait()


def _address(server: subprocess.Popen, log: Path, port: int) -> str:
    """Wait until the server answers; return the address in its log."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        found = re.search(r"http://\S+", log.read_text())
        with socket.socket() as probe:
            if found and probe.connect_ex(("127.0.0.1", port)) == 0:
                return found.group()
        time.sleep(0.2)
    raise AssertionError(f"no answer in a minute:\n{log.read_text()}")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(30_000)
    yield page
    page.close()
