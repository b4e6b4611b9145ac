"""The lab as a student gets to the race: opened, run, predictions answered. The lab's own selectors are here."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page

from mlwf.lab.content import questions

#: The race among the instruments; `go_to_the_race` sets the mark.
RACE = "[data-bench=race]"
PICTURE = ".mlwf-picture"
QUESTIONS = ("cost", "failure", "strategy", "crossing")


def slider(label: str) -> tuple[str, str]:
    """Return the selectors of a slider's handle and track in the race."""
    control = f"{RACE} .mlwf-control:has-text('{label}')"
    return f"{control} .noUi-handle", f"{control} .noUi-base"


def await_first_control(page: Page) -> None:
    """Wait for the first thing that a student can use."""
    page.wait_for_selector("button:has-text('Submit my prediction')")


def run_all_cells(page: Page) -> None:
    """Run the notebook that is open in JupyterLab, and wait for the first control."""
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    # Before the kernel is there the menu entry does nothing.
    page.wait_for_selector("#jp-main-statusbar:has-text('| Idle')")
    page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
    await_first_control(page)


def go_to_the_race(page: Page) -> None:
    """Answer what stands before the race, and set r = 0.99."""
    texts = questions()
    for question_id in QUESTIONS:
        radio = page.get_by_role("radio", name=texts[question_id].choices[0].text, exact=True)
        radio.click()
        page.locator(".mlwf-question").filter(has=radio).get_by_role("button").click()
    page.wait_for_selector(".mlwf-status")
    page.locator(".mlwf-control:has-text('Project window')").first.evaluate(
        "control => { control.closest('.mlwf-instrument').dataset.bench = 'race' }"
    )
    page.locator(slider("Decay of the gain")[0]).press("ArrowRight")


def end_kernels(page: Page, url: str) -> None:
    """End the kernels that earlier visits left in JupyterLab."""
    server, token = urlsplit(url), parse_qs(urlsplit(url).query)["token"][0]
    sessions = f"{server.scheme}://{server.netloc}/api/sessions"
    headers = {"Authorization": f"token {token}"}
    for session in page.request.get(sessions, headers=headers).json():
        page.request.delete(f"{sessions}/{session['id']}", headers=headers)
