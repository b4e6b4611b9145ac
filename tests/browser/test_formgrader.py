"""Formgrader's own button, clicked in a browser, gives the golden marks."""

import pytest
from corpus import SLIPS, WRITTEN, golden

pytestmark = [pytest.mark.browser, pytest.mark.course, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    "submissions", [WRITTEN, pytest.param(SLIPS, marks=pytest.mark.thorough)], ids=["written", "slips"]
)
def test_the_button_gives_the_same_marks_as_the_command_line(submissions, formgrader, page):
    """Is each submission worth in Formgrader what it is worth from the command line, message by message?"""
    course, address = formgrader
    page.goto(address)
    different = []
    for submission in submissions:
        row = page.locator("#main-table tr").filter(has=page.locator(f"td.student-id:text-is('{submission.student}')"))
        row.locator("td.autograde a").click()
        modal = page.locator(".modal.in")
        modal.wait_for(timeout=60_000)
        assert modal.get_attribute("id") == "success-modal", modal.inner_text()
        modal.get_by_role("button", name="OK").click()
        modal.wait_for(state="detached")
        if course.outcome(submission) != golden(submission, sealed=True):
            different.append(submission.student)
    assert different == []
