"""``python -m benchmarks.browser``: run from the project's root, in an environment with the extras lab, page and bench."""

import importlib.util
import json
import os
import random
import signal
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import click

from tools import debian

NEEDED = ("jupyterlab", "voila", "marimo", "plotly", "playwright", "matplotlib", "ipywidgets", "rich")
# No page reaches anything but this machine, so that none waits for somebody else's server.
BROWSER_ARGUMENTS = [*debian.CHROMIUM_ARGUMENTS, "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
BUSY = ": something else is at work; trust the ratios rather than the milliseconds"


@click.command()
@click.option("--rounds", type=click.IntRange(2), default=24, show_default=True, help="Turns of each contender, with four presses of each control.")  # fmt: skip
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write all measurements to this file as well.")  # fmt: skip
def main(rounds: int, json_file: Path | None) -> None:
    """Measure how long the race takes to follow a slider, in a real browser: the lab in Voila and in JupyterLab, (a) plain
    interact with pyplot, (b) marimo and plotly as the published lab uses them, and (c) marimo and plotly with nothing else.

    Takes about a quarter of an hour. The milliseconds count on a machine that is otherwise idle, the ratios also on others.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        _stop(f"{', '.join(missing)} not installed; make bench sets up all that is needed")  # fmt: skip
    browser = debian.find("chromium")
    if browser is None:
        _stop(debian.missing("chromium"))
    if json_file is not None and not os.access(json_file.resolve().parent, os.W_OK):
        _stop(f"{json_file} can't be written")
    # An end from outside is to reach the servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _run(browser, rounds, json_file)


def _run(browser: str, rounds: int, json_file: Path | None) -> None:
    from playwright.sync_api import Error, sync_playwright
    from rich.console import Console

    from benchmarks.browser.contenders import contenders
    from benchmarks.browser.progress import say, show
    from benchmarks.browser.report import print_report
    from benchmarks.browser.rounds import measure
    from benchmarks.browser.servers import BenchmarkError, all_servers
    from benchmarks.browser.summary import summary

    try:
        with tempfile.TemporaryDirectory(prefix="mlwf-bench-", ignore_cleanup_errors=True) as folder:
            load, cores = os.getloadavg()[0], os.cpu_count() or 1
            say(f"{cores} cores, load {load:.1f} before the start{BUSY if load > cores / 4 else ''}")
            show("starting the servers")
            with all_servers(Path(folder)) as addresses, sync_playwright() as playwright:
                chrome = playwright.chromium.launch(executable_path=browser, args=BROWSER_ARGUMENTS)
                taking_part = contenders(addresses)
                measured = measure(chrome, taking_part, rounds, random.Random(0))
                about = {"chromium": chrome.version, "cores": cores, "load_before": load}
                chrome.close()
    except (BenchmarkError, Error, OSError) as error:
        _stop(" ".join(str(error).split())[:300])
    show("")
    found = {"about": about | {name: version(name) for name in NEEDED}} | summary(measured, taking_part)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print_report(found, Console() if sys.stdout.isatty() else Console(width=130))


def _stop(message: str) -> NoReturn:
    sys.exit(f"bench: {message}")


if __name__ == "__main__":
    main()
