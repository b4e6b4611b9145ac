"""The measurement: all contenders by turns, so that whatever else the machine does strikes all of them alike."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Error, Page, ViewportSize
from playwright.sync_api import TimeoutError as PageTimeout

from benchmarks.browser import stopwatch
from benchmarks.browser.contenders import WEEKS, Contender
from benchmarks.browser.progress import show
from benchmarks.browser.servers import BenchmarkError

VIEWPORT: ViewportSize = {"width": 1280, "height": 900}
PATIENCE_MS = 40_000
# Voila executes notebooks by nbclient, which now and then waits for ever for a cell that fills an Output widget, as
# `interact` does (jupyter/nbclient issue 312). Such an opening is counted and tried again.
ATTEMPTS = 4
PRESSES = 4  # of each control in a round
ROUNDS_PER_DRAG = 2
OPENINGS = 5

#: What `stopwatch.press` said of each press in one round.
Presses = list[dict[str, float]]


@dataclass
class Measured:
    """All that was measured, in milliseconds, by the contender's key.

    Attributes
    ----------
    presses : dict
        By key and control: a list of rounds.
    drags, openings, hung : dict
        By key; `hung` counts the openings that came to no end.
    """

    presses: dict[tuple[str, str], list[Presses]] = field(default_factory=lambda: defaultdict(list))
    drags: dict[str, list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))
    openings: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    hung: Counter[str] = field(default_factory=Counter)


def measure(browser: Browser, taking_part: list[Contender], rounds: int, rng: random.Random) -> Measured:
    """Open every contender's page, then press and drag by turns; at last, open the pages anew, again by turns.

    Parameters
    ----------
    browser : Browser
    taking_part : list of Contender
    rounds : int
        How often each contender's turn comes, after one round that does not count.
    rng : random.Random
        For the order in each round, and the pauses.

    Raises
    ------
    BenchmarkError
        A page does not do what it should.
    """
    measured = Measured()
    with ExitStack() as open_pages:
        pages = {}
        for who in taking_part:
            show(f"opening {who.label}")
            pages[who.key] = page = open_pages.enter_context(_new_page(browser))
            with _blaming(who):
                _open(page, who, measured)
                who.prepare(page)
        show("warming up: compilers and caches are cold")
        _round(pages, taking_part, rng, Measured(), drags=True)
        for number in range(rounds):
            show(f"round {number + 1} of {rounds}")
            _round(pages, taking_part, rng, measured, drags=number % ROUNDS_PER_DRAG == 0)
    for number in range(OPENINGS):
        show(f"opening {number + 1} of {OPENINGS}")
        for who in rng.sample(taking_part, len(taking_part)):
            with _blaming(who), _new_page(browser) as page:
                who.forget(page, who.url)
                _open(page, who, measured)
                measured.openings[who.key].append(page.evaluate("performance.now()"))
    return measured


def _round(
    pages: dict[str, Page], taking_part: list[Contender], rng: random.Random, measured: Measured, *, drags: bool
) -> None:
    for who in rng.sample(taking_part, len(taking_part)):
        page = pages[who.key]
        with _blaming(who):
            for name in rng.sample(list(who.controls), len(who.controls)):
                stopwatch.in_view(page, who.controls[name])
                measured.presses[who.key, name].append([stopwatch.press(page, who, name, rng) for _ in range(PRESSES)])
            if drags:
                measured.drags[who.key].append(stopwatch.drag(page, who, WEEKS))


def _open(page: Page, who: Contender, measured: Measured) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            page.goto(who.url)
            who.await_first_control(page)
            return
        except PageTimeout:
            measured.hung[who.key] += 1
            if attempt == ATTEMPTS:
                raise
            show(f"opening {who.label} again, since it hung")


@contextmanager
def _new_page(browser: Browser) -> Iterator[Page]:
    """A page that knows nothing of others: no cookies, nothing cached."""
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def _blaming(who: Contender) -> Iterator[None]:
    try:
        yield
    except Error as error:
        raise BenchmarkError(f"{who.label}: {' '.join(error.message.split())[:200]}") from None
