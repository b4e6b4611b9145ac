"""A student at a page: what a person does with mouse or keyboard, and reads from the screen."""

from contextlib import AbstractContextManager

from accessibility import WCAG, violations
from choices import ANSWERS
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as TooSlow

from mlwf.lab.content import questions

STARTS_WITHIN_MS = 120_000
MOST_TABS = 150


def answered(page: Page, method: str, path: str, timeout: float | None = None) -> AbstractContextManager[object]:
    """Wait until a page has asked its server for something, and has a good answer."""
    return page.expect_response(
        lambda response: response.request.method == method and path in response.url and response.ok, timeout=timeout
    )


class Student:
    """Somebody who goes through the lab.

    Parameters
    ----------
    page : Page
    keyboard : bool
        Whether they have no mouse.
    """

    def __init__(self, page: Page, *, keyboard: bool = False) -> None:
        self.page = page
        self.keyboard = keyboard
        self.asked_elsewhere: list[str] = []
        page.on("request", self._note)

    def _note(self, request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            self.asked_elsewhere.append(request.url)

    # Opening

    def open_in_jupyterlab(self, url: str) -> None:
        """Open the lab where it is run at opening."""
        self.page.goto(url)
        self.wait_for_lab()

    def run_all(self) -> None:
        self.page.click(".lm-MenuBar-itemLabel:text-is('Run')")
        self.page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
        self.wait_for_lab()

    def open_page(self, url: str) -> None:
        """Open the lab as a page; whoever sees nothing of it after a while reloads."""
        for attempt in range(3):
            try:
                self.page.goto(url)
                break
            except TooSlow:
                assert attempt < 2
        self.wait_for_lab()

    def wait_for_lab(self) -> None:
        # The first import of matplotlib in a new home lists the machine's fonts.
        self.page.wait_for_selector(".mlwf-question .widget-radio", timeout=STARTS_WITHIN_MS)
        running = self.page.locator(".jp-InputPrompt", has_text="[*]")
        expect(running).to_have_count(0, timeout=STARTS_WITHIN_MS)

    # Doing

    def choose(self, question_id: str, choice_id: str) -> Locator:
        """Pick a choice, and return the question's place on the page."""
        radio = self.radio(question_id, choice_id)
        self.activate(radio, "Space")
        expect(radio).to_be_checked()
        return self.page.locator(".mlwf-question").filter(has=radio)

    def radio(self, question_id: str, choice_id: str) -> Locator:
        text = questions()[question_id].choice(choice_id).text
        radio = self.page.get_by_role("radio", name=text, exact=True)
        radio.wait_for()
        return radio

    def activate(self, target: Locator, key: str = "Enter") -> None:
        """Click it, or go there by Tab and press a key."""
        if not self.keyboard:
            target.click()
            return
        self.tab_to(target)
        self.page.keyboard.press(key)

    def tab_to(self, target: Locator) -> None:
        """Go to a control as somebody does who has no mouse: on with Tab, from where they are."""
        target.wait_for()
        for _ in range(MOST_TABS):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} is not reached within {MOST_TABS} presses of Tab")

    def answer(self, question_id: str, choice_id: str) -> None:
        place = self.choose(question_id, choice_id)
        self.activate(place.get_by_role("button"))
        expect(place.locator(".mlwf-box").last).to_be_visible()

    def answer_all(self, *question_ids: str) -> None:
        for question_id in question_ids or ANSWERS:
            self.answer(question_id, ANSWERS[question_id])

    # Reading

    def instrument(self, name: str) -> "Instrument":
        """The instrument whose picture has this name."""
        place = self.page.locator(".mlwf-instrument").filter(has=self.page.locator(f'img[alt="{name}"]'))
        place.wait_for(state="attached")
        place.scroll_into_view_if_needed()
        return Instrument(self, place)

    def status(self, entry: str) -> Locator:
        return self.page.locator(f".mlwf-status div:has(span:text-is('{entry}')) b")

    def violations(self, selector: str) -> list[str]:
        """What axe finds against WCAG 2.1 A and AA within `selector`."""
        # The page names sliders once its changes rest.
        expect(self.page.locator(".widget-slider .noUi-handle:not([aria-label])")).to_have_count(0)
        return violations(self.page, selector, WCAG)


class Instrument:
    """An instrument on the page."""

    def __init__(self, student: Student, place: Locator) -> None:
        self.student = student
        self.place = place
        self.picture = place.locator("img.mlwf-picture")

    def slider(self, label: str) -> Locator:
        return self.place.get_by_role("slider", name=label, exact=True)

    def move(self, label: str, key: str = "ArrowRight") -> None:
        """Move a slider by a key, and wait until the picture has followed."""
        before = self.picture.get_attribute("src")
        if self.student.keyboard:
            self.student.tab_to(self.slider(label))
        else:
            self.slider(label).click()
        self.student.page.keyboard.press(key)
        expect(self.picture).not_to_have_attribute("src", before or "")

    def value(self, label: str) -> str:
        return self.slider(label).get_attribute("aria-valuetext") or ""

    def card(self, label: str) -> str:
        return self.place.locator(f".mlwf-card:has(b:text-is('{label}')) strong").text_content() or ""

    @property
    def description(self) -> Locator:
        """What a screen reader is told, once the slider rests."""
        return self.place.locator("[role=status]").first
