"""The page with several readers at once: ``python -m benchmarks.readers``, from the project's root.

How long a reader waits for the first control, with kernels that wait for readers, as `make page` has them, and without
(``WARM=0``), by turns; and what readers cost in memory who have gone as far as the race.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import click
import psutil
from playwright.sync_api import Browser, Error, Page, sync_playwright

from benchmarks.browser.lab_page import await_first_control, go_to_the_race
from benchmarks.browser.servers import BenchmarkError, Server
from tools import debian

PAGES = {"kernels wait": 2, "WARM=0": 0}
AT_ONCE = 4
READERS = (1, 2, 4, 8)
MIB = 2**20
PATIENCE_S = 60
QUIET_S, QUIET_SHARE = 0.5, 0.1  # of a processor, by server and kernels together
FIRST_CONTROL = """
const look = () => {
  const there = [...document.querySelectorAll('button')].some(b => b.textContent.includes('Submit my prediction') && b.offsetParent);
  if (there) window.firstControl = performance.now() / 1000; else setTimeout(look, 10);
};
look();
"""
KERNEL = "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"


class ReadersPage:
    """A server of the page, and who reads it."""

    def __init__(self, label: str, server: Server, browser: Browser, warm: int) -> None:
        self.label, self.server, self.browser, self.warm = label, server, browser, warm
        self.url = server.wait_until_it_answers()
        self.process = psutil.Process(server.process.pid)
        self.pages: list[Page] = []

    def kernels(self) -> list[psutil.Process]:
        """Return its kernels."""
        found = []
        for child in self.process.children():
            with suppress(psutil.NoSuchProcess):  # it has just ended
                found += [child] if "ipykernel_launcher" in child.cmdline() else []
        return found

    def settle(self) -> None:
        """Wait until each reader and each place in the pool has a kernel, and nothing goes on any more."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            kernels, before = self.kernels(), self._seconds_used()
            time.sleep(QUIET_S)
            quiet = self._seconds_used() - before < QUIET_SHARE * QUIET_S
            if quiet and len(kernels) == len(self.kernels()) == len(self.pages) + self.warm:
                return
            if time.monotonic() > deadline:
                raise BenchmarkError(f"{self.label}: {len(kernels)} kernels for {len(self.pages)} readers")

    def _seconds_used(self) -> float:
        used = 0.0
        for process in (self.process, *self.kernels()):
            with suppress(psutil.NoSuchProcess):
                used += sum(process.cpu_times()[:2])
        return used

    def come(self, readers: int) -> list[float]:
        """Let so many readers come at once; return after how many seconds each had the first control."""
        coming = [self.browser.new_context(viewport={"width": 1280, "height": 900}).new_page() for _ in range(readers)]
        self.pages += coming
        for reader in coming:
            reader.set_default_timeout(1000 * PATIENCE_S)
            reader.add_init_script(FIRST_CONTROL)
        for reader in coming:
            reader.goto(self.url, wait_until="commit")
        for reader in coming:
            await_first_control(reader)
        return [float(reader.evaluate("window.firstControl")) for reader in coming]

    def leave(self) -> None:
        """Let all readers close their pages."""
        for reader in self.pages:
            reader.close(run_before_unload=True)
        self.pages.clear()
        self.settle()

    def memory(self) -> dict[str, list[float]]:
        """Return MiB, by what it is: the server's PSS, that of kernels which have a reader and which wait, and the former's RSS."""
        found: dict[str, list[float]] = {
            "server": [self.process.memory_full_info().pss / MIB],
            "reader": [],
            "waiting": [],
            "rss": [],
        }
        ids = [reader.evaluate(KERNEL) for reader in self.pages]
        for kernel in self.kernels():
            used = kernel.memory_full_info()
            read = any(kernel_id in " ".join(kernel.cmdline()) for kernel_id in ids)
            found["reader" if read else "waiting"].append(used.pss / MIB)
            found["rss"] += [used.rss / MIB] if read else []
        return found


@click.command()
@click.option("--rounds", type=click.IntRange(2), default=10, show_default=True, help="Turns of a single reader on each page.")  # fmt: skip
def main(rounds: int) -> None:
    """Measure what a reader of the page waits for, and what readers cost in memory. Takes about five minutes."""
    browser = debian.find("chromium")
    if browser is None:
        sys.exit(f"bench-readers: {debian.missing('chromium')}")
    try:
        with tempfile.TemporaryDirectory(prefix="mlwf-bench-") as folder, sync_playwright() as playwright:
            chrome = playwright.chromium.launch(executable_path=browser, args=debian.CHROMIUM_ARGUMENTS)
            with ExitStack() as running:
                pages = [_serve(label, warm, chrome, Path(folder), running) for label, warm in PAGES.items()]
                _wait(pages, rounds)
                _weigh(pages)
            chrome.close()
    except (BenchmarkError, Error, psutil.Error) as error:
        sys.exit(f"bench-readers: {' '.join(str(error).split())[:300]}")


def _serve(label: str, warm: int, browser: Browser, folder: Path, running: ExitStack) -> ReadersPage:
    environment = {**os.environ, "HOME": str(folder / "home"), "BROWSER": "true", "WARM": str(warm), "READERS": "20"}
    server = running.enter_context(Server(label, ["tools/page.py"], environment, folder / f"{warm}.log"))
    return ReadersPage(label, server, browser, warm)


def _wait(pages: list[ReadersPage], rounds: int) -> None:
    alone: dict[str, list[float]] = {served.label: [] for served in pages}
    together: dict[str, list[float]] = {served.label: [] for served in pages}
    for number in range(-1, rounds):  # the first fills caches
        for served in random.Random(number).sample(pages, len(pages)):
            for readers, waited in ((1, alone), (AT_ONCE, together)) if number % 3 == 0 else ((1, alone),):
                served.settle()
                seconds = served.come(readers)
                waited[served.label] += seconds if number >= 0 else []
                served.leave()
        click.echo(f"bench-readers: round {number + 1} of {rounds}", err=True)
    for what, waited in (("a reader alone", alone), (f"{AT_ONCE} at once", together)):
        medians = {label: statistics.median(seconds) for label, seconds in waited.items()}
        for label, seconds in waited.items():
            click.echo(
                f"first control, {what}, {label}: median {medians[label]:.2f} s, "
                f"{min(seconds):.2f} to {max(seconds):.2f} s, {len(seconds)} visits"
            )
        warm, cold = medians.values()
        click.echo(f"first control, {what}: {cold / warm:.2f} times as fast with kernels that wait")


def _weigh(pages: list[ReadersPage]) -> None:
    for served in pages:
        for readers in READERS:
            already = len(served.pages)
            served.come(readers - already)
            for reader in served.pages[already:]:
                go_to_the_race(reader)
            served.settle()
            used = served.memory()
            each, rss = statistics.mean(used["reader"]), statistics.mean(used["rss"])
            waiting = (
                f"; {len(used['waiting'])} that wait, each {statistics.mean(used['waiting']):.0f}"
                if used["waiting"]
                else ""
            )
            click.echo(
                f"memory, {served.label}, {readers} readers, MiB PSS: server {used['server'][0]:.0f}; each reader {each:.0f} "
                f"({min(used['reader']):.0f} to {max(used['reader']):.0f}; RSS {rss:.0f}){waiting}; "
                f"together {sum(map(sum, (used['server'], used['reader'], used['waiting']))):.0f}; {1024 / each:.1f} readers a GiB more"
            )
        served.leave()


if __name__ == "__main__":
    main()
