"""A page that stands in a file, in a real browser of a phone or a desk, in the light and in the dark."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from accessibility import violations
from playwright.sync_api import Browser


def on_each_screen(test: Callable[..., None]) -> Callable[..., None]:
    """Give a test every `width` and `scheme`."""
    schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
    return schemes(pytest.mark.parametrize("width", [390, 1280])(test))


def check_pages(browser: Browser, paths: Iterable[Path], width: int, scheme: str, grounds: Mapping[str, str]) -> None:
    """Assert that no page scrolls sideways, asks for anything, or has what axe finds, and that each is on its ground."""
    tab = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    asked, said, pages = [], [], [path.as_uri() for path in paths]
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    for page in pages:
        tab.goto(page)
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        for details in tab.locator("details > summary").all():
            details.click()
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == grounds[scheme]
        assert violations(tab) == []
    assert asked == pages
    assert said == []
    tab.context.close()
