"""Make `.venv` and install the project with the given extras and the pinned versions: ``python3 tools/install.py lab course``.

Runs on whatever Python the machine has, with nothing but the standard library: its syntax stays at Python 3.7, so that an
old one can say that it is too old. What goes wrong is one line that says what to install.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
NEWS = "@jupyterlab/apputils-extension:announcements"
NO_NETWORK = re.compile(
    "NewConnectionError|ConnectTimeout|ConnectionRefused|Network is unreachable|Name or service not known|Temporary failure in name"
)


def stop(message: str) -> None:
    sys.exit(f"setup: {message}")


def check_python() -> None:
    version = "{}.{}".format(*sys.version_info[:2])
    if sys.version_info < OLDEST:
        stop(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, and {sys.executable} is {version}. Install it (Debian, Ubuntu: "
            "apt install python3.11 python3.11-venv), or name one: make PYTHON=/path/to/python3.11"
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop(f"Python's venv module is missing. Install it (Debian, Ubuntu: apt install python{version}-venv)")


def python_of(venv: Path) -> str:
    return str(venv / "bin" / "python")


def make_venv(venv: Path = VENV) -> None:
    try:
        if subprocess.run([python_of(venv), "-m", "pip", "--version"], stdout=subprocess.DEVNULL).returncode == 0:
            return
    except OSError:
        pass  # none there yet, or it stands on a Python that is gone: make it anew
    print(f"setup: making the virtual environment {shown(venv)}", flush=True)
    shutil.rmtree(str(venv), ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(venv)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if made.returncode:
        shutil.rmtree(str(venv), ignore_errors=True)
        stop("no virtual environment could be made: " + " ".join(made.stdout.split())[-300:])


def install(extras: list, venv: Path = VENV, editable: bool = True) -> None:
    print(
        f"setup: installing for {', '.join(extras)}, versions as in constraints.txt; the first time takes a minute",
        flush=True,
    )
    place = [*(["--editable"] if editable else []), f".[{','.join(extras)}]"]
    pip_install(["--constraint", "constraints.txt", *place], venv)


def pip_install(wanted: list, venv: Path) -> None:
    """Run pip, showing how far it is; what goes wrong is one line."""
    command = [
        python_of(venv),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
        "--retries",
        "2",
        *wanted,
    ]
    found, reason, log_file = 0, "no reason given", venv / "install.log"
    with log_file.open("w") as log:
        pip = subprocess.Popen(
            command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
        )
        for line in pip.stdout:
            log.write(line)
            if line.startswith(("Collecting ", "Requirement already")):
                found += 1
                show(f"setup: {found} packages looked up")
            elif line.startswith("Installing collected"):
                show(f"setup: unpacking {line.count(',') + 1} packages")
            elif line.startswith("ERROR"):
                reason = line[6:].strip()
    show("")
    if pip.wait():
        if NO_NETWORK.search(log_file.read_text()):
            stop(
                "the packages can't be reached. Connect this machine to the network, or set pip's proxy or mirror, and try again"
            )
        stop(f"pip failed: {reason} (all of it: {shown(log_file)})")


def quieten_jupyterlab(venv: Path = VENV) -> None:
    """Switch off JupyterLab's question about news, which greets everyone at the first start and asks the network."""
    command = [python_of(venv), "-m", "jupyter", "labextension", "disable", "--level=sys_prefix", NEWS]
    with (venv / "install.log").open("a") as log:
        if subprocess.run(command, cwd=str(ROOT), stdout=log, stderr=subprocess.STDOUT).returncode:
            stop(f"JupyterLab could not be set up (see {shown(venv / 'install.log')})")


def shown(path: Path) -> str:
    """Return a path as short as it can be written."""
    return os.path.relpath(str(path), str(ROOT)) if ROOT in path.parents else str(path)


def show(text: str) -> None:
    """Rewrite the progress line, where a person looks on."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


if __name__ == "__main__":
    check_python()
    make_venv()
    install(sys.argv[1:])
    quieten_jupyterlab()
    print("setup: done", flush=True)
