"""The surroundings of a process that is to find nothing of what a user has set."""

import os
import sys
from pathlib import Path


def clean_environment(home: Path) -> dict[str, str]:
    """Return the environment of a user who has set nothing of Jupyter's, nbgrader's or IPython's.

    `HOME` stays as it is, for matplotlib's list of the machine's fonts is there and takes a while to make.

    Parameters
    ----------
    home : Path
        Where they are to look for settings and leave theirs, settings in `config`; it is made unless it is there.
    """
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "NBGRADER", "IPYTHON"))
    }
    (home / "tmp").mkdir(parents=True, exist_ok=True)
    return clean | {
        # nbgrader calls `alembic` by name, and the virtual environment need not be activated.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "TMPDIR": str(home / "tmp"),  # nbgrader leaves folders of its own there
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PYTHONWARNINGS": "default",  # not "error", under which third-party code would stop
    }
