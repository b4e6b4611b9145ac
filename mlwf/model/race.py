"""The iteration race: a strategy gains accuracy with each finished iteration, and less each time.

Two strategies are compared hour by hour, exactly: between two iterations nothing changes, so whole stretches of hours are
decided at once and no hour is ever skipped.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from mlwf.model._exact import decimal
from mlwf.model._validate import integer, real

HOURS_PER_WEEK = 168
MAX_WEEKS = 520
MAX_CYCLE_HOURS = 8_736


@dataclass(frozen=True)
class Strategy:
    """One way to iterate on a model.

    Attributes
    ----------
    name : str
    start : float
        Accuracy before the first iteration, percent, 0 to `ceiling`.
    gain : float
        What the first iteration adds, percentage points, at least 0.
    cycle_hours : int
        Length of one iteration, hours, 1 to 8,736.
    decay : float
        Each iteration gains `decay` times what the one before gained; above 0, at most 1 (1: no saturation).
    ceiling : float
        Accuracy that is never passed, percent, at most 100.

    Raises
    ------
    TypeError, ValueError
        A field is of the wrong type or out of range; the message names it.
    """

    name: str
    start: float
    gain: float
    cycle_hours: int
    decay: float
    ceiling: float = 99.0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"name must be text, not {self.name!r}")
        ceiling = real("ceiling", self.ceiling, 0, 100)
        checked = {
            "ceiling": ceiling,
            "start": real("start", self.start, 0, ceiling),
            "gain": real("gain", self.gain, 0),
            "cycle_hours": integer("cycle_hours", self.cycle_hours, 1, MAX_CYCLE_HOURS),
            "decay": real("decay", self.decay, 0, 1, above_low=True),
        }
        for field, value in checked.items():
            object.__setattr__(self, field, value)

    @property
    def linear(self) -> bool:
        """True if every iteration gains the same (decay 1)."""
        return self.decay == 1

    def iterations(self, hours: int) -> int:
        """Count of iterations finished within `hours` (int, 0 to 87,360): the unfinished one does not count."""
        return integer("hours", hours, 0, MAX_WEEKS * HOURS_PER_WEEK) // self.cycle_hours

    def accuracy(self, iterations: int) -> float:
        """Accuracy after `iterations` (int, 0 to 87,360), percent.

        ``min(ceiling, start + gain * (1 - decay**k) / (1 - decay))``, and ``start + gain * k`` at decay 1.

        Raises
        ------
        TypeError, ValueError
            `iterations` is no integer, or out of range.
        """
        return self._curve()(integer("iterations", iterations, 0, MAX_WEEKS * HOURS_PER_WEEK))

    def accuracy_at(self, hours: Iterable[int]) -> list[float]:
        """Accuracy at each of `hours` (ints from 0 to 87,360), percent, in the order given: a curve to draw."""
        if not isinstance(hours, Iterable):
            raise TypeError(f"hours must be a collection of integers, not {hours!r}")
        curve, cycle = self._curve(), self.cycle_hours
        most = MAX_WEEKS * HOURS_PER_WEEK
        if isinstance(hours, range) and hours and 0 <= min(hours) <= max(hours) <= most:
            return [curve(hour // cycle) for hour in hours]
        return [curve(integer("hours", hour, 0, most) // cycle) for hour in hours]

    def _curve(self) -> Callable[[int], float]:
        if not self.linear:
            return _saturating_curve(self)
        scale = _common_denominator(self)
        exact = _scaled_curve(self, scale)
        return lambda k: float(exact(k) / scale)

    def limit(self) -> float:
        """Accuracy that endless iterations approach, percent; at decay 1 the ceiling (the start if nothing is gained)."""
        if self.linear:
            return self.ceiling if self.gain else self.start
        return min(self.ceiling, self.start + self.gain / (1 - self.decay))


def _saturating_curve(strategy: Strategy) -> Callable[[int], float]:
    """Accuracy of a saturating strategy after k iterations, as a float."""
    start, gain, decay, ceiling = strategy.start, strategy.gain, strategy.decay, strategy.ceiling
    return lambda k: min(ceiling, start + gain * (1 - decay**k) / (1 - decay))


def _common_denominator(*strategies: Strategy) -> int:
    """Least factor that makes the starts, gains and ceilings whole numbers, read as the decimals that were typed."""
    return lcm(*(decimal(x).denominator for s in strategies for x in (s.start, s.gain, s.ceiling)))


def _scaled(value: float, scale: int) -> int:
    exact = decimal(value)
    return exact.numerator * (scale // exact.denominator)


def _scaled_curve(strategy: Strategy, scale: int) -> Callable[[int], int | Fraction]:
    """`scale` times the accuracy after k iterations: whole numbers for a linear strategy, so that every tie is seen.

    A saturating gain is a rounded power and stays what the float says; start and ceiling are exact all the same.
    """
    start, gain, ceiling = (_scaled(x, scale) for x in (strategy.start, strategy.gain, strategy.ceiling))
    if strategy.linear:
        return lambda k: min(ceiling, start + gain * k)
    decay, first_gain = strategy.decay, strategy.gain
    # No accuracy passes 100, so neither need a gain, and an endless one stays out of Fraction's way.
    return lambda k: min(
        Fraction(ceiling), start + scale * Fraction(min(100.0, first_gain * (1 - decay**k) / (1 - decay)))
    )


def large_strategy(cycle_hours: int = 168, decay: float = 0.95) -> Strategy:
    """The published lab's large model: 95 %, +0.15 points in its first iteration, weekly unless told otherwise."""
    return Strategy("large", start=95.0, gain=0.15, cycle_hours=cycle_hours, decay=decay)


def small_strategy(cycle_hours: int = 1, decay: float = 0.95) -> Strategy:
    """The published lab's small model: 90 %, +0.10 points in its first iteration, hourly unless told otherwise."""
    return Strategy("small", start=90.0, gain=0.10, cycle_hours=cycle_hours, decay=decay)


@dataclass(frozen=True)
class Crossover:
    """When the challenger is ahead of, or level with, the leader.

    Attributes
    ----------
    leads : tuple of (int, int)
        Stretches in which it is, in hours: from the first on, up to but without the second, each as long as it can be within
        the window. A lead that only begins as the window ends is the empty stretch (end, end).
    weeks : int
        The window.
    challenger_final, leader_final : float
        Accuracy at the instant the window ends, percent. An iteration that finishes just then counts.
    challenger_limit, leader_limit : float
        Accuracy that endless iterations approach, percent.
    challenger_iterations, leader_iterations : int
        Iterations finished within the window.
    ahead_at_end : bool
        True if the challenger is not behind at that instant (exact where one of the two is linear).
    """

    leads: tuple[tuple[int, int], ...]
    weeks: int
    challenger_final: float
    leader_final: float
    challenger_limit: float
    leader_limit: float
    challenger_iterations: int
    leader_iterations: int
    ahead_at_end: bool

    @property
    def week(self) -> int | None:
        """First whole week after which the challenger is not behind (the published definition); None if there is none."""
        for first, end in self.leads:
            week = -(-first // HOURS_PER_WEEK)
            if week * HOURS_PER_WEEK < end:
                return week
        return self.weeks if self.ahead_at_end else None

    @property
    def hour(self) -> int | None:
        """First hour in which it is not behind; None if there is none."""
        return self.leads[0][0] if self.leads else None

    @property
    def sustained_hour(self) -> int | None:
        """Hour from which on it is not behind until the window ends; None if it falls behind before."""
        if self.leads and self.leads[-1][1] == self.weeks * HOURS_PER_WEEK:
            return self.leads[-1][0]
        return None

    def in_words(self, challenger: str = "the small model") -> str:
        """Say when the challenger draws level, and for how long, in one or two sentences."""
        if self.hour is None:
            return f"{challenger.capitalize()} never draws level within {self.weeks} weeks."
        week = "at no whole week" if self.week is None else f"in whole weeks at week {self.week}"
        if self.sustained_hour is None:
            lasting = f"It falls behind again before week {self.weeks} ends."
        elif self.sustained_hour == self.hour:
            lasting = f"It stays ahead until week {self.weeks} ends."
        else:
            lasting = f"Only from hour {self.sustained_hour:,} on does it stay ahead until week {self.weeks} ends."
        if self.sustained_hour is not None and not self.ahead_at_end:
            lasting += " At that very moment it falls behind once more."
        return f"{challenger.capitalize()} first draws level at hour {self.hour:,}, {week}. {lasting}"


def crossover(challenger: Strategy, leader: Strategy, weeks: int) -> Crossover:
    """Find every stretch of hours in which `challenger` is ahead of or level with `leader`.

    Exact: no hour is sampled or skipped. Where one of the two is linear, the comparison is made in exact arithmetic on the
    decimals given (floats get ties such as 90 + 50 * 0.1 = 95 wrong); two saturating strategies are compared as floats.

    Parameters
    ----------
    challenger, leader : Strategy
    weeks : int
        The window, 0 to 520 weeks of 168 hours.

    Returns
    -------
    Crossover

    Raises
    ------
    TypeError, ValueError
        An argument is of the wrong type or out of range.

    Notes
    -----
    Takes microseconds unless the lead changes very often: the work grows with the number of its changes.
    """
    for name, strategy in (("challenger", challenger), ("leader", leader)):
        if not isinstance(strategy, Strategy):
            raise TypeError(f"{name} must be a Strategy, not {strategy!r}")
    weeks = integer("weeks", weeks, 0, MAX_WEEKS)
    end = weeks * HOURS_PER_WEEK
    stretches = list(_stretches(challenger, leader, end))
    challenger_iterations, leader_iterations = challenger.iterations(end), leader.iterations(end)
    return Crossover(
        leads=tuple((first, min(last + 1, end)) for first, last in stretches),
        weeks=weeks,
        challenger_final=challenger.accuracy(challenger_iterations),
        leader_final=leader.accuracy(leader_iterations),
        challenger_limit=challenger.limit(),
        leader_limit=leader.limit(),
        challenger_iterations=challenger_iterations,
        leader_iterations=leader_iterations,
        ahead_at_end=bool(stretches) and stretches[-1][1] == end,
    )


def _stretches(challenger: Strategy, leader: Strategy, end: int) -> Iterator[tuple[int, int]]:
    """Yield the longest stretches first..last of the hours 0..end in which the challenger is not behind.

    Neither curve ever falls. So in the hours a to b the challenger leads throughout if its value at a reaches the leader's
    at b, and trails throughout if its value at b stays below the leader's at a; otherwise the stretch is halved.
    """
    own, other = comparable_curves(challenger, leader)
    own_cycle, other_cycle = challenger.cycle_hours, leader.cycle_hours
    start: int | None = None
    todo = [(0, end)]
    while todo:
        first, last = todo.pop()
        if own(first // own_cycle) >= other(last // other_cycle):
            start = first if start is None else start
        elif own(last // own_cycle) < other(first // other_cycle):
            if start is not None:
                yield start, first - 1
            start = None
        else:
            middle = (first + last) // 2
            todo += [(middle + 1, last), (first, middle)]
    if start is not None:
        yield start, end


def comparable_curves(
    one: Strategy, two: Strategy
) -> tuple[Callable[[int], float | Fraction], Callable[[int], float | Fraction]]:
    """Both curves on one scale: exact if one of the two is linear, else floats."""
    if one.linear or two.linear:
        scale = _common_denominator(one, two)
        return _scaled_curve(one, scale), _scaled_curve(two, scale)
    return _saturating_curve(one), _saturating_curve(two)
