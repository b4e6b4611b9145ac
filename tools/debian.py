"""Install Debian's programs that tests need, where that can be done: ``python tools/debian.py chromium bubblewrap postgresql``."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Optional

#: By package: what it is called when it is there, and what can't be done without it.
PROGRAMS = {
    "chromium": (("chromium", "chromium-browser", "google-chrome"), "the browser tests can't run"),
    "bubblewrap": (("bwrap",), "submissions can't be sealed in"),
    "postgresql": (("initdb",), "gradebooks in PostgreSQL can't be tested"),
}
ALONGSIDE = {"chromium": ["fonts-dejavu-core"], "bubblewrap": ["libseccomp2"], "postgresql": []}
# Chromium asks its maker's servers for this and that; none of it is needed here.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


def find(package: str) -> Optional[str]:
    """Return the path of a package's program, or None."""
    # Debian keeps PostgreSQL's programs out of PATH, those of each version in a folder of their own.
    postgresql = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *postgresql])
    return next(filter(None, (shutil.which(name, path=path) for name in PROGRAMS[package][0])), None)


def missing(package: str) -> str:
    """Say what is missing, and what to do."""
    return f"{package} is missing: {PROGRAMS[package][1]}. Install it (Debian, Ubuntu: apt install {package})"


def _root_command() -> Optional[list]:
    """How to become root without being asked for a password; None if there is no way."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], stderr=subprocess.DEVNULL).returncode == 0:
        return [sudo, "-n"]
    return None


def install(packages: list) -> None:
    """Install packages if this machine lets us; say so if not."""
    as_root, apt = _root_command(), shutil.which("apt-get")
    if as_root is None or apt is None:
        for package in packages:
            print(f"setup: {missing(package)}")
        return
    names = [name for package in packages for name in [package, *ALONGSIDE[package]]]
    print(f"setup: installing what the tests need (apt-get install {' '.join(packages)})", flush=True)
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", *names]):
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "universal_newlines": True}
        done = subprocess.run([*as_root, "env", "DEBIAN_FRONTEND=noninteractive", apt, "-q", *arguments], **quiet)
        if done.returncode:
            print(f"setup: apt-get {arguments[0]} failed: {done.stdout.strip().splitlines()[-1:]}", file=sys.stderr)
            return


if __name__ == "__main__":
    wanted = [package for package in sys.argv[1:] if find(package) is None]
    if wanted:
        install(wanted)
