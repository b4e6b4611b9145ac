"""How soon the lab is there on a site without a server, and what is fetched: ``python -m benchmarks.site dist/site``.

Takes a site that carries Pyodide (``make site RUNTIME=…``), with nothing kept from an earlier visit, and all files on this machine.
"""

import sys
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tools.debian import CHROMIUM_ARGUMENTS, find, missing

ROUNDS = 3
FIRST_QUESTION = ".mlwf-question .widget-radio"


class Counting(SimpleHTTPRequestHandler):
    sent: list[int] = []  # noqa: RUF012 - one list for all requests is what is wanted

    def send_head(self) -> Any:  # noqa: ANN401 - as in its base
        file = super().send_head()
        if file:
            self.sent.append(Path(file.name).stat().st_size)
        return file

    def log_message(self, *args: object) -> None:
        pass


def visit(browser: Browser, address: str) -> None:
    Counting.sent.clear()
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    begin = time.monotonic()
    page.set_default_timeout(300_000)
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    shown = time.monotonic() - begin
    page.wait_for_selector(FIRST_QUESTION)
    there = time.monotonic() - begin
    size = sum(Counting.sent) / 1e6
    sys.stdout.write(
        f"notebook after {shown:.1f} s, first question after {there:.1f} s, {len(Counting.sent)} files of {size:.1f} MB\n"
    )
    sys.stdout.flush()
    page.close()


def main() -> None:
    site = Path(sys.argv[1] if len(sys.argv) > 1 else "dist/site")
    if not (site / "static" / "pyodide" / "pyodide.mjs").is_file():
        sys.exit(f"site: {site} is no site that carries Pyodide; make one: make site RUNTIME=… SITE={site}")
    chromium = find("chromium")
    if chromium is None:
        sys.exit(f"site: {missing('chromium')}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Counting, directory=site))
    Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        for _ in range(ROUNDS):
            visit(browser, f"http://127.0.0.1:{server.server_port}/")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
