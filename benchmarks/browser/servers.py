"""The servers of all contenders: started on free ports of this machine, and ended whatever happens."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.lab import CONNECTION

ROOT = Path(__file__).resolve().parents[2]
APPS = Path(__file__).parent / "apps"
LAB_NOTEBOOK = ROOT / "notebooks" / "constraint_tax.ipynb"
PLAIN_NOTEBOOK = APPS / "plain_interact.ipynb"
HOST = "127.0.0.1"
STARTS_WITHIN_S = 90
# From the caller's shell, these could bring settings that no student has.
NOT_PASSED_ON = ("JUPYTER_", "IPYTHON", "MPL", "XDG_", "MARIMO_")


class BenchmarkError(Exception):
    """What went wrong, in one line for the person who runs the benchmark."""


@dataclass(frozen=True)
class Addresses:
    """Where the pages are: the lab in JupyterLab and in Voila, as `make lab` and `make page` serve it, and what it is compared with."""

    lab: str
    voila: str
    plain: str
    published: str
    floor: str


@contextmanager
def all_servers(folder: Path) -> Iterator[Addresses]:
    """Start the servers, and stop them on the way out.

    Parameters
    ----------
    folder : Path
        An empty one, for a copy of the notebook, logs and an empty home: nothing of the user's is read or changed.

    Yields
    ------
    Addresses

    Raises
    ------
    BenchmarkError
        A server does not start; the message ends with its last words.
    """
    notebooks, home = folder / "notebooks", folder / "home"
    notebooks.mkdir()
    shutil.copy(LAB_NOTEBOOK, notebooks)
    _switch_autosave_off(home)
    # By the environment, so that it shows in no list of processes.
    token = secrets.token_urlsafe(24)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(NOT_PASSED_ON)}
    environment |= {"HOME": str(home), "MLWF_LEDGER": ":memory:", "BROWSER": "true", "JUPYTER_TOKEN": token}
    as_root = ["--allow-root"] if os.geteuid() == 0 else []
    commands = {
        "jupyterlab": [
            *("-m", "jupyterlab", "--no-browser", f"--ip={HOST}", "--port={port}", "--ServerApp.port_retries=0"),
            *(f"--ServerApp.root_dir={notebooks}", "--log-level=WARN", *as_root),
            f"--ServerApp.kernel_websocket_connection_class={CONNECTION}",
        ],
        "page": ["tools/page.py"],
        "voila": ["-m", "voila", str(PLAIN_NOTEBOOK), "--no-browser", "--port={port}", f"--Voila.ip={HOST}"],
        "published": _marimo("published.py"),
        "floor": _marimo("floor.py"),
    }
    with ExitStack() as running:
        started = {
            name: running.enter_context(Server(name, command, environment, folder / f"{name}.log"))
            for name, command in commands.items()
        }
        url = {name: server.wait_until_it_answers() for name, server in started.items()}
        yield Addresses(
            lab=f"{url['jupyterlab']}/lab/tree/{LAB_NOTEBOOK.name}?token={token}",
            voila=url["page"],
            plain=url["voila"],
            published=url["published"],
            floor=url["floor"],
        )


def _marimo(app: str) -> list[str]:
    return ["-m", "marimo", "run", str(APPS / app), "--headless", f"--host={HOST}", "--port={port}"]


def _switch_autosave_off(home: Path) -> None:
    """Keep JupyterLab from saving in the middle of a press, and from opening the notebook with old outputs later."""
    settings = home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "docmanager-extension"
    settings.mkdir(parents=True)
    (settings / "plugin.jupyterlab-settings").write_text('{"autosave": false}', encoding="utf-8")


class Server:
    """One server in a process group of its own, so that it can be ended by its id and with all that it started."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name, self.log = name, log
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = int(probe.getsockname()[1])
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, *(part.replace("{port}", str(self.port)) for part in command)],
                cwd=ROOT,
                env=environment | {"PORT": str(self.port)},
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_error: object) -> None:
        # A polite end first: Jupyter's kernels have process groups of their own, and only their server ends them.
        for sign, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
            try:
                os.killpg(self.process.pid, sign)
                self.process.wait(patience)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue

    def wait_until_it_answers(self) -> str:
        """Return the server's address once it accepts connections."""
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise BenchmarkError(f"{self.name} ended as it started: {self._last_words()}")
            with socket.socket() as probe:
                if probe.connect_ex((HOST, self.port)) == 0:
                    return f"http://{HOST}:{self.port}"
            time.sleep(0.1)
        raise BenchmarkError(f"{self.name} does not answer on port {self.port}: {self._last_words()}")

    def _last_words(self) -> str:
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"
