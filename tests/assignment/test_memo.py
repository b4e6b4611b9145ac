"""The first look at the memo: is what a reader looks for in it, in whatever words, and is it the student's own?"""

from pathlib import Path

import nbformat
import pytest

from mlwf.assignment.case import PUBLISHED
from mlwf.assignment.memo import MEMO_POINTS, look_at
from mlwf.assignment.notebook import read, text_of
from mlwf.assignment.questions import QUESTIONS, truth

SOURCE = Path(__file__).parents[2] / "source" / "constraint_tax" / "constraint_tax.ipynb"
RELEASE = Path(__file__).parents[2] / "release" / "constraint_tax" / "constraint_tax.ipynb"
ANSWERS = {
    question.id: question.solve(PUBLISHED, truth(question, PUBLISHED))
    for question in QUESTIONS.values()
    if not question.inputs
}
FILLER = "We advise to go on with the model. " * 17  # 119 words


def test_the_memo_of_the_source_is_ready():
    """Does the model memo, with the published numbers, pass its own check, and is it worth what we say?"""
    assert look_at(text_of(read(SOURCE)).memo, ANSWERS) == []
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in read(SOURCE).cells}
    assert cells["memo"].metadata.nbgrader.points == MEMO_POINTS


def test_an_untouched_memo_is_not_written():
    """Is the released text no memo, and neither an empty cell nor one that is gone?"""
    assert look_at(text_of(read(RELEASE)).memo, {}) == ["the memo is not written yet."]
    assert look_at(" \n", {}) == ["the memo is not written yet."]
    assert look_at(None, {}) == ["the memo's cell is gone; fetch the assignment anew and copy your work into it."]


@pytest.mark.parametrize(
    ("named", "missed"),
    [
        ("It takes 48 person-days, leads from week 7, and needs 120 Wh a day.", []),
        ("It costs 16 times as much, never leads, and draws 120.0 Wh/day.", []),
        ("It costs 16x, in the 7th week, 120 watt-hours per day.", []),
        ("The 48 days; after 7 weeks; 120 Wh each day.", []),
        ("It takes 48 person-days and leads from week 7.", ["it names no figure in Wh a day"]),
        ("It takes 48, leads from week 7, and needs 120 Wh/day.", ["it names no cost"]),
        ("It takes 49 person-days, leads from week 7, and needs 120 Wh/day.",
         ["it names a cost from part 1, but none of your own answers: 16 (multiplier), 48 (fix_days), 135 (sunk), 6 (gated_price)."]),
        ("It takes 48 person-days, leads from week 9, and needs 12 Wh/day.",
         ["it names a week from part 2, but none of your own answers: 10 (linear_week), 7 (saturating_week), never (third_week).",
          "it names a figure in Wh a day from part 3, but none of your own answers: 120 (phone_wh)."]),
    ],
)  # fmt: skip
def test_numbers_are_found_with_their_units_and_held_against_the_answers(named, missed):
    """Is each of the three found as people write it, and is a number of somebody else's said?"""
    said = look_at(f"{FILLER} {named}", ANSWERS)
    assert len(said) == len(missed)
    assert all(sentence.startswith(start) for sentence, start in zip(said, missed, strict=True))


def test_a_rounded_number_agrees():
    """May a memo round what the answer has exactly?"""
    answers = ANSWERS | {"phone_wh": 119.6}
    text = "16 times, week 7, {} Wh a day. " + FILLER
    assert look_at(text.format("120"), answers) == []
    assert look_at(text.format("119.6"), answers) == []
    assert look_at(text.format("120.0"), answers) != []


@pytest.mark.parametrize("answers", [{}, {"phone_wh": "much", "multiplier": {"type": "tuple"}, "third_week": [1]}])
def test_without_answers_only_the_form_is_looked_at(answers):
    """Is nothing compared with an answer that isn't there or is no number?"""
    assert look_at(f"5 times, week 3, 7 Wh a day. {FILLER}", answers) == []


@pytest.mark.parametrize(("times", "says"), [(1, "it has "), (80, "it has ")])
def test_too_short_and_too_long_are_said(times, says):
    """Does a memo of the wrong length hear how long it is?"""
    said = look_at("16 times, week 7, 120 Wh a day. " * times, ANSWERS)
    assert [sentence.startswith(says) for sentence in said] == [True]


def test_key_and_policy_are_read_from_the_notebook():
    """Does a file say what its `begin` is given, also where a cell in between can't be parsed?"""
    assert (text_of(read(SOURCE)).course, text_of(read(SOURCE)).by_hand) == ("constraint-tax", "note")
    cells = ["begin(", "%matplotlib inline\nx = 1", 'my = begin(course="other", by_hand="off")', 'begin(course="late")']
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    assert (text_of(notebook).course, text_of(notebook).by_hand, text_of(notebook).memo) == ("other", "off", None)
