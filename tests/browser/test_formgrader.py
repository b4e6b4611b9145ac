"""Formgrader's own button, clicked in a browser, gives the golden marks."""

import pytest
from corpus import SLIPS, WRITTEN, golden
from siege import Siege
from test_hostile import AT_STOCK_DOOR, NOBODY, WHOLE

# Each click takes a second or two: one in three of those that go through nbgrader's own command, or all.
# Formgrader itself reads each time of submission for its list, and shows none at all if one can't be read.
UNLISTED = {f"laid-timestamp-{what}" for what in ("odd", "long", "path", "bytes", "pipe", "link", "folder")}
HOSTILE = [trick for trick in AT_STOCK_DOOR if trick.name not in NOBODY | UNLISTED][:: 1 if WHOLE else 3]
# nbgrader sees no notebook before it comes to us, or its page can't name the student to its server: it says that it failed there.
REFUSED = {"none", "laid-renamed-ending", "student-spaces", "student-glob", "student-backslash"}
pytestmark = [pytest.mark.browser, pytest.mark.course, pytest.mark.timeout(3600 if WHOLE else 900)]


@pytest.mark.parametrize(
    "submissions", [WRITTEN, pytest.param(SLIPS, marks=pytest.mark.thorough)], ids=["written", "slips"]
)
def test_the_button_gives_the_same_marks_as_the_command_line(submissions, formgrader, page):
    """Is each submission worth in Formgrader what it is worth from the command line, message by message?"""
    course, address = formgrader
    page.goto(address)
    different = []
    for submission in submissions:
        assert autograde(page, submission.student) == "success-modal"
        if course.outcome(submission) != golden(submission, sealed=True):
            different.append(submission.student)
    assert different == []


def test_the_button_withstands_the_hostile_corpus(page, formgrader_on):
    """Does everybody get there what the answers are worth, the neighbours too, and does nothing else happen?"""
    siege, dialogues = Siege(HOSTILE), {}
    refused = {trick.who for trick in siege.tricks if trick.name in REFUSED}
    try:
        with siege.watched():
            for address in formgrader_on(siege.places.course, siege.environment, "manage_submissions/constraint_tax"):
                page.goto(address)
                dialogues = {trick.who: autograde(page, trick.who) for trick in (*siege.tricks, *siege.honest)}
        assert {who for who, found in dialogues.items() if found != "success-modal"} == refused
        assert not refused & siege.marks.keys()
        graded = [trick for trick in (*siege.tricks, *siege.honest) if trick.who not in refused]
        assert {trick.who: found for trick in graded if (found := siege.wrong(trick))} == {}
        assert siege.before == siege.after
        assert siege.left_running == siege.contacts == []
    finally:
        siege.close()


def autograde(page, student):
    """Click a student's button, and return which dialogue says what came of it."""
    page.locator("#main-table td.autograde a").first.wait_for()
    ids = page.locator("#main-table td.student-id").all_text_contents()
    page.locator("#main-table td.autograde").nth(ids.index(student)).locator("a").click()
    modal = page.locator(".modal.in")
    modal.wait_for(timeout=60_000)
    found = modal.get_attribute("id")
    modal.get_by_role("button", name="OK").click()
    modal.wait_for(state="detached")
    return found
