"""Real key presses and drags, timed inside the page by `stopwatch.js`."""

import random
import time
from pathlib import Path

from playwright.sync_api import Error, Page

from benchmarks.browser.contenders import Contender
from benchmarks.browser.controls import Control
from benchmarks.browser.servers import BenchmarkError

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
PATIENCE_MS = 10_000
# Between two presses: long enough for everything to come to rest, also what the lab puts off for 150 ms; and never the same,
# so that no timer keeps step with us.
PAUSE_MS = (250, 400)
DRAG_S, DRAG_MOVES = 1.0, 20
RESTS_AFTER_MS = 700


def in_view(page: Page, control: Control) -> None:
    """Bring the page to the front, the control into focus and the picture into sight."""
    page.bring_to_front()
    page.evaluate(SCRIPT)
    page.locator(control.handle).first.focus()
    picture = page.locator(control.parts[0].for_playwright).first
    picture.evaluate("element => (element.closest('svg') ?? element).scrollIntoView({block: 'nearest'})")


def press(page: Page, who: Contender, name: str, rng: random.Random) -> dict[str, float]:
    """Press the next key on a control that has the focus.

    Returns
    -------
    dict
        For each part of the page that the control renews, milliseconds from the key-down to the frame that shows it.

    Raises
    ------
    BenchmarkError
        A part did not change.
    """
    control = who.controls[name]
    page.wait_for_timeout(rng.uniform(*PAUSE_MS))
    page.evaluate(
        "how => stopwatch.arm(...how)",
        [[part.for_the_page for part in control.parts], PATIENCE_MS],
    )
    page.keyboard.press(control.next_key())
    try:
        shown: dict[str, float] = page.evaluate("stopwatch.press()")
    except Error as error:
        reason = error.message.removeprefix("Page.evaluate: ").splitlines()[0]
        raise BenchmarkError(f"{who.label}, {name}: {reason} within {PATIENCE_MS / 1000:g} s of a key press") from None
    return shown


def drag(page: Page, who: Contender, name: str) -> dict[str, float]:
    """Drag the control over 20 of its values in a second.

    Returns
    -------
    dict
        "frames" with a new picture, and "final": milliseconds from the last move to the frame that shows the last picture.

    Raises
    ------
    BenchmarkError
        The last move showed no new picture.
    """
    control = who.controls[name]
    in_view(page, control)
    at_left = control.at < control.steps / 2
    for key in control.keys_to(1 if at_left else control.steps - 2):
        page.keyboard.press(key)
    page.wait_for_timeout(RESTS_AFTER_MS)
    track = page.locator(control.track).first.bounding_box()
    assert track is not None
    left, wide, y = track["x"], track["width"] / (control.steps - 1), track["y"] + track["height"] / 2
    page.mouse.move(left + wide * control.at, y)
    page.mouse.down()
    page.evaluate("how => stopwatch.startDrag(...how)", [control.parts[0].for_the_page, RESTS_AFTER_MS, PATIENCE_MS])
    start = time.perf_counter()
    for move in range(1, DRAG_MOVES + 1):
        page.wait_for_timeout(max(0.0, 1000 * (start + move * DRAG_S / DRAG_MOVES - time.perf_counter())))
        control.at += 1 if at_left else -1
        page.mouse.move(left + wide * control.at, y)
    seen: dict[str, float] = page.evaluate("stopwatch.drag()")
    page.mouse.up()
    page.mouse.move(0, 0)  # nothing is to hover over the page while keys are pressed
    if seen["final"] <= 0:
        raise BenchmarkError(f"{who.label}: the last move of a drag showed no new picture")
    return seen
