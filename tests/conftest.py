"""What tests of several folders share: one real Chromium. Playwright allows only one at work in a process."""

import os
from collections.abc import Iterator

import debian
import pytest
from playwright.sync_api import Browser, sync_playwright

# Names that no name service has, for a hub with a name for each of its people.
NAMES = "--host-resolver-rules=MAP *.hub.test 127.0.0.1, MAP hub.test 127.0.0.1"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = debian.find("chromium")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(debian.missing("chromium"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*debian.CHROMIUM_ARGUMENTS, NAMES])
        yield browser
        browser.close()
