"""Several readers of the page at once: what each gets, what becomes of their kernels, and what they are told who can't go on."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from accessibility import WCAG, violations
from playwright.sync_api import Browser, Page, expect
from processes import started_with
from student import Student

pytestmark = pytest.mark.browser
TIMELINE = "Timeline of the project"
STAGE = "Stage of discovery"
KERNEL = "ipykernel_launcher"
MOST, WARM = 6, 2  # of the page in the fixture
LINKS = ["?stage=2", "?stage=3&decay=0.99", "?stage=5&small_cycle=12&theme=dark", ""]
STAGES = ["2", "3", "5", "1"]


def server_at(url: str) -> psutil.Process:
    """The server behind an address."""
    (server,) = started_with(f"--port={urlsplit(url).port}")
    return server


def kernels(server: psutil.Process) -> list[psutil.Process]:
    """The kernels of a server."""
    return started_with(KERNEL, below=server)


def await_kernels(server: psutil.Process, number: int, seconds: float = 30) -> None:
    """Wait until there are so many kernels, and still are a moment later."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if len(kernels(server)) == number:
            time.sleep(0.5)
            if len(kernels(server)) == number:
                return
        time.sleep(0.2)
    raise AssertionError(f"{len(kernels(server))} kernels instead of {number}")


def close(server: psutil.Process, reader: Student, seconds: float = 30, *, as_by_a_crash: bool = False) -> None:
    """Close a reader's page, and wait until its kernel is no more; a crash says nothing to the server."""
    left, deadline = kernel_id(reader.page), time.monotonic() + seconds
    reader.page.close(run_before_unload=not as_by_a_crash)
    while started_with(left, below=server):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def kernel_id(page: Page) -> str:
    """The kernel that a page talks to."""
    return page.evaluate("() => JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")


def new_reader(browser: Browser) -> Student:
    """Somebody with a browser of their own."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(30_000)
    return Student(page)


@pytest.fixture(scope="module")
def readers(browser: Browser, readers_url: str) -> Iterator[list[Student]]:
    """Four readers who come at the same time, each by a link of their own."""
    await_kernels(server_at(readers_url), WARM)
    readers = [new_reader(browser) for _ in LINKS]
    for reader, link in zip(readers, LINKS, strict=True):
        reader.page.goto(readers_url + link, wait_until="commit")
    yield readers
    for reader in readers:
        reader.page.context.close()


def test_each_reader_has_a_lab_of_their_own(readers: list[Student], readers_url: str, readers_home: Path):
    """Do four readers at once see what their links say, after the same prediction, each with a kernel, and move only their own?"""
    for reader in readers:
        reader.wait_for_lab()
        expect(reader.page.locator(".mlwf-question input:checked")).to_have_count(0)
        assert reader.page.get_by_role("slider", name=STAGE).count() == 0
        reader.answer("cost", "10x")
    timelines = [reader.instrument(TIMELINE) for reader in readers]
    for timeline, stage in zip(timelines, STAGES, strict=True):
        expect(timeline.slider(STAGE)).to_have_attribute("aria-valuetext", stage)
    timelines[0].move(STAGE)
    expect(timelines[0].slider(STAGE)).to_have_attribute("aria-valuetext", "3")
    readers[1].page.wait_for_timeout(500)
    assert [timeline.value(STAGE) for timeline in timelines] == ["3", *STAGES[1:]]
    assert len({kernel_id(reader.page) for reader in readers}) == len(readers)
    await_kernels(server_at(readers_url), len(readers) + WARM)
    assert [*readers_home.rglob("*ledger*")] == [*readers_home.rglob(".mlsys")] == []


def test_a_link_chooses_the_theme(readers: list[Student]):
    """Is a page dark whose link says so, though the others are light?"""
    colours = [
        reader.page.evaluate("() => getComputedStyle(document.body).getPropertyValue('--jp-layout-color0')")
        for reader in readers
    ]
    assert len({*colours}) == 2
    assert readers[2].page.evaluate("() => document.documentElement.classList.contains('mlwf-dark')")


def test_one_reader_too_many_is_told_so(readers: list[Student], readers_url: str, browser: Browser):
    """With all places taken, is there a sentence instead of a page that waits, and a place as soon as somebody leaves?"""
    server = server_at(readers_url)
    more = [new_reader(browser) for _ in range(MOST - len(readers) + 1)]
    for reader in more[:-1]:
        reader.open_page(readers_url)
    await_kernels(server, MOST)
    late = more[-1].page
    assert late.goto(readers_url + "?stage=2").status == 503
    expect(late.get_by_text("As many readers as this server has room for are here already.")).to_be_visible()
    assert violations(late, rules=WCAG) == []
    close(server, more[0])
    for _ in range(20):  # the server may need a moment longer than the kernel
        with late.expect_navigation(wait_until="commit") as answer:
            late.get_by_role("link", name="Try again").click()
        if answer.value.status == 200:
            break
        late.wait_for_timeout(500)
    more[-1].wait_for_lab()
    for reader in more[1:]:
        close(server, reader)
    # The places are free again, and the pool is full again.
    await_kernels(server, len(readers) + WARM)
    new_reader(browser).open_page(readers_url)


def test_a_page_without_a_kernel_says_that_it_has_ended(browser: Browser, impatient_url: str):
    """After a rest, or if the kernel dies, is there a sentence and a way to go on, instead of sliders that nothing follows?"""
    server, reader, lost = server_at(impatient_url), new_reader(browser), new_reader(browser)
    told = reader.page.get_by_role("alert").filter(has_text="This page has ended")

    def read() -> None:
        reader.wait_for_lab()
        reader.answer("cost", "10x")
        expect(reader.instrument(TIMELINE).slider(STAGE)).to_have_attribute("aria-valuetext", "4")

    reader.page.goto(f"{impatient_url}?stage=4")
    read()
    lost.open_page(impatient_url)
    close(server, lost, as_by_a_crash=True)
    expect(told).to_be_visible(timeout=60_000)
    await_kernels(server, 1)
    assert reader.violations("#kernel-state") == []
    assert reader.page.locator("#rendered_cells").get_attribute("inert") is not None
    told.get_by_role("link", name="Start again").click()
    expect(told).to_have_count(0)
    read()
    # The machine has no memory left: the reader's kernel dies, and the one that waits.
    for kernel in kernels(server):
        kernel.kill()
    expect(told).to_be_visible()
    await_kernels(server, 1)
    reader.page.context.close()


def test_a_page_that_is_cut_off_says_so_while_it_is(readers: list[Student]):
    """Does the sentence come and go with the network, and does the reader go on where they were?"""
    page, away = readers[1].page, readers[1].page.get_by_role("alert").filter(has_text="does not answer")
    page.context.set_offline(True)
    expect(away).to_be_visible(timeout=15_000)
    page.context.set_offline(False)
    expect(away).to_have_count(0, timeout=15_000)
    readers[1].instrument(TIMELINE).move(STAGE)


def test_ctrl_c_ends_everything(readers: list[Student], readers_url: str):
    """Is no kernel left when the server is ended, not even one that is just starting, and are readers told?"""
    server = server_at(readers_url)
    readers[0].page.reload(wait_until="commit")  # one kernel ends, one is handed out, one starts
    everything = [server, *server.children(recursive=True)]
    server.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(everything, timeout=20)
    assert alive == []
    expect(readers[1].page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible(timeout=15_000)
