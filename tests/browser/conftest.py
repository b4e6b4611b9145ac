"""The real servers as `make lab` and `make page` start them."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import classroom
import psutil
import pytest
from lab import free_port
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]


def pytest_addoption(parser):
    parser.addoption("--refresh-walk-through", action="store_true", help="take the pictures in docs/images/ anew")


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


@pytest.fixture(scope="module")
def jupyterlab_on(lab_home, tmp_path_factory) -> Callable[[Path, dict[str, str]], Iterator[str]]:
    """What starts JupyterLab in a folder, told what an environment tells it, and yields addresses as Python's `format` takes them."""

    def start(folder: Path, told: dict[str, str]) -> Iterator[str]:
        port, token = free_port(), secrets.token_urlsafe(24)
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
        command += [f"--ServerApp.root_dir={folder}", "--ServerApp.port_retries=0"]
        if os.geteuid() == 0:
            command.append("--allow-root")
        environment = {**os.environ, "HOME": str(lab_home), "JUPYTER_TOKEN": token, **told}
        for _ in serve_command(command, folder, environment, port, tmp_path_factory.mktemp("log")):
            yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token={token}"

    return start


@pytest.fixture(scope="module")
def readers_home(tmp_path_factory) -> Path:
    """The home of whoever serves the page to readers, empty."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def readers_url(readers_home, tmp_path_factory) -> Iterator[str]:
    """The page for at most six readers, with two kernels that wait for them."""
    yield from serve("page.py", readers_home, tmp_path_factory.mktemp("log"), READERS="6", WARM="2")


@pytest.fixture(scope="module")
def impatient_url(tmp_path_factory) -> Iterator[str]:
    """The page, where a kernel ends after 24 seconds of rest, or 5 seconds after its page is gone."""
    home, logs = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("log")
    yield from serve("page.py", home, logs, READERS="6", WARM="1", IDLE="0.4", LEFT="0.08")


def serve(tool: str, home: Path, logs: Path, **more: str) -> Iterator[str]:
    """Start a tool, yield the address that it prints, and end all that it started."""
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "BROWSER": "true", "HOME": str(home), **more}
    yield from serve_command([sys.executable, f"tools/{tool}"], ROOT, environment, port, logs)


def serve_command(
    command: list[str], folder: Path, environment: dict[str, str], port: int, logs: Path
) -> Iterator[str]:
    """Start a server in `folder`, yield the address that it prints, and end all that it started."""
    log = logs / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield _address(server, log, port)
    finally:
        _stop(server)


def _stop(server: subprocess.Popen) -> None:
    """End the server and its kernels, which have sessions of their own and would live on."""
    if server.poll() is not None:
        return  # as a test had it end
    everything = [*psutil.Process(server.pid).children(recursive=True), psutil.Process(server.pid)]
    os.killpg(server.pid, signal.SIGTERM)
    for process in psutil.wait_procs(everything, timeout=10)[1]:
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


@pytest.fixture(scope="module")
def formgrader(tmp_path_factory) -> Iterator[tuple[classroom.Course, str]]:
    """A course with every submission that can be graded handed in and none graded, and the address of its Formgrader."""
    yield from serve_formgrader(tmp_path_factory, "manage_submissions/constraint_tax")


@pytest.fixture(scope="module")
def small_formgrader(tmp_path_factory) -> Iterator[tuple[classroom.Course, str]]:
    """The same with three submissions."""
    yield from serve_formgrader(tmp_path_factory, "manage_assignments", "right", "chain-multiplier", "half-done")


def serve_formgrader(tmp_path_factory, first: str, *students: str) -> Iterator[tuple[classroom.Course, str]]:
    """Start JupyterLab on a course, and yield the course with the address of a page in its Formgrader."""
    course = classroom.Course(tmp_path_factory.mktemp("course"))
    course.hand_in(*students)
    for address in serve_lab(course.folder, course.environment, first, tmp_path_factory.mktemp("log")):
        yield course, address


@pytest.fixture
def formgrader_on(tmp_path) -> Callable[[Path, dict[str, str], str], Iterator[str]]:
    """What starts JupyterLab on the course in a folder."""
    return lambda folder, environment, first: serve_lab(folder, environment, first, tmp_path)


def serve_lab(folder: Path, environment: dict[str, str], first: str, logs: Path) -> Iterator[str]:
    """Start JupyterLab on the course in a folder, and yield the address of a page in its Formgrader."""
    port, token = free_port(), secrets.token_urlsafe(24)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += [f"--ServerApp.root_dir={folder}", "--ServerApp.port_retries=0"]
    if os.geteuid() == 0:
        command.append("--allow-root")
    for _ in serve_command(command, folder, environment | {"JUPYTER_TOKEN": token}, port, logs):
        # By way of the login, which leaves a cookie for what Formgrader's page asks for next.
        yield f"http://127.0.0.1:{port}/login?next=/formgrader/{first}&token={token}"
