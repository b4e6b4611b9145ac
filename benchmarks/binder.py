"""How long Binder's steps and a cold start take on this machine: ``python -m benchmarks.binder``, some minutes.

Prints a line for each: what, and seconds. The environment is made twice, with pip's cache empty and full. The server is started anew for
each opening, as for a reader whose container has just come up, and the clock runs until the first question can be answered.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tools.binder import LAB, PAGE, Replay, ReplayError, pip_cache
from tools.debian import CHROMIUM_ARGUMENTS, find, missing

ROUNDS = 5
FIRST_CONTROL = ".mlwf-question .widget-radio input"
OPENED_WITHIN_MS = 120_000


def main() -> None:
    """Measure, and print the lines."""
    chromium = find("chromium")
    if chromium is None:
        sys.exit(f"bench-binder: {missing('chromium')}")
    try:
        with tempfile.TemporaryDirectory(prefix="mlwf-binder-") as folder:
            for name, cache in (("empty", None), ("full", pip_cache())):
                replay = Replay(_made(Path(folder, name)), cache)
                start = time.monotonic()
                replay.make_base()
                replay.build()
                _say(f"environment and postBuild, pip's cache {name}", time.monotonic() - start)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
                for name, path in (("JupyterLab", LAB), ("a page", PAGE)):
                    starts, openings = zip(*(_cold_start(replay, browser, path) for _ in range(ROUNDS)), strict=True)
                    _say(f"{name}: server start to its first answer", *starts)
                    _say(f"{name}: from there to the first control", *openings)
                browser.close()
    except ReplayError as error:
        sys.exit(f"bench-binder: {error}")


def _cold_start(replay: Replay, browser: Browser, path: str) -> tuple[float, float]:
    with replay.serve() as server:
        answered = time.monotonic()
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(server.url(path))
        page.wait_for_selector(FIRST_CONTROL, timeout=OPENED_WITHIN_MS)
        page.locator(FIRST_CONTROL).first.check(timeout=OPENED_WITHIN_MS)
        done = time.monotonic()
        page.close()
    return answered - server.started, done - answered


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _say(what: str, *seconds: float) -> None:
    spread = f" ({min(seconds):.1f} to {max(seconds):.1f})" if len(seconds) > 1 else ""
    sys.stdout.write(f"{what}: {statistics.median(seconds):.1f} s{spread}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
