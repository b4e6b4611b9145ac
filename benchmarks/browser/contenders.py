"""Who takes part: where each one's controls are, and what must be new on the page after a press. The selectors are here."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from benchmarks.browser import lab_page
from benchmarks.browser.controls import Control, Part
from benchmarks.browser.servers import Addresses

WEEKS, SMALL_CYCLE = "window weeks", "small cycle"


@dataclass
class Contender:
    """One way to build the race.

    Attributes
    ----------
    key, label, url : str
    controls : dict
        By name.
    await_first_control : callable
        Waits on an opened page for the first thing that can be used; where it takes a click to get there, clicks.
    prepare : callable
        Leads from there to the race at r = 0.99: the curves cross, so there is a mark to draw as well.
    forget : callable
        Makes the server forget earlier visits; called with a page that is still empty, and the address.
    """

    key: str
    label: str
    url: str
    controls: dict[str, Control]
    await_first_control: Callable[[Page], object]
    prepare: Callable[[Page], None]
    forget: Callable[[Page, str], None] = lambda _page, _url: None


def _weeks(handle: str, track: str, *parts: Part) -> Control:
    return Control(handle, track, steps=25, at=11, parts=parts)


def _small_cycle(handle: str, track: str, *parts: Part) -> Control:
    return Control(handle, track, steps=5, at=0, parts=parts)


def _ours(key: str, label: str, url: str, await_first_control: Callable[[Page], object]) -> Contender:
    shown = (
        Part("picture", f"{lab_page.RACE} {lab_page.PICTURE}", "image"),
        Part("cards", f"{lab_page.RACE} .mlwf-cards", "text"),
        Part("physics", f"{lab_page.RACE} .mlwf-physics", "text"),
    )
    status = Part("status bar", ".mlwf-status", "text")
    weeks, cycle = lab_page.slider("Project window"), lab_page.slider("Cycle of the small model")
    controls = {WEEKS: _weeks(*weeks, *shown), SMALL_CYCLE: _small_cycle(*cycle, *shown, status)}
    forget = lab_page.end_kernels if key == "lab" else Contender.forget
    return Contender(key, label, url, controls, await_first_control, lab_page.go_to_the_race, forget)


def _plain(url: str) -> Contender:
    def slider(label: str) -> tuple[str, str]:
        control = f".widget-interact .widget-slider:has-text('{label}')"
        return f"{control} .noUi-handle", f"{control} .noUi-base"

    picture = Part("picture", ".widget-interact .jp-OutputArea-output img", "image")
    controls = {
        WEEKS: _weeks(*slider("weeks"), picture),
        SMALL_CYCLE: _small_cycle(*slider("small_cycle"), picture),
    }
    return _theirs("plain", "(a) interact + pyplot, Voila", url, controls, slider("decay")[0])


def _published(url: str) -> Contender:
    shown = (
        Part("picture", "[data-cell-name=race] marimo-plotly >>> .js-line", "curve"),
        Part("cards", ".bench-cards", "text"),
        Part("physics", "[data-cell-name=race] pre", "text"),
    )
    status = Part("status bar", ".bench-status", "text")
    controls = {
        WEEKS: _weeks(*_marimo_slider("Project window"), *shown),
        SMALL_CYCLE: _small_cycle(*_marimo_slider("Cycle of the small"), *shown, status),
    }
    return _theirs("published", "(b) marimo + plotly, whole", url, controls, _marimo_slider("Decay")[0])


def _floor(url: str) -> Contender:
    bars = Part("picture", "marimo-plotly >>> .bars path", "curve")
    controls = {WEEKS: _weeks(*_marimo_slider("Project window"), bars)}
    return _theirs("floor", "(c) marimo + plotly, bare", url, controls)


def _marimo_slider(label: str) -> tuple[str, str]:
    slider = f"marimo-slider[data-label*='{label}']"
    return f"{slider} [role=slider]", f"{slider} [data-testid=track]"


def _theirs(key: str, label: str, url: str, controls: dict[str, Control], decay: str | None = None) -> Contender:
    first = controls[WEEKS]

    def prepare(page: Page) -> None:
        page.wait_for_selector(first.parts[0].for_playwright)
        if decay is not None:
            page.locator(decay).press("ArrowRight")

    return Contender(key, label, url, controls, lambda page: page.wait_for_selector(first.handle), prepare)


def contenders(at: Addresses) -> list[Contender]:
    """All of them; the lab itself comes first."""
    return [
        _ours("voila", "the lab in Voila", at.voila, lab_page.await_first_control),
        _ours("lab", "the lab in JupyterLab", at.lab, lab_page.run_all_cells),
        _plain(at.plain),
        _published(at.published),
        _floor(at.floor),
    ]
