"""The lab's texts: complete, right, and silent about answers before their time."""

import re

import pytest

from mlwf import model
from mlwf.lab.content import html, questions, texts

NAMES = ("act1", "act2", "explore")
RAW = {question_id: raw for name in ("act1", "act2") for question_id, raw in texts(name)["questions"].items()}


def typed_by_hand(text: str) -> set[str]:
    """The numbers of a text that the model does not work out."""
    return set(re.findall(r"\d+(?:\.\d+)?", re.sub(r"{{.*?}}|{%.*?%}", "", text, flags=re.S)))


def all_texts(raw) -> list[str]:
    if isinstance(raw, str):
        return [raw]
    return [text for part in (raw.values() if hasattr(raw, "values") else raw) for text in all_texts(part)]


@pytest.mark.parametrize("question", questions().values(), ids=lambda question: question.id)
def test_every_choice_has_feedback_and_one_is_right(question):
    """Does whoever picks any of the four learn something?"""
    assert len(question.choices) == 4
    assert len({choice.id for choice in question.choices}) == 4
    assert question.right in {choice.id for choice in question.choices}
    for choice in question.choices:
        assert len(re.sub("<[^>]+>", "", choice.feedback)) > 60
        assert ("<strong>Right" in choice.feedback) == (choice.id == question.right)


def test_the_questions_come_in_the_order_of_the_story():
    """Are predictions submitted once and reflections as often as one likes, and are there three of each?"""
    assert {question.id: question.final for question in questions().values()} == {
        "cost": True,
        "failure": False,
        "strategy": True,
        "crossing": True,
        "battery": False,
        "rate": False,
    }
    assert [*questions()] == ["cost", "failure", "strategy", "crossing", "battery", "rate"]


@pytest.mark.parametrize("question_id", RAW)
def test_results_in_feedback_come_from_the_model(question_id):
    """Is every number in a feedback either part of the question or worked out by the model, so that none can drift?"""
    given = {"5", "10", "16", "100", "95", "90", "0.10", "0.15", "0.95", "0.99", "1", "20", "26", "52", "96", "99", "6"}
    for choice in RAW[question_id]["choices"]:
        assert typed_by_hand(choice["feedback"]) <= given, choice["feedback"]


@pytest.mark.parametrize("text", all_texts(texts("explore")), ids=lambda text: text.split("\n")[0][:30])
def test_results_in_the_last_part_come_from_the_model(text):
    """Is every number there a condition of the challenge or the number of a lab, and everything else worked out?"""
    assert typed_by_hand(text) <= {"20", "0.99", "05", "08"}, text


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
        (texts("act1")["header"] + texts("act1")["reading"] + texts("act1")["message"], ("2^", "sup>", "16", "double", "%%")),
        (questions()["cost"].ask, ("2^", "sup>", "16", "double")),
        (texts("act2")["intro"]["text"] + texts("act2")["context"]["intro"], ("never", "battery holds", "limit", "120")),
        (questions()["strategy"].ask + questions()["crossing"].ask, ("limit", "120 Wh", "92", "1 - ", "sup>")),
        (
            " ".join(section["waiting"] for name in NAMES for section in texts(name).values() if "waiting" in section),
            ("16", "never", "2^", "limit", "decay", "12"),
        ),
    ],
    ids=["above the first lock", "the first lock", "above the second lock", "the second lock", "the waiting places"],
)  # fmt: skip
def test_nothing_above_or_beside_a_lock_gives_its_answer_away(text, secrets):
    """Could a student read the answer off the page before predicting?"""
    for secret in secrets:
        assert secret not in text


def test_formulas_are_worked_out_from_the_model():
    """Does the stage table show each multiplier and each sum of days?"""
    maths = texts("act1")["maths"]
    page = html(maths["text"], examples=maths["examples"])
    for number, stage in enumerate(model.STAGES, 1):
        row = next(line for line in page.split("<tr>") if f">{stage.name}<" in line)
        assert f"{model.cost_multiplier(number)}×" in row
        assert f"{model.sunk_days(number)} days" in row


def test_the_second_accordion_holds_the_models_numbers():
    """Are iterations, limits and energy in the formulas of Act II those that the model works out?"""
    page = html(texts("act2")["maths"]["text"])
    for said in ("4,368 hours: 26 iterations of a week each", "4,368 of an hour each", "98 %", "92 %", "60 Wh a day at 4 h", "10 at 24 h", "= 120 Wh a day"):  # fmt: skip
        assert said in page.replace("\n", " ")


def test_a_text_that_asks_for_an_unknown_number_fails():
    """Is a misspelt fact an error, and not an empty gap in a sentence?"""
    with pytest.raises(Exception, match="sunk_dayz"):
        html("{{ sunk_dayz(5) }}")


def test_what_later_labs_read_is_named():
    """Does the end say which labs go on from here, and with what?"""
    text = texts("explore")["finish"]["text"]
    for name in ("Labs 05 and 08", "`iteration_cycle_hours`", "`model_size_chosen`"):
        assert name in text
