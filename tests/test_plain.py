"""From what a student assigned to a plain value."""

import json
import math
import signal
import subprocess
import sys
import time
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from mlwf.plain import LARGEST, LONGEST, call_plainly, plain


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


class Telling(type):
    """A class whose objects say something else than what they are, or nothing, and run code when asked."""

    @property
    def __name__(cls):
        raise RuntimeError

    @property
    def __module__(cls):
        return "numpy"


class Scalar(metaclass=Telling):
    shape = ()

    def item(self):
        raise RuntimeError


class Name(str):
    def __getitem__(self, _):
        return 16

    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Scalar(), {"type": "Scalar"}),
        (type(Name("Fake"), (), {})(), {"type": "Fake"}),
        (type("x" * 10**6, (), {})(), {"type": "x" * LONGEST}),
        (Name("16"), {"type": "Name"}),
        (10**5000, LARGEST),
        (-(10**5000), -LARGEST),
        ("x" * 10**6, "x" * LONGEST),
    ],
    ids=["metaclass", "name", "long name", "str", "huge", "negative", "long"],
)
def test_plain_values_are_small_and_can_be_written(value, expected):
    """Is whatever a student makes turned into something small that JSON can hold, and no code of theirs believed?"""
    found = plain(value)
    assert found == expected
    assert len(json.dumps(found)) < 1100
    assert type(found["type"] if isinstance(found, dict) else found) in (int, str)


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
    assert 0.9 < time.monotonic() - begin < 20
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


def test_it_needs_the_standard_library_only():
    """Can it be loaded beside a student's code where there is nothing else?"""
    code = "import sys; before = set(sys.modules); import mlwf.plain; print(*{n.split('.')[0] for n in {*sys.modules} - before})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"mlwf", *sys.stdlib_module_names}
