"""Serve the lab as a page, without code and on this machine only: ``.venv/bin/python tools/page.py``; PORT sets the port."""

import os
import sys

from lab import CONNECTION, HOST, NOTEBOOK, ROOT, choose_port

THEMES = ("light", "dark")
# Those that draw widgets; others look for a JupyterLab that isn't there.
EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget")


def main() -> None:
    port, theme = choose_port(os.environ.get("PORT", ""), "page"), os.environ.get("THEME", THEMES[0])
    if theme not in THEMES:
        sys.exit(f"page: THEME must be {' or '.join(THEMES)}, not {theme!r}")
    print(
        f"page: starting Voila. Each reader gets a kernel of their own. If no browser opens, go to\n\n    http://{HOST}:{port}/\n"
    )
    print("page: Ctrl-C ends it.", flush=True)
    command = [sys.executable, "-m", "voila", NOTEBOOK, f"--Voila.ip={HOST}", f"--port={port}", f"--theme={theme}"]
    command += ["--template=constraint_tax", "--Voila.log_level=WARN"]
    command += [f"--Voila.kernel_websocket_connection_class={CONNECTION}"]
    command += ["--AsyncKernelManager.client_factory=mlwf.serving.PatientClient"]
    command += [f"--VoilaConfiguration.extension_allowlist={name}" for name in EXTENSIONS]
    # A reader is nobody's student: what they choose lasts as long as their page.
    environment = {"MLWF_LEDGER": ":memory:", **os.environ}
    places = [str(ROOT / "deploy" / "page"), environment.get("JUPYTER_PATH", "")]
    environment["JUPYTER_PATH"] = os.pathsep.join(filter(None, places))
    os.chdir(ROOT)
    os.execve(sys.executable, command, environment)


if __name__ == "__main__":
    main()
