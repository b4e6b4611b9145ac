"""From a plain answer to a number that can be compared."""

import json
import math

import pytest

from mlwf.assignment.answers import KINDS, AnswerError, for_json, read_number

HUGE = 10**5000  # Python does not agree to print it


@pytest.mark.parametrize(
    ("kind", "answer", "expected"),
    [
        ("count", 3, 3),
        ("count", 3.0, 3),
        ("count", "3", 3),
        ("count", " 3.0 ", 3),
        ("count", 2.9999999999999996, 3),  # math.log(1000, 10)
        ("days", 48.5, 48.5),
        ("days", "48.5", 48.5),
        ("week", None, None),
        ("week", 7, 7),
        ("accuracy", 100, 100),
        ("days", 0, 0),
    ],
)
def test_read_number_takes_what_is_meant(kind, answer, expected):
    """Are 3, 3.0 and "3" the same answer?"""
    found = read_number(KINDS[kind], answer)
    assert found == expected
    if KINDS[kind].whole and expected is not None:
        assert type(found) is int


@pytest.mark.parametrize(
    ("kind", "answer", "says"),
    [
        ("count", None, "None is no answer here: it should be a whole number."),
        ("factor", "16 times", "The text '16 times' is no number; it should be a plain number, how many times, without a unit."),
        ("week", "never", "The text 'never' is no number; it should be a whole number of weeks, or None for never, without a unit."),
        ("days", "x" * 1000, "The text 'xxxxxxxxxxxxxxxxx...' is no number; it should be a number of person-days, without a unit."),
        ("factor", {"type": "bool"}, "This is of type bool; it should be a plain number, how many times."),
        ("factor", [16], "This is of type list; it should be a plain number, how many times."),
        ("hours", math.nan, "nan is not a number that can be checked; it should be a number of hours."),
        ("hours", "nan", "nan is not a number that can be checked; it should be a number of hours."),
        ("hours", -math.inf, "-inf is not a number that can be checked; it should be a number of hours."),
        ("week", -1, "Not plausible: -1. It should be a whole number of weeks, or None for never, from 0 to 520."),
        ("accuracy", 100.5, "Not plausible: 100.5. It should be an accuracy in percent, from 1 to 100."),
        ("accuracy", 0.98, "Not plausible: 0.98. It should be an accuracy in percent, from 1 to 100."),
        ("stage", 7, "Not plausible: 7. It should be the number of a stage, from 1 to 6."),
        ("count", 10**400, "Not plausible: an int of more than 20 digits. It should be a whole number, from 0 to 1,000,000."),
        pytest.param(
            "days", -HUGE, "Not plausible: an int of more than 20 digits. It should be a number of person-days, from 0 to 1,000,000.", id="huge",
        ),
        ("count", 2.5, "2.5 is no whole number; it should be a whole number."),
        ("count", 2.0000001, "2.0000001 is no whole number; it should be a whole number."),
    ],
)  # fmt: skip
def test_read_number_says_what_would_do(kind, answer, says):
    """Does a refusal say in one sentence what is wrong and what would do?"""
    with pytest.raises(AnswerError) as refusal:
        read_number(KINDS[kind], answer)
    assert str(refusal.value) == says


@pytest.mark.parametrize(
    "value",
    [math.nan, -math.inf, HUGE, "x" * 10**6, "\ud800", [{"value": math.nan}], {"type": "set"}, 1.5, None],
    ids=["nan", "infinity", "huge", "long", "half a pair", "list", "type", "number", "None"],
)
def test_whatever_was_answered_can_stand_in_a_notebook(value):
    """Would a browser open the graded notebook, whatever was answered?"""
    written = json.dumps(for_json(value), allow_nan=False, ensure_ascii=False)
    assert len(written.encode()) < 300
