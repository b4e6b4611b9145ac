"""Open JupyterLab on the lab notebook, on this machine only: ``.venv/bin/python tools/lab.py``; PORT sets the port."""

import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Collection, Dict, Mapping

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = "notebooks/constraint_tax.ipynb"
HOST = "127.0.0.1"
FIRST_PORT = 8888
CONNECTION = "mlwf.serving.PromptConnection"
SETTINGS = ROOT / "deploy" / "lab"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(wanted: str, target: str) -> int:
    """Return the port asked for, or the first free one; end with one line, for this make target, if it can't be had."""
    if not wanted:
        return next(port for port in range(FIRST_PORT, 65536) if is_free(port))
    if not wanted.isdecimal() or not 1 <= int(wanted) <= 65535:
        sys.exit(f"{target}: PORT must be a number from 1 to 65535, not {wanted!r}")
    if not is_free(int(wanted)):
        sys.exit(f"{target}: port {wanted} is in use; choose another one: make {target} PORT={int(wanted) % 65535 + 1}")
    return int(wanted)


def free_port(taken: Collection[int] = ()) -> int:
    """Return a port that nobody listens on, for what talks on this machine only.

    It is below those that the system gives to kernels, browsers and whoever else asks for any, so it stays free for a while.
    """
    while True:
        port = 16_384 + secrets.randbelow(16_384)
        if port not in taken and is_free(port):
            return port


def with_settings(folder: Path, environment: Mapping[str, str]) -> Dict[str, str]:
    """Return an environment in which Jupyter finds what stands in a folder, before what a user has set."""
    added = {}
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH"):
        added[name] = os.pathsep.join(filter(None, (str(folder), environment.get(name, ""))))
    return {**environment, **added}


def main() -> None:
    port, token = choose_port(os.environ.get("PORT", ""), "lab"), secrets.token_urlsafe(24)
    print(
        f"lab: starting JupyterLab. If no browser opens, go to\n\n    http://{HOST}:{port}/lab/tree/{NOTEBOOK}?token={token}\n"
    )
    print("lab: Ctrl-C, twice, ends it.", flush=True)
    command = [sys.executable, "-m", "jupyterlab", f"--ip={HOST}", f"--port={port}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{NOTEBOOK}", "--log-level=WARN"]
    command += [f"--ServerApp.kernel_websocket_connection_class={CONNECTION}"]
    if os.geteuid() == 0:
        command.append("--allow-root")  # in a container one is root; the server listens on this machine only
    # By the environment, so that the token shows in no list of processes.
    os.execve(sys.executable, command, {**with_settings(SETTINGS, os.environ), "JUPYTER_TOKEN": token})


if __name__ == "__main__":
    main()
