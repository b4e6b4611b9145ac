"""What tests of several folders share: patience, and one real Chromium. Playwright allows only one at work in a process."""

import os
import signal
from collections.abc import Iterator

import debian
import hypothesis
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

# What waits for a page or draws examples only has to end; how long that takes is the machine's.
expect.set_options(timeout=30_000)
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # as in a shell's background: what tests start would not end by Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

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
