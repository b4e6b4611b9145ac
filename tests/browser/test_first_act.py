"""The lab as a student meets it, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from mlwf.model import cost_multiplier, sunk_days

pytestmark = pytest.mark.browser
STARTS_WITHIN_MS = 120_000


def open_and_run(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    # Before the kernel is there the menu entry does nothing. The indicator beside the kernel's name can't be asked: it
    # says "idle" for a moment before a kernel is even chosen. The status bar tells the truth.
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=STARTS_WITHIN_MS)
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    # The first import of matplotlib in a new home lists the machine's fonts.
    page.wait_for_selector("button:has-text('Submit my prediction')", timeout=STARTS_WITHIN_MS)


def card(page: Page, label: str) -> str:
    return page.locator(f".mlwf-card:has(b:text-is('{label}')) strong").first.inner_text()


def test_a_prediction_opens_the_timeline_and_the_arrow_key_moves_it(page: Page, lab_url: str) -> None:
    """Can a student predict, then move the slider by keyboard, and see picture and numbers follow the model?"""
    asked_elsewhere: list[str] = []
    page.on("request", lambda request: asked_elsewhere.append(request.url) if "127.0.0.1" not in request.url else None)
    open_and_run(page, lab_url)

    # "Run All" ends at the bottom of the page: nothing there tells the answer.
    expect(page.locator(".jp-Notebook")).not_to_contain_text("16×")
    expect(page.locator(".jp-Notebook")).not_to_contain_text("never")

    # Before: a sentence stands where the instrument will be, and no slider can be reached.
    expect(page.get_by_text("The project's timeline appears here")).to_be_visible()
    assert page.locator(".widget-slider").count() == 0 or not page.get_by_text("Stage of discovery").is_visible()

    # Nothing is chosen beforehand, and submitting nothing is met with a sentence.
    assert page.locator(".mlwf-choices input:checked").count() == 0
    page.click("button:has-text('Submit my prediction')")
    expect(page.get_by_text("Choose one of the four first.")).to_be_visible()

    page.get_by_text("About 10 times").click()
    page.click("button:has-text('Submit my prediction')")
    expect(page.get_by_text("Your prediction stands since").first).to_be_visible()
    assert page.locator(".mlwf-choices").first.locator("input:not([disabled])").count() == 0

    handle = page.locator(".mlwf-control:has-text('Stage of discovery') .noUi-handle").first
    picture = page.locator("img.widget-image").first
    handle.focus()
    for stage in (1, 2, 3):
        assert card(page, "Days sunk").endswith(f"{sunk_days(stage)} d")
        assert card(page, "Cost multiplier").endswith(f"{cost_multiplier(stage)}×")
        before = picture.get_attribute("src")
        page.keyboard.press("ArrowRight")
        expect(picture).not_to_have_attribute("src", before)
        expect(page.locator(".mlwf-card:has(b:text-is('Days sunk')) strong").first).to_contain_text(
            f"{sunk_days(stage + 1)} d"
        )

    # The comparison speaks of what was predicted, and no request left this machine.
    expect(page.get_by_text("You said 10×")).to_be_visible()
    assert [url for url in asked_elsewhere if not url.startswith(("data:", "blob:"))] == []
