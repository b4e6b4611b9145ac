"""From what a student assigned to a number that can be compared."""

import json
import math
import signal
import sys
import time
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from mlwf.assignment.answers import KINDS, AnswerError, call_plainly, for_json, plain, read_number

HUGE = 10**5000  # Python does not agree to print it


class EqualToEverything:
    def __eq__(self, other):
        return True

    __hash__ = None


class FloatInDisguise(float):
    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (3.0, 3.0),
        ("16", "16"),
        (None, None),
        (np.int64(3), 3),
        (np.float64(2.5), 2.5),
        (np.float32(2.5), 2.5),
        (np.array(7), 7),
        (10**400, 10**400),
    ],
)
def test_plain_numbers_and_text_stay(value, expected):
    """Do numbers, text, None and numpy's scalars arrive as what they are?"""
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (True, "bool"),
        (np.bool_(1), "bool"),
        ((1, 2), "tuple"),
        ([16], "list"),
        ({"a": 1}, "dict"),
        (..., "ellipsis"),
        (1j, "complex"),
        (Fraction(16), "Fraction"),
        (Decimal(16), "Decimal"),
        (np.array([1, 2]), "ndarray"),
        (math.ceil, "builtin_function_or_method"),
        (EqualToEverything(), "EqualToEverything"),
        (FloatInDisguise(1), "FloatInDisguise"),
    ],
)
def test_plain_names_the_type_of_anything_else(value, name):
    """Is an object never taken for a number, even if it claims to equal one?"""
    assert plain(value) == {"type": name}


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


def test_call_plainly_calls_on_every_input():
    """Does every input get its own result, value or error?"""

    def half(number):
        if number < 0:
            raise ValueError("negative")
        return number / 2

    assert call_plainly(half, [(4,), (-1,), (3,)]) == [{"value": 2.0}, {"error": "ValueError"}, {"value": 1.5}]


@pytest.mark.parametrize(
    ("function", "result"),
    [
        (lambda _: None, {"value": None}),
        (lambda _: "16", {"value": "16"}),
        (lambda _: np.float64(2.5), {"value": 2.5}),
        (lambda _: EqualToEverything(), {"value": {"type": "EqualToEverything"}}),
        (lambda: 1, {"error": "TypeError"}),
        (lambda n: n / 0, {"error": "ZeroDivisionError"}),
        (lambda _: sys.exit(), {"error": "SystemExit"}),
        (str, {"value": "1"}),
    ],
)
def test_call_plainly_survives_what_students_write(function, result):
    """Does whatever a function does become plain data?"""
    assert call_plainly(function, [(1,)]) == [result]


@pytest.mark.parametrize("value", [16, None, "def", (1, 2)])
def test_call_plainly_hands_on_what_is_no_function(value):
    """Is something that can't be called delivered like any other answer?"""
    assert call_plainly(value, [(1,)]) == plain(value)


def test_call_plainly_recursion_without_end():
    """Does a function that calls itself for ever become an error?"""

    def deeper(number):
        return deeper(number + 1)

    assert call_plainly(deeper, [(1,)]) == [{"error": "RecursionError"}]


def test_call_plainly_stops_what_never_ends():
    """Is a call without end stopped after a second, even if it swallows exceptions, and none made after it?"""
    calls = []

    def stubborn(number):
        calls.append(number)
        while True:
            with suppress(Exception):
                time.sleep(0.01)

    begin = time.monotonic()
    assert call_plainly(stubborn, [(1,), (2,)]) == [{"error": "TimeoutError"}]
    assert 0.9 < time.monotonic() - begin < 3
    assert calls == [1]


def test_call_plainly_gives_the_alarm_back():
    """Is an alarm that somebody else has set still there afterwards?"""
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    timer = signal.setitimer(signal.ITIMER_REAL, 100)
    try:
        call_plainly(abs, [(1,)])
        assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN
        assert 90 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def test_call_plainly_drops_what_is_printed(capsys):
    """Does nothing that a function prints, warnings included, reach the test cell, which would be worth 0 then?"""

    def loud(number):
        sys.stdout.write("out")
        sys.stderr.write("err")
        return number

    assert call_plainly(loud, [(1,)]) == [{"value": 1}]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "value",
    [math.nan, -math.inf, HUGE, "x" * 10**6, [{"value": math.nan}], {"type": "set"}, 1.5, None],
    ids=["nan", "infinity", "huge", "long", "list", "type", "number", "None"],
)
def test_whatever_was_answered_can_stand_in_a_notebook(value):
    """Would a browser open the graded notebook, whatever was answered?"""
    written = json.dumps(for_json(value), allow_nan=False)
    assert len(written) < 300
