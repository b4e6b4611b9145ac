"""Random races against a scan that knows nothing of shortcuts: every hour and every week, one after the other.

The generators lean towards what breaks such code: equal starts, ties at a common ceiling, two strategies of nearly the
same pace (their lead changes often and is short), and cycles that fit into no week.
"""

from fractions import Fraction
from functools import cache, partial
from itertools import groupby, pairwise
from typing import NamedTuple

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from mlwf.model import HOURS_PER_WEEK, Strategy, crossover

UNIT = 10_000  # numbers are drawn as whole ten-thousandths: the scan has the decimals themselves and parses no float


class Racer(NamedTuple):
    """A strategy whose start, gain and ceiling are whole numbers of 1 / `UNIT`."""

    start: int
    gain: int
    ceiling: int
    cycle: int
    decay: float

    def strategy(self):
        return Strategy("any", self.start / UNIT, self.gain / UNIT, self.cycle, self.decay, ceiling=self.ceiling / UNIT)


def exact(racer, iterations):
    """Accuracy in units: a whole number, or a Fraction that is exactly what the float of a saturating gain says."""
    if racer.decay == 1:
        return min(racer.ceiling, racer.start + racer.gain * iterations)
    return min(racer.ceiling, racer.start + UNIT * Fraction(saturating_gain(racer, iterations)))


def saturating_gain(racer, iterations):
    """What is gained in all, as a float."""
    return racer.gain / UNIT * (1 - racer.decay**iterations) / (1 - racer.decay)


def rounded(racer, iterations):
    """Accuracy as a float."""
    if racer.decay == 1:
        return exact(racer, iterations) / UNIT
    return min(racer.ceiling / UNIT, racer.start / UNIT + saturating_gain(racer, iterations))


def not_behind(challenger, leader, weeks):
    """The naive scan: for each hour of the window and the instant of its end, is the challenger ahead or level?"""
    accuracy = exact if 1 in (challenger.decay, leader.decay) else rounded
    own, other = cache(partial(accuracy, challenger)), cache(partial(accuracy, leader))
    # Every hour is asked; what two counts of iterations come to is worked out once, for comparing fractions is slow.
    is_ahead = cache(lambda iterations, other_iterations: own(iterations) >= other(other_iterations))
    return [is_ahead(h // challenger.cycle, h // leader.cycle) for h in range(weeks * HOURS_PER_WEEK + 1)]


cycles = st.sampled_from((1, 4, 5, 12, 24, 100, 168, 336)) | st.integers(1, 400) | st.integers(1, 8736)
windows = st.integers(0, 4) | st.integers(0, 60)
saturating = st.sampled_from((0.9, 0.95, 0.98, 0.99, 0.999)) | st.floats(0, 1, exclude_min=True, exclude_max=True)
linear = st.just(1.0)
KINDS = {
    "linear": (linear, linear),
    "saturating": (saturating, saturating),
    "linear against saturating": (linear, saturating),
    "saturating against linear": (saturating, linear),
}


@st.composite
def racers(draw, decays):
    ceiling = draw(st.just(99 * UNIT) | st.integers(0, 100 * UNIT))
    return Racer(
        start=draw(st.integers(0, ceiling)),
        gain=draw(st.integers(0, 2 * UNIT) | st.integers(0, 200 * UNIT)),
        ceiling=ceiling,
        cycle=draw(cycles),
        decay=draw(decays),
    )


@st.composite
def pairs(draw, own_decays, other_decays):
    """Two racers: unrelated, or made to meet."""
    own, other = draw(racers(own_decays)), draw(racers(other_decays))
    twist = draw(st.sampled_from(("unrelated", "equal starts", "one ceiling", "one pace", "one pace")))
    event(twist)
    if twist == "equal starts":
        other = other._replace(ceiling=own.ceiling, start=own.start)
    elif twist == "one ceiling":
        # A whole number of linear gains below the ceiling, or less: both arrive, and a tie is what decides.
        starts = [max(0, own.ceiling - draw(st.integers(0, 40)) * racer.gain) for racer in (own, other)]
        own, other = own._replace(start=starts[0]), other._replace(start=starts[1], ceiling=own.ceiling)
    elif twist == "one pace":
        # The leader makes the same way in bigger steps, from at most one step ahead: it is caught again and again.
        ratio = draw(st.integers(1, 60))
        gain = draw(st.integers(1, UNIT // 4))
        start = draw(st.integers(0, 60 * UNIT))
        cycle = draw(st.integers(1, 30))
        other_cycle = max(1, cycle * ratio + draw(st.integers(-2, 2)))
        gap = draw(st.integers(0, gain * ratio))
        own = Racer(start, gain, 99 * UNIT, cycle, own.decay)
        other = Racer(start + gap, gain * ratio, 99 * UNIT, other_cycle, other.decay)
        if own.decay != 1 != other.decay:
            own = own._replace(decay=1 - (1 - draw(st.floats(0.8, 0.999))) / ratio)
            other = other._replace(decay=own.decay**ratio)
    return own, other


def compare_with_a_scan(kind, data):
    """Draw a race of this kind and hold all that is said of it against the scan."""
    challenger, leader = data.draw(pairs(*KINDS[kind]), label="challenger and leader")
    weeks = data.draw(windows, label="weeks")
    end = weeks * HOURS_PER_WEEK
    scan = not_behind(challenger, leader, weeks)
    result = crossover(challenger.strategy(), leader.strategy(), weeks)

    stretches = [
        [hour for hour, _ in run] for ahead, run in groupby(enumerate(scan), key=lambda item: item[1]) if ahead
    ]
    event(f"leads: {min(len(stretches), 3)}{'+' * (len(stretches) > 2)}")
    assert result.leads == tuple((run[0], min(run[-1] + 1, end)) for run in stretches)
    assert result.hour == next((hour for hour, ahead in enumerate(scan) if ahead), None)
    assert result.week == next((week for week in range(weeks + 1) if scan[week * HOURS_PER_WEEK]), None)

    # The lead lasts to the window's end if its last hour is a lead; the instant after that hour is the end's own.
    sustained = end if scan[end] else None
    for hour in reversed(range(end)):
        if not scan[hour]:
            break
        sustained = hour
    assert result.sustained_hour == sustained

    assert result.ahead_at_end is scan[end]
    assert result.challenger_iterations == end // challenger.cycle
    assert result.leader_iterations == end // leader.cycle
    assert result.challenger_final == rounded(challenger, end // challenger.cycle)
    assert result.leader_final == rounded(leader, end // leader.cycle)


each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@settings(max_examples=200)
@given(data=st.data())
def test_crossover_equals_a_scan(kind, data):
    """Are hours, weeks and standings those of a scan that skips nothing, whatever is raced?"""
    compare_with_a_scan(kind, data)


@pytest.mark.thorough
@each_kind
@settings(max_examples=1200)
@given(data=st.data())
def test_crossover_equals_a_scan_in_many_more_races(kind, data):
    """Are the rare ones right as well, six times as many as a developer should have to wait for?"""
    compare_with_a_scan(kind, data)


percentages = st.floats(0, 100)
any_strategy = st.builds(
    lambda levels, gain, cycle, decay: Strategy("any", min(levels), gain, cycle, decay, ceiling=max(levels)),
    st.tuples(percentages, percentages),
    st.floats(0, 1) | st.floats(0, allow_infinity=False),
    cycles,
    saturating | linear,
)


@settings(max_examples=1000)
@given(any_strategy, st.lists(st.integers(0, 87_359), max_size=20))
@example(Strategy("almost linear", 90, 0.1, 1, 1 - 2**-53), [1, 90, 91])
def test_accuracy_never_falls_and_never_passes_its_limit(strategy, counts):
    """Is more iterating never worse, from one iteration to the next and over long stretches, and the limit a limit?"""
    accuracies = [strategy.accuracy(k) for k in sorted({0, *counts, *(k + 1 for k in counts), 87_360})]
    assert accuracies[0] == strategy.start
    assert all(before <= after for before, after in pairwise(accuracies))
    assert accuracies[-1] <= strategy.limit() <= strategy.ceiling


@settings(max_examples=300)
@given(racers(st.floats(0.01, 0.999) | linear), st.integers(0, 60))
def test_accuracy_is_the_sum_of_its_gains(racer, iterations):
    """Does the closed formula equal gain after gain, added up exactly?"""
    gains = sum(Fraction(racer.gain, UNIT) * Fraction(racer.decay) ** i for i in range(iterations))
    expected = min(Fraction(racer.ceiling, UNIT), Fraction(racer.start, UNIT) + gains)
    assert racer.strategy().accuracy(iterations) == pytest.approx(float(expected), abs=1e-9)


@settings(max_examples=300)
@given(racers(st.floats(0.01, 0.99)))
def test_the_limit_is_reached_in_the_end(racer):
    """Is the limit no higher than it must be? At decay 0.99 nothing is left to gain after ten thousand iterations."""
    assert racer.strategy().accuracy(10_000) == pytest.approx(racer.strategy().limit(), abs=1e-9)
