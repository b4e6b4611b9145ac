"""What the model refuses: a wrong type is a TypeError, a value out of range a ValueError, and each names the argument.

A wrong answer given in silence would become a wrong mark, and a message without a name would leave a student guessing.
"""

import dataclasses
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest

from mlwf.model import (
    CLOUD,
    GATES,
    MOBILE,
    STAGES,
    SURVEY_SPLIT,
    Device,
    Strategy,
    battery_budget,
    catch,
    cloud_bill,
    cost_multiplier,
    crossover,
    fitting_cycles,
    guessed_split,
    large_strategy,
    rework_days,
    small_strategy,
    stages_to_redo,
    sunk_days,
    wh_per_day,
)

LARGE, SMALL, LINEAR = large_strategy(), small_strategy(), small_strategy(decay=1)


def strategy(**fields):
    return Strategy(**{"name": "own", "start": 0, "gain": 1, "cycle_hours": 1, "decay": 0.5, "ceiling": 100} | fields)


def device(**fields):
    return Device(**{"name": "own", "power_w": 5, "battery_wh": 10, "price_per_hour": 0} | fields)


# function -> how to hand over the argument, its name, and the least and greatest value that it takes
WHOLE = {
    "cost_multiplier": (cost_multiplier, "stage", 1, 6),
    "sunk_days": (sunk_days, "stage", 1, 6),
    "stages_to_redo": (stages_to_redo, "stage", 1, 6),
    "rework_days": (rework_days, "stage", 1, 6),
    "guessed_split": (guessed_split, "data", 0, 100),
    "Strategy": (lambda v: strategy(cycle_hours=v), "cycle_hours", 1, 8736),
    "large_strategy": (large_strategy, "cycle_hours", 1, 8736),
    "small_strategy": (small_strategy, "cycle_hours", 1, 8736),
    "Strategy.iterations": (SMALL.iterations, "hours", 0, 87_360),
    "Strategy.accuracy": (SMALL.accuracy, "iterations", 0, 87_360),
    "Strategy.accuracy linear": (LINEAR.accuracy, "iterations", 0, 87_360),
    "Strategy.accuracy_at": (lambda v: SMALL.accuracy_at([1, v]), "hours", 0, 87_360),
    "crossover": (lambda v: crossover(SMALL, LARGE, v), "weeks", 0, 520),
    "cloud_bill": (lambda v: cloud_bill(CLOUD, 24, 2, v), "weeks", 0, 520),
}


class Real(NamedTuple):
    """An argument that is a real number, from `low` (or only above it) to `high`."""

    call: Callable[[Any], Any]
    name: str
    above_low: bool = False
    low: float = 0
    high: float | None = None


def bound(argument):
    """The allowed range, as the message must tell it."""
    upper = "" if argument.high is None else f" and at most {argument.high}"
    return f"{'above' if argument.above_low else 'at least'} {argument.low}{upper}"


REAL = {
    "rework_days": Real(lambda v: rework_days(2, v), "base_days"),
    "Strategy start": Real(lambda v: strategy(start=v, ceiling=99), "start", high=99),
    "Strategy gain": Real(lambda v: strategy(gain=v), "gain"),
    "Strategy decay": Real(lambda v: strategy(decay=v), "decay", above_low=True, high=1),
    "Strategy ceiling": Real(lambda v: strategy(ceiling=v), "ceiling", high=100),
    "large_strategy": Real(lambda v: large_strategy(24, v), "decay", above_low=True, high=1),
    "small_strategy": Real(lambda v: small_strategy(24, v), "decay", above_low=True, high=1),
    "Device power": Real(lambda v: device(power_w=v), "power_w"),
    "Device battery": Real(lambda v: device(battery_wh=v), "battery_wh"),
    "Device price": Real(lambda v: device(price_per_hour=v), "price_per_hour"),
    "wh_per_day power": Real(lambda v: wh_per_day(v, 24, 2), "power_w"),
    "wh_per_day cycle": Real(lambda v: wh_per_day(5, v, 2), "cycle_hours", above_low=True),
    "wh_per_day session": Real(lambda v: wh_per_day(5, 24, v), "session_hours", above_low=True),
    "battery_budget cycle": Real(lambda v: battery_budget(MOBILE, v, 2), "cycle_hours", above_low=True),
    "battery_budget session": Real(lambda v: battery_budget(MOBILE, 24, v), "session_hours", above_low=True),
    "fitting_cycles cycle": Real(lambda v: fitting_cycles(MOBILE, (24, v)), "cycle_hours", above_low=True),
    "fitting_cycles session": Real(lambda v: fitting_cycles(MOBILE, (24,), v), "session_hours", above_low=True),
    "battery_budget power": Real(lambda v: battery_budget(device(power_w=v), 24), "power_w"),
    "battery_budget battery": Real(lambda v: battery_budget(device(battery_wh=v), 24).ratio, "battery_wh"),
    "cloud_bill power": Real(lambda v: cloud_bill(device(power_w=v), 24), "power_w"),
    "cloud_bill price": Real(lambda v: cloud_bill(device(price_per_hour=v), 24), "price_per_hour"),
    "cloud_bill cycle": Real(lambda v: cloud_bill(CLOUD, v, 2), "cycle_hours", above_low=True),
    "cloud_bill session": Real(lambda v: cloud_bill(CLOUD, 24, v), "session_hours", above_low=True),
}
whole = pytest.mark.parametrize(("call", "name", "low", "high"), WHOLE.values(), ids=WHOLE)
real = pytest.mark.parametrize("argument", REAL.values(), ids=REAL)

NAN, INF = float("nan"), float("inf")
NO_NUMBERS = [True, False, np.True_, "1", b"1", 1j, [1], (1,), {}]
NO_INTEGERS = [*NO_NUMBERS, None, 1.0, 1.5, NAN, INF, -INF, np.float64(1), Fraction(1), Fraction(1, 2)]
TOO_LARGE = {"400 digits": 10**400, "more digits than Python prints": 10**5000}


@pytest.mark.parametrize("value", NO_INTEGERS, ids=repr)
@whole
def test_only_integers_are_counts(call, name, low, high, value):
    """Is anything but an integer refused, a float that happens to be whole and a bool included?"""
    with pytest.raises(TypeError) as refusal:
        call(value)
    assert str(refusal.value) == f"{name} must be an integer from {low} to {high:,}, not {value!r}"


@whole
def test_counts_just_out_of_range(call, name, low, high):
    """Does each range end where it is said to end, and does the message say where that is?"""
    for value in (low - 1, high + 1, -(10**6), np.int64(high + 1)):
        with pytest.raises(ValueError, match=f"^{name} must be ") as refusal:
            call(value)
        assert str(refusal.value).endswith(f"must be from {low} to {high:,}, not {value!r}")


@pytest.mark.parametrize("value", TOO_LARGE.values(), ids=TOO_LARGE)
@whole
def test_counts_beyond_all_measure(call, name, low, high, value):
    """Is a gigantic integer refused in a short sentence that still names the argument?"""
    for signed in (value, -value):
        with pytest.raises(ValueError, match=f"^{name} must be from {low} to {high:,}, not ") as refusal:
            call(signed)
        assert len(str(refusal.value)) < 120


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.int64, np.uint16, np.uint64])
@whole
def test_numpy_integers_are_integers(call, name, low, high, kind):
    """Does a number out of an array count like the plain one, at both ends of the range?"""
    for value in (low, min(high, np.iinfo(kind).max)):
        assert call(kind(value)) == call(int(value))


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
@real
def test_only_numbers_are_quantities(argument, value):
    """Is anything but a number refused? A bool is no number here, and text is not read as one."""
    with pytest.raises(TypeError) as refusal:
        argument.call(value)
    assert re.match(f"{argument.name} must be a number {bound(argument)}, not ", str(refusal.value))
    assert repr(value) in str(refusal.value)


MUST_BE_GIVEN = {label: argument for label, argument in REAL.items() if argument.name != "battery_wh"}


@pytest.mark.parametrize("argument", MUST_BE_GIVEN.values(), ids=MUST_BE_GIVEN)
def test_none_is_no_quantity(argument):
    """Is None refused everywhere but as the battery of a device that has none?"""
    with pytest.raises(TypeError, match=f"^{argument.name} must be a number {bound(argument)}, not None"):
        argument.call(None)


@pytest.mark.parametrize("value", [NAN, INF, -INF, np.float64("nan"), np.float32("inf")], ids=repr)
@real
def test_only_finite_numbers_are_quantities(argument, value):
    """Are NaN and the infinities refused? NaN in particular passes many a comparison unnoticed."""
    with pytest.raises(
        ValueError, match=f"^{argument.name} must be a finite number {bound(argument)}, not "
    ) as refusal:
        argument.call(value)
    assert repr(value) in str(refusal.value)


@pytest.mark.parametrize("value", TOO_LARGE.values(), ids=TOO_LARGE)
@real
def test_quantities_beyond_all_floats(argument, value):
    """Is a number too large for a float refused in a short sentence that still names the argument?"""
    for number in (value, -value, Fraction(value, 7)):
        with pytest.raises(ValueError, match=f"^{argument.name} must be .*{bound(argument)}, not ") as refusal:
            argument.call(number)
        assert len(str(refusal.value)) < 140


@pytest.mark.parametrize("value", [1e308, 1.7976931348623157e308])
@real
def test_the_largest_floats_give_a_number_or_a_refusal(argument, value):
    """Does a finite number that is too large to go on with ever end in an error that names no argument?"""
    try:
        argument.call(value)
    except ValueError as refusal:
        assert str(refusal).startswith(f"{argument.name} must be ")  # noqa: PT017


@real
def test_quantities_out_of_range(argument):
    """Does each range end where it is said to end, zero excluded where a cycle or a decay cannot be zero?"""
    values = [argument.low - 1, argument.low - 1e-9, Fraction(-1, 3), np.float64(-1)]
    values += [0, 0.0, -0.0, np.int64(0)] if argument.above_low else []
    values += [] if argument.high is None else [argument.high + 1, argument.high + 1e-9]
    for value in values:
        with pytest.raises(ValueError, match=f"^{argument.name} must be {bound(argument)}, not ") as refusal:
            argument.call(value)
        assert str(refusal.value).endswith(repr(value))


@real
def test_quantities_at_the_ends_of_their_range(argument):
    """Are the ends themselves taken, and with an open end the least number above it?"""
    argument.call(5e-324 if argument.above_low else argument.low)
    if argument.high is not None:
        argument.call(argument.high)


@pytest.mark.parametrize("alike", [np.float64(0.5), np.float32(0.5), np.float16(0.5), Fraction(1, 2)], ids=repr)
@real
def test_any_kind_of_real_number_will_do(argument, alike):
    """Does a half mean the same in numpy, as a Fraction and as a float?"""
    assert argument.call(alike) == argument.call(0.5)


@pytest.mark.parametrize("alike", [1, np.int64(1), np.uint8(1), Fraction(1)], ids=repr)
@real
def test_a_whole_number_is_a_quantity_too(argument, alike):
    """Does 1 mean 1.0 where a quantity is asked for?"""
    assert argument.call(alike) == argument.call(1.0)


def test_fields_are_plain_numbers():
    """Do dataclasses keep Python's own numbers, so that JSON and answers show no numpy type?"""
    own = strategy(start=np.float32(1), gain=Fraction(1, 2), cycle_hours=np.int64(3), decay=np.float64(0.5), ceiling=9)
    assert [type(value) for value in dataclasses.astuple(own)] == [str, float, float, int, float, float]
    phone = device(power_w=np.int64(5), battery_wh=Fraction(10), price_per_hour=0)
    assert [type(value) for value in dataclasses.astuple(phone)] == [str, float, float, float]


def test_a_device_may_have_no_battery():
    """Is None a battery's way to say that there is none?"""
    assert device(battery_wh=None).battery_wh is None


def test_a_start_above_the_ceiling_is_named():
    """Is the start refused against its own ceiling, not against 100?"""
    with pytest.raises(ValueError, match=r"^start must be at least 0 and at most 90, not 95$"):
        strategy(start=95, ceiling=90)


# function and argument -> how to hand it over, its name, values of a wrong type, values that are not allowed
NO_DEVICES = [None, "mobile", 5.0, Device]
OTHERS = {
    "Strategy name": (lambda v: strategy(name=v), "name", [None, 1, b"own", True], []),
    "Strategy.accuracy_at": (SMALL.accuracy_at, "hours", [None, 24, 24.0, True], []),
    "crossover challenger": (lambda v: crossover(v, LARGE, 26), "challenger", [None, "small", 90.0, Strategy], []),
    "crossover leader": (lambda v: crossover(SMALL, v, 26), "leader", [None, "large", 95.0, Strategy], []),
    "Device name": (lambda v: device(name=v), "name", [None, 1, b"own", True], []),
    "battery_budget": (lambda v: battery_budget(v, 24), "device", NO_DEVICES, [CLOUD]),
    "fitting_cycles device": (lambda v: fitting_cycles(v, (24,)), "device", NO_DEVICES, [CLOUD]),
    "fitting_cycles cycles": (lambda v: fitting_cycles(MOBILE, v), "cycles", [None, 24, 24.0, True], []),
    "cloud_bill": (lambda v: cloud_bill(v, 24), "device", NO_DEVICES, []),
    "catch gates": (
        catch,
        "active",
        [None, 1, True, "memory_budget", b"memory_budget", [1], [None], [["memory_budget"]]],
        [["memory"], [""], ["memory_budget", "Memory_Budget"]],
    ),
    "catch constraint": (
        lambda v: catch((), v),
        "constraint",
        [None, 1, NAN, True, b"memory", ["memory"]],
        ["", "Memory", "memory_budget"],
    ),
}


@pytest.mark.parametrize(
    ("call", "name", "error", "value"),
    [
        pytest.param(call, name, error, value, id=f"{label}-{value!r}")
        for label, (call, name, *wrong) in OTHERS.items()
        for error, values in zip((TypeError, ValueError), wrong, strict=True)
        for value in values
    ],
)
def test_other_arguments(call, name, error, value):
    """Is a text, a collection or an object of the wrong kind refused by its name?"""
    with pytest.raises(error, match=rf"^{name} must "):
        call(value)


def test_no_cycles_excuse_no_other_argument():
    """Is a session that is no number refused even when there's no cycle to use it for?"""
    with pytest.raises(ValueError, match=r"^session_hours must be "):
        fitting_cycles(MOBILE, (), NAN)


FROZEN = [STAGES[0], SURVEY_SPLIT, SMALL, crossover(SMALL, LARGE, 1), MOBILE, battery_budget(MOBILE, 24)]
FROZEN += [cloud_bill(CLOUD, 24), GATES["memory_budget"], catch(())]


@pytest.mark.parametrize("value", FROZEN, ids=lambda value: type(value).__name__)
def test_nothing_can_be_changed_afterwards(value):
    """Is what was validated what is used? A field that could be set later would go around every check."""
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, getattr(value, field.name))
