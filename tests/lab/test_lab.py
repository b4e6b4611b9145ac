"""The story without a browser: locks, what they open, and a whole student."""

import ipywidgets as widgets
import pytest

from mlwf.lab import Lab
from mlwf.lab.content import questions
from mlwf.lab.parts import question_view
from mlwf.lab.progress import Progress, Question

PARTS = [name for name in vars(Lab) if not name.startswith("_")]
BEHIND_FIRST_PREDICTION = ["show_timeline", "show_split", "compare_cost", "reflect_on_failure"]
BEHIND_FIRST_REFLECTION = ["cost_maths", "race_intro", "choose_context", "predict_race"]
BEHIND_RACE_PREDICTIONS = ["show_race", "show_gates", "show_energy", "reflect_on_race", "status"]
BEHIND_LAST_REFLECTIONS = ["compare_race", "race_maths"]


def everything(widget: widgets.Widget) -> list[widgets.Widget]:
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in everything(child))]


def words(widget: widgets.Widget) -> str:
    return " ".join(
        part.value for part in everything(widget) if isinstance(part, widgets.HTML) and "<style>" not in part.value
    )


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def shown(lab) -> dict[str, widgets.Widget]:
    """Every part, as `Run All Cells` shows them."""
    return {name: getattr(lab, name)() for name in PARTS}


def opened(shown) -> set[str]:
    return {name for name, part in shown.items() if "appear" not in words(part) and "open" not in words(part) and "you will choose" not in words(part)
            and "is compared" not in words(part) and "are compared" not in words(part)}  # fmt: skip


def test_each_lock_opens_its_parts_and_no_others(lab, shown):
    """Does an answer open what stands behind it, at once, and does the rest stay shut?"""
    first = set(PARTS) - {
        *BEHIND_FIRST_PREDICTION,
        *BEHIND_FIRST_REFLECTION,
        *BEHIND_RACE_PREDICTIONS,
        *BEHIND_LAST_REFLECTIONS,
    }
    assert opened(shown) == first
    lab.progress["cost"].submit("5x")
    assert opened(shown) == first | {*BEHIND_FIRST_PREDICTION}
    lab.progress["failure"].submit("accuracy")
    assert opened(shown) == first | {*BEHIND_FIRST_PREDICTION, *BEHIND_FIRST_REFLECTION}
    lab.progress["strategy"].submit("depends")
    assert not opened(shown) & {*BEHIND_RACE_PREDICTIONS}
    lab.progress["crossing"].submit("never")
    assert set(PARTS) - opened(shown) == {*BEHIND_LAST_REFLECTIONS}
    lab.progress["battery"].submit("hardware")
    lab.progress["rate"].submit("decay")
    assert opened(shown) == set(PARTS)


def test_a_locked_part_holds_no_instrument(shown):
    """Could a student reach a slider or a picture before predicting?"""
    for name in (
        *BEHIND_FIRST_PREDICTION,
        *BEHIND_FIRST_REFLECTION,
        *BEHIND_RACE_PREDICTIONS,
        *BEHIND_LAST_REFLECTIONS,
    ):
        assert not [
            part
            for part in everything(shown[name])
            if isinstance(part, widgets.Image | widgets.IntSlider | widgets.RadioButtons)
        ]


def test_a_prediction_is_submitted_once():
    """Can a prediction be changed after the reveal?"""
    question = Question(questions()["cost"])
    question.submit("100x")
    with pytest.raises(ValueError, match="stands"):
        question.submit("16x")
    assert question.choice == "100x"
    assert question.answered_at.endswith("+00:00")
    assert not question.right


def test_a_reflection_may_be_tried_again():
    """Does a reflection teach by trying, with feedback for each choice?"""
    question = Question(questions()["failure"])
    question.submit("labels")
    first = question.feedback
    question.submit("requirement")
    assert question.right
    assert question.feedback != first


def test_an_unknown_choice_is_refused_by_name():
    """Is a choice that does not exist an error that lists those that do?"""
    with pytest.raises(ValueError, match="16x"):
        Question(questions()["cost"]).submit("17x")


def test_the_view_of_a_prediction_locks_itself():
    """Is nothing chosen beforehand, and everything read-only once submitted?"""
    question = Question(questions()["cost"])
    view = question_view(question)
    choices = next(part for part in everything(view) if isinstance(part, widgets.RadioButtons))
    button = next(part for part in everything(view) if isinstance(part, widgets.Button))
    assert choices.value is None
    button.click()
    assert "Choose one of the four" in words(view)
    assert not question.answered
    choices.value = "10x"
    assert not question.answered
    button.click()
    assert question.choice == "10x"
    assert choices.disabled
    assert button.disabled
    assert "stands since" in words(view)


def test_the_view_shows_an_answer_given_elsewhere():
    """Does a part that is shown a second time, or built later, know what was answered?"""
    progress = Progress()
    early = question_view(progress["cost"])
    progress["cost"].submit("16x")
    for view in (early, question_view(progress["cost"])):
        choices = next(part for part in everything(view) if isinstance(part, widgets.RadioButtons))
        assert choices.value == "16x"
        assert choices.disabled


def test_race_and_energy_share_their_settings(lab):
    """Is it one plan that is raced and paid for?"""
    lab.race.small_cycle, lab.race.large_cycle, lab.race.weeks = 4, 24, 40
    assert (lab.energy.small_cycle, lab.energy.large_cycle, lab.energy.weeks) == (4, 24, 40)
    lab.energy.small_cycle = 24
    assert lab.race.small_cycle == 24


def test_the_comparison_speaks_to_what_was_predicted(lab, shown):
    """Does the reveal answer the student's own prediction?"""
    lab.progress["cost"].submit("5x")
    assert "3.2 times your guess" in words(shown["compare_cost"])
    for question, choice in (
        ("failure", "labels"),
        ("strategy", "small"),
        ("crossing", "week1"),
        ("battery", "users"),
        ("rate", "ratio"),
    ):
        lab.progress[question].submit(choice)
    assert "Speed helps only while" in words(shown["compare_race"])
    assert "each gain is 5 % less" in words(shown["compare_race"])


def test_the_status_line_follows_every_instrument(lab, shown):
    """Does the line say the present settings, whichever instrument moved?"""
    for question, choice in (
        ("cost", "16x"),
        ("failure", "requirement"),
        ("strategy", "depends"),
        ("crossing", "never"),
    ):
        lab.progress[question].submit(choice)
    assert "never" in words(shown["status"])
    lab.race.decay, lab.energy.context, lab.timeline.stage = 0.99, "mobile", 5
    lab.gates.active = ("memory_budget", "on_device_test")
    line = words(shown["status"])
    for said in ("week 1", "on the phone", "5 (16×)", "2/6", "1 h small, 168 h large"):
        assert said in line
