"""What iterating costs: the battery table and the cloud bill of the lab, and what holds at any setting."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwf.model import (
    CLOUD,
    DEFAULT_SESSION_HOURS,
    MOBILE,
    BatteryBudget,
    CloudBill,
    Device,
    battery_budget,
    cloud_bill,
    fitting_cycles,
    wh_per_day,
)


def test_the_two_devices():
    """Are the cloud and the phone those of the lab: 700 W at 3 dollars an hour, and 5 W on a battery of 2 h at 5 W?"""
    assert (CLOUD.power_w, CLOUD.battery_wh, CLOUD.price_per_hour) == (700, None, 3)
    assert (MOBILE.power_w, MOBILE.battery_wh, MOBILE.price_per_hour) == (5, 10, 0)
    assert DEFAULT_SESSION_HOURS == 2


# cycle, session -> Wh a day at 5 W, charges of the 10 Wh battery, does it fit?
PHONE = [
    (1, 2, 120, 12, False),
    (4, 2, 60, 6, False),
    (24, 2, 10, 1, True),  # to the last Wh
    (168, 2, 10 / 7, 1 / 7, True),
    (1, 1, 120, 12, False),
    (4, 1, 30, 3, False),
    (12, 1, 10, 1, True),
    (24, 0.5, 2.5, 0.25, True),
]


@pytest.mark.parametrize(("cycle", "session", "wh", "charges", "fits"), PHONE)
def test_phone(cycle, session, wh, charges, fits):
    """Does the phone's battery carry this plan, where using it up exactly is still carrying it?"""
    assert wh_per_day(5, cycle, session) == pytest.approx(wh, rel=1e-15)
    budget = battery_budget(MOBILE, cycle, session)
    assert budget.wh_per_day == wh_per_day(5, cycle, session)
    assert budget.battery_wh == 10
    assert budget.ratio == pytest.approx(charges, rel=1e-15)
    assert budget.fits is fits


def test_a_session_is_two_hours_unless_told_otherwise():
    """Does the default session of the lab hold wherever a session can be given?"""
    assert wh_per_day(5, 24) == battery_budget(MOBILE, 24).wh_per_day == 10
    assert fitting_cycles(MOBILE, (12, 24)) == (24,)
    assert cloud_bill(CLOUD, 4) == cloud_bill(CLOUD, 4, 2, 26)


@pytest.mark.parametrize("cycle", [0.25, 1, 5, 24, 168, 336, 8736])
def test_training_without_pause_costs_the_same_at_every_cycle(cycle):
    """Is it 24 hours of power a day, whether the session fills its cycle or would need more than that?"""
    assert wh_per_day(5, cycle, cycle) == 120
    assert wh_per_day(5, cycle, 3 * cycle) == 120


@pytest.mark.parametrize(
    ("cycles", "session", "fitting"),
    [
        ((1, 4, 12, 24, 168), 2, (24, 168)),
        ((1, 4, 12, 24, 168), 1, (12, 24, 168)),
        ((168, 1, 24), 2, (168, 24)),
        ((1, 4), 2, ()),
        ((), 2, ()),
    ],
)
def test_which_cycles_fit(cycles, session, fitting):
    """Which cycles can the phone afford, in the order that was asked for?"""
    assert fitting_cycles(MOBILE, cycles, session) == fitting


@pytest.mark.parametrize(("asked", "ratio", "fits"), [(0.0, 0.0, True), (0.001, None, False)])
def test_an_empty_battery(asked, ratio, fits):
    """Does a battery of nothing carry nothing, and is there no number for how many it would take to carry more?"""
    budget = BatteryBudget(wh_per_day=asked, battery_wh=0.0)
    assert budget.ratio == ratio
    assert budget.fits is fits


@pytest.mark.parametrize("ask", [battery_budget, lambda device, cycle: fitting_cycles(device, (cycle,))])
def test_a_device_on_the_mains_has_no_budget(ask):
    """Is asking the cloud for its battery refused, instead of answered with a number?"""
    with pytest.raises(ValueError, match="device must have a battery, and Cloud H100 has none"):
        ask(CLOUD, 24)


# cycle, session, weeks -> hours of training, counted by hand
WINDOWS = [
    (1, 1, 26, 4368),  # without pause
    (1, 2, 26, 4368),
    (24, 24, 26, 4368),
    (168, 168, 26, 4368),
    (168, 2, 26, 52),
    (4, 2, 26, 2184),
    (5, 5, 1, 165),  # 33 iterations; the 34th isn't finished
    (100, 1.5, 1, 1.5),
    (169, 2, 1, 0),
    (0.5, 0.25, 1, 84),
    (0.1, 0.1, 1, 168),  # 1680 iterations, though 168 // 0.1 is 1679 in floats
    (1, 1, 0, 0),
]


@pytest.mark.parametrize(("cycle", "session", "weeks", "hours"), WINDOWS)
def test_cloud_bill(cycle, session, weeks, hours):
    """Is the bill for the training of finished iterations, and for nothing else?"""
    assert cloud_bill(CLOUD, cycle, session, weeks) == CloudBill(kwh=hours * 7 / 10, dollars=hours * 3)


def test_half_a_year_in_the_cloud_without_pause():
    """Does the lab's headline come out to the cent: 3,057.6 kWh and $13,104?"""
    assert cloud_bill(CLOUD, 1, 1, 26) == CloudBill(kwh=3057.6, dollars=13104.0)


thousandths = st.integers(1, 100_000).map(lambda n: n / 1000)
hours = thousandths | st.floats(1e-3, 1e4)
watts = st.just(0.0) | thousandths | st.floats(1e-3, 1e4)
ROUNDING = 1 + 1e-14
of_everything = settings(max_examples=500)


@of_everything
@given(watts, hours, st.tuples(hours, hours).map(sorted))
def test_a_longer_session_never_costs_less(power, cycle, sessions):
    """Is Wh/day non-decreasing in the session?"""
    shorter, longer = sessions
    assert wh_per_day(power, cycle, shorter) <= wh_per_day(power, cycle, longer)


@of_everything
@given(watts, hours, st.floats(0.01, 2), st.floats(1e-9, 0.1))
def test_a_small_step_of_the_session_is_a_small_step_of_the_cost(power, cycle, share, step):
    """Is Wh/day continuous, also where the session fills the cycle? No step may cost more than its hours of power."""
    session = share * cycle
    before, after = wh_per_day(power, cycle, session), wh_per_day(power, cycle, session + step)
    assert after - before <= 24 * power * step / cycle * ROUNDING + 24 * power * 1e-15


@of_everything
@given(watts, hours, hours)
def test_a_day_has_24_hours(power, cycle, session):
    """Is Wh/day never above 24 hours of power, not even by a float's last bit, and exactly that without pause?"""
    wh = wh_per_day(power, cycle, session)
    assert 0 <= wh <= 24 * power
    if session >= cycle:
        assert wh == pytest.approx(24 * power, rel=1e-15)
    else:
        assert wh == pytest.approx(24 * power * session / cycle, rel=1e-14)


@of_everything
@given(st.integers(0, 10_000), st.sampled_from((1, 2, 3, 4, 6, 8, 12, 24)), st.integers(1, 24_000))
def test_a_battery_that_is_just_large_enough_fits(power, cycle, session):
    """Is an exact fit a fit for any decimals? Float products often end a bit above the decimal that was meant."""
    battery = Fraction(power, 1000) * min(Fraction(session, 1000), cycle) * 24 / cycle
    device = Device("just so", power / 1000, battery, 0)
    budget = battery_budget(device, cycle, session / 1000)
    assert budget.fits
    assert budget.wh_per_day == pytest.approx(float(battery), rel=1e-15)


@of_everything
@given(st.integers(0, 10_000), st.sampled_from((1, 2, 3, 4, 6, 8, 12, 24)), st.integers(1, 24_000))
def test_a_battery_that_is_just_too_small_does_not_fit(power, cycle, session):
    """Is nothing forgiven either: one millionth of the battery missing is over the budget?"""
    battery = (power + 1) / 1000 * min(session / 1000, cycle) * 24 / cycle * (1 - 1e-6)
    assert not battery_budget(Device("almost", (power + 1) / 1000, battery, 0), cycle, session / 1000).fits
