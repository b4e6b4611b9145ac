"""Find the Chromium that the browser tests drive, or install Debian's where that can be done: ``python tools/chromium.py``."""

import os
import shutil
import subprocess
import sys
from typing import Optional

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium asks its maker's servers for this and that; none of it is needed here.
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
MISSING = "Chromium is missing: the browser tests can't run. Install it (Debian, Ubuntu: apt install chromium)"


def find() -> Optional[str]:
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def _root_command() -> Optional[list]:
    """How to become root without being asked for a password; None if there is no way."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], stderr=subprocess.DEVNULL).returncode == 0:
        return [sudo, "-n"]
    return None


def install() -> None:
    """Install Debian's package if this machine lets us; say so if not."""
    as_root, apt = _root_command(), shutil.which("apt-get")
    if as_root is None or apt is None:
        print(f"setup: {MISSING}")
        return
    print("setup: installing Chromium for the browser tests (apt-get install chromium)", flush=True)
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]):
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "universal_newlines": True}
        done = subprocess.run([*as_root, "env", "DEBIAN_FRONTEND=noninteractive", apt, "-q", *arguments], **quiet)
        if done.returncode:
            print(f"setup: apt-get {arguments[0]} failed: {done.stdout.strip().splitlines()[-1:]}", file=sys.stderr)
            return


if __name__ == "__main__" and find() is None:
    install()
