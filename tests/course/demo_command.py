"""The demo as an instructor starts it."""

import os
import subprocess
import sys
from pathlib import Path


def start(folder, *arguments, cwd=None):
    """Start the command with `folder` for temporary files, in a shell where no environment is activated."""
    command = [Path(sys.executable).parent / "mlwf", "course", "demo", *arguments]
    clean = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "NBGRADER_EXECUTION")}
    path = os.pathsep.join(
        entry for entry in os.environ["PATH"].split(os.pathsep) if not (Path(entry) / "alembic").exists()
    )
    return subprocess.Popen(
        command,
        cwd=cwd or folder,
        env=clean | {"TMPDIR": str(folder), "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
