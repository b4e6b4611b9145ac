"""Marks for whole sets of answers, for odd answers, and for functions."""

import math

import pytest

from mlwf.assignment import PUBLISHED, QUESTIONS, grade
from mlwf.assignment.marks import mark
from mlwf.plain import call_plainly, plain

FUNCTION = QUESTIONS["rework_cost"]


def function_verdict(function):
    return mark(FUNCTION, PUBLISHED, {"rework_cost": call_plainly(function, FUNCTION.inputs(PUBLISHED))})


def right_function(stage, base_days=1.0):
    if not 1 <= stage <= 6:
        raise ValueError(stage)
    return base_days * 2 ** (stage - 1)


def test_grade_marks_every_question_once_and_in_order():
    """Is there a verdict for each question, also if nothing was handed in?"""
    verdicts = grade(PUBLISHED, {})
    assert [verdict.question for verdict in verdicts] == list(QUESTIONS)
    assert all(verdict.points == 0 for verdict in verdicts)
    assert verdicts[0].message == "No answer: nothing is assigned to `multiplier`."


@pytest.mark.parametrize(
    "answer",
    [16, 16.0, "16", " 16 ", 16.000000001],
)
def test_the_same_answer_in_other_clothes(answer):
    """Is an answer marked for what it means?"""
    assert mark(QUESTIONS["multiplier"], PUBLISHED, {"multiplier": answer}).points == 2


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, pytest.param(10**5000, id="huge"), -16, True, (16,), [16], {"x": 16}, "ten", "", 16j, ...],
)  # fmt: skip
@pytest.mark.parametrize("question_id", [*QUESTIONS])
def test_an_odd_answer_earns_nothing_and_breaks_nothing(question_id, value):
    """Do answers of every odd kind get 0 points and a sentence, without an error?"""
    verdict = mark(QUESTIONS[question_id], PUBLISHED, {question_id: plain(value)})
    assert verdict.points == 0
    assert verdict.message.endswith(".")
    assert len(verdict.message) < 300


def test_an_object_that_equals_everything_earns_nothing():
    """Is the student's object never asked whether it equals the right answer?"""

    class EqualToEverything:
        def __eq__(self, other):
            return True

        __hash__ = None

    for question_id, question in QUESTIONS.items():
        assert mark(question, PUBLISHED, {question_id: plain(EqualToEverything())}).points == 0
    assert function_verdict(lambda *_: EqualToEverything()).points == 0


def test_none_is_an_answer_only_where_never_is_one():
    """Does None earn points for the race that nobody wins, and nowhere else?"""
    verdicts = grade(PUBLISHED, dict.fromkeys(QUESTIONS))
    assert {verdict.question for verdict in verdicts if verdict.points} == {"third_week"}


@pytest.mark.parametrize(
    ("function", "points", "message"),
    [
        (right_function, 3, "Right for all 8 inputs."),
        (
            lambda stage, base_days=1.0: base_days * 2 ** (stage - 1),
            2.25,
            "Right for 6 of 8 inputs. rework_cost(0, 1) gave 0.5; it should raise ValueError.",
        ),
        (
            lambda stage, base_days=1.0: base_days * 2**stage,
            0,
            "Right for 0 of 8 inputs. rework_cost(1, 3) gave 6.0; it should be 3.",
        ),
        (lambda *_: None, 0, "Right for 0 of 8 inputs. rework_cost(1, 3) gave None; it should be 3."),
        (lambda *_: (1, 2), 0, "Right for 0 of 8 inputs. rework_cost(1, 3) gave a value of type tuple; it should be 3."),
        (lambda *_: "x" * 99, 0, "Right for 0 of 8 inputs. rework_cost(1, 3) gave 'xxxxxxxxxxxxxxxxx...'; it should be 3."),
        (lambda *_: 10**400, 0, "Right for 0 of 8 inputs. rework_cost(1, 3) gave an int of more than 20 digits; it should be 3."),
        (lambda *_: math.nan, 0, "Right for 0 of 8 inputs. rework_cost(1, 3) gave nan; it should be 3."),
        (lambda _: 3.0, 0, "Right for 0 of 8 inputs. rework_cost(1, 3) raised TypeError; it should be 3."),
        (lambda *_: 3.0, 0, "Right for 0 of 8 inputs. rework_cost(2, 3) gave 3.0; it should be 6."),
        (lambda stage, _: 3.0 * stage, 0.75, "Right for 2 of 8 inputs. rework_cost(3, 3) gave 9.0; it should be 12."),
        (
            lambda stage, base_days: right_function(min(stage, 6), base_days),
            2.62,
            "Right for 7 of 8 inputs. rework_cost(7, 1) gave 32.0; it should raise ValueError.",
        ),
    ],
)  # fmt: skip
def test_a_function_earns_the_share_of_inputs_that_come_out_right(function, points, message):
    """Is a function marked input by input, and does the message show the first that went wrong?"""
    verdict = function_verdict(function)
    assert (verdict.points, verdict.message) == (points, message)


@pytest.mark.parametrize("error", [ValueError, NotImplementedError])
def test_a_function_that_only_raises_earns_nothing(error):
    """Does raising an error for everything earn nothing, though some inputs should raise one?"""

    def refuse(*_):
        raise error

    verdict = function_verdict(refuse)
    assert verdict.points == 0
    assert verdict.message == f"Right for 0 of 8 inputs. rework_cost(1, 3) raised {error.__name__}; it should be 3."


def test_a_function_that_never_ends_keeps_what_it_did_before():
    """Do the inputs count that came out right before one never ended?"""

    def endless_from_three(stage, base_days=1.0):
        while stage >= 3:
            pass
        return right_function(stage, base_days)

    verdict = function_verdict(endless_from_three)
    assert verdict.points == 0.75
    assert verdict.message == "Right for 2 of 8 inputs. rework_cost(3, 3) took too long; it should be 12."


@pytest.mark.parametrize(("value", "name"), [(16, "int"), ("def", "str"), ((1,), "tuple"), (None, "NoneType")])
def test_something_that_is_no_function(value, name):
    """Is it said when a name holds something other than a function?"""
    verdict = function_verdict(value)
    assert verdict.points == 0
    assert verdict.message == f"`rework_cost` should be a function; it is of type {name}."
