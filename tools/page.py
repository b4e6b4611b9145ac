"""Serve the lab as a page, without code and on this machine only: ``.venv/bin/python tools/page.py``.

PORT and THEME say where and how it is served, READERS to how many at once, WARM how many kernels wait ready for the next of
them, IDLE and LEFT after how many minutes a kernel ends whose page rests or has lost its connection.
"""

import os
import sys

from lab import HOST, NOTEBOOK, ROOT, choose_port, with_settings

FOLDER = ROOT / "deploy" / "page"
THEMES = ("light", "dark")
READERS, WARM, IDLE, LEFT = 20, 2, 60, 5
MOST = 10_000
LOOKS = 10  # for kernels that nobody needs, within the shorter of the two times


def wanted(name: str, usual: int, least: float, kind: type = int) -> float:
    """Return the number that the environment gives by this name; end with one line if it is none."""
    told = os.environ.get(name) or str(usual)
    try:
        number = kind(told)
    except ValueError:
        number = -1
    if not least <= number <= MOST:
        sort = "whole number" if kind is int else "number"
        sys.exit(f"page: {name} must be a {sort} from {least} to {MOST}, not {told!r}")
    return number


def main() -> None:
    port, theme = choose_port(os.environ.get("PORT", ""), "page"), os.environ.get("THEME", THEMES[0])
    if theme not in THEMES:
        sys.exit(f"page: THEME must be {' or '.join(THEMES)}, not {theme!r}")
    readers = wanted("READERS", READERS, 1)
    warm = wanted("WARM", min(WARM, readers), 0)
    if warm > readers:
        sys.exit(f"page: WARM={warm} kernels are more than READERS={readers} can use")
    idle, left = wanted("IDLE", IDLE, 0.01, float), wanted("LEFT", LEFT, 0.01, float)
    print(
        f"page: starting Voila. If no browser opens, go to\n\n    http://{HOST}:{port}/\n\n"
        f"page: for {readers} readers at once (READERS), each with a kernel of their own; {warm} of the kernels wait ready (WARM).\n"
        "page: a kernel ends when its page is closed, "
        f"{left:g} minutes after its connection is lost (LEFT), and after {idle:g} minutes of rest (IDLE).\n"
        "page: Ctrl-C ends it.",
        flush=True,
    )
    command = [sys.executable, "-m", "voila", NOTEBOOK, f"--Voila.ip={HOST}", f"--port={port}", f"--theme={theme}"]
    command += [f"--Voila.config_file_paths={FOLDER}", "--Voila.log_level=WARN", "--Voila.port_retries=0"]
    command += [f"--preheat_kernel={warm > 0}", f"--pool_size={warm}"]
    manager = {
        "most": readers,
        "left_timeout": round(60 * left),
        "cull_idle_timeout": max(1, round(60 * idle)),
        "cull_connected": True,
        "cull_interval": max(1, round(60 * min(idle, left) / LOOKS)),
    }
    command += ["--VoilaConfiguration.multi_kernel_manager_class=mlwf.serving.ReadersKernels"]
    command += [f"--ReadersKernels.{name}={value}" for name, value in manager.items()]
    # One that died would come back empty, behind a page that knows nothing of it.
    command += ["--KernelManager.autorestart=False"]
    # A reader is nobody's student: what they choose lasts as long as their page.
    environment = with_settings(FOLDER, {"MLWF_LEDGER": ":memory:", **os.environ})
    os.chdir(ROOT)
    os.execve(sys.executable, command, environment)


if __name__ == "__main__":
    main()
