"""The lab's texts: complete, right, and silent about answers before their time."""

import re

import pytest

from mlwf import model
from mlwf.lab.content import act, html, questions

RAW = {question_id: raw for number in (1, 2) for question_id, raw in act(number)["questions"].items()}


@pytest.mark.parametrize("question", questions().values(), ids=lambda question: question.id)
def test_every_choice_has_feedback_and_one_is_right(question):
    """Does whoever picks any of the four learn something?"""
    assert len(question.choices) == 4
    assert question.right in {choice.id for choice in question.choices}
    for choice in question.choices:
        assert len(re.sub("<[^>]+>", "", choice.feedback)) > 60
        assert ("<strong>Right" in choice.feedback) == (choice.id == question.right)


@pytest.mark.parametrize("question_id", RAW)
def test_results_in_feedback_come_from_the_model(question_id):
    """Is every number in a feedback either part of the question or worked out by the model, so that none can drift?"""
    given = {"5", "10", "16", "100", "95", "90", "0.10", "0.15", "0.95", "0.99", "1", "20", "26", "52", "96", "99", "6"}
    for choice in RAW[question_id]["choices"]:
        typed_by_hand = re.sub(r"{{.*?}}", "", choice["feedback"])
        assert set(re.findall(r"\d+(?:\.\d+)?", typed_by_hand)) <= given, typed_by_hand


def test_the_first_prediction_is_compared_as_it_should_be():
    """Are the four predictions off by 3.2, 1.6, nothing and 6.25 times?"""
    said = {choice.id: choice.feedback for choice in questions()["cost"].choices}
    assert "3.2 times your guess" in said["5x"]
    assert "1.6 times your guess" in said["10x"]
    assert "Right: 16×" in said["16x"]
    assert "6.25 times that" in said["100x"]


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (act(1)["header"] + act(1)["reading"] + act(1)["message"], ("2^", "sup>", "16", "double", "%%")),
        (questions()["cost"].ask, ("2^", "sup>", "16", "double")),
        (act(2)["intro"]["text"] + act(2)["context"]["intro"], ("never", "battery holds", "limit", "120")),
        (questions()["strategy"].ask + questions()["crossing"].ask, ("limit", "120 Wh", "92", "1 - ", "sup>")),
        (
            " ".join(
                section["waiting"] for number in (1, 2) for section in act(number).values() if "waiting" in section
            ),
            ("16", "never", "2^"),
        ),
    ],
    ids=["above the first lock", "the first lock", "above the second lock", "the second lock", "the waiting places"],
)
def test_nothing_above_or_beside_a_lock_gives_its_answer_away(text, secrets):
    """Could a student read the answer off the page before predicting?"""
    for secret in secrets:
        assert secret not in text


def test_formulas_are_worked_out_from_the_model():
    """Does the stage table show each multiplier and each sum of days?"""
    maths = act(1)["maths"]
    page = html(maths["text"], examples=maths["examples"])
    for number, stage in enumerate(model.STAGES, 1):
        row = next(line for line in page.split("<tr>") if f">{stage.name}<" in line)
        assert f"{model.cost_multiplier(number)}×" in row
        assert f"{model.sunk_days(number)} days" in row


def test_a_text_that_asks_for_an_unknown_number_fails():
    """Is a misspelt fact an error, and not an empty gap in a sentence?"""
    with pytest.raises(Exception, match="sunk_dayz"):
        html("{{ sunk_dayz(5) }}")
