"""The instructors' walk-through in Formgrader, clicked in a browser; ``--refresh-walk-through`` takes its pictures anew."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from student import answered

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
GUIDE = (ROOT / "docs" / "instructors.md").read_text()
PICTURES = ("formgrader.png", "memo.png", "feedback.png", "feedback-phone.png")
pytestmark = [pytest.mark.browser, pytest.mark.course, pytest.mark.timeout(600)]


def test_the_guide_shows_each_picture_with_words_for_it():
    """Is every picture there and shown, and does it say in words what it shows?"""
    for name in PICTURES:
        assert (IMAGES / name).is_file()
        assert f"images/{name}" in GUIDE
    assert "![](" not in GUIDE
    assert 'alt=""' not in GUIDE


def test_autograde_read_a_memo_and_give_feedback(small_formgrader, page, browser, request):
    """Do the buttons that the guide names lead from a submission to a feedback page with the memo's marks and comment?"""
    course, address = small_formgrader

    def picture(name, of=None):
        if request.config.getoption("--refresh-walk-through"):
            (of or page).screenshot(path=IMAGES / name)

    def click(student, column):
        row = page.locator("#main-table tr").filter(has=page.locator(f"td.student-id:text-is('{student}')"))
        row.locator(f"td.{column} a").click()
        modal = page.locator("#success-modal.in")
        modal.wait_for(timeout=60_000)
        modal.get_by_role("button", name="OK").click()
        page.locator("#success-modal").wait_for(state="hidden")
        page.locator(".modal-backdrop").wait_for(state="detached")

    page.set_viewport_size({"width": 1280, "height": 640})
    page.goto(address)
    page.locator("td.num-submissions a").click()
    for student in ("right", "chain-multiplier", "half-done"):
        click(student, "autograde")
    expect(page.locator("td.status", has_text="needs manual grading")).to_have_count(2)  # half-done has no memo
    picture("formgrader.png")

    page.get_by_role("link", name="Manual Grading").click()
    page.locator("#main-table").get_by_role("link", name="constraint_tax").click()
    page.wait_for_url("**/gradebook/constraint_tax")
    page.locator("#main-table").get_by_role("link", name="constraint_tax").click()
    # What comes late would take the place of what is typed.
    with answered(page, "GET", "/api/grades?"), answered(page, "GET", "/api/comments?"):
        page.get_by_role("link", name="Submission #1").click()
    marks = page.locator("input#memo.score")
    marks.scroll_into_view_if_needed()
    with answered(page, "PUT", "/api/grade/"):
        marks.fill("13")
        marks.press("Tab")
    with answered(page, "PUT", "/api/comment/"):
        page.locator("textarea#memo-comment").fill("The week needs a reason.")
        page.locator("textarea#memo-comment").press("Tab")
    page.get_by_role("heading", name="Part 4").scroll_into_view_if_needed()
    picture("memo.png")

    with course.gradebook() as gradebook:
        read = [
            submission.student.id
            for submission in gradebook.assignment_submissions("constraint_tax")
            if submission.notebooks[0].written_score == 13
        ]
    assert len(read) == 1
    (student,) = read
    page.goto(address.replace("manage_assignments", "manage_submissions/constraint_tax"))
    click(student, "generate-feedback")
    assert "The week needs a reason." in opened(browser, course, student, 1280).inner_text("body")

    page.reload()
    click("chain-multiplier", "generate-feedback")
    for name, width, heading in (("feedback.png", 1280, "1.2"), ("feedback-phone.png", 390, "The Constraint Tax")):
        feedback = opened(browser, course, "chain-multiplier", width)
        assert "Right for your own earlier answer" in feedback.inner_text("body")
        feedback.get_by_role("heading", name=heading).evaluate("heading => heading.scrollIntoView()")
        picture(name, feedback)


def opened(browser, course, student, width):
    """Open a student's feedback page as a file."""
    (written,) = (course.folder / "feedback" / student / "constraint_tax").glob("*.html")
    feedback = browser.new_page(viewport={"width": width, "height": 760})
    feedback.goto(written.as_uri())
    return feedback
