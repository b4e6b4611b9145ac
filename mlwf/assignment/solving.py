"""What the questions' entries call where one line won't do: answers, lines on the way, and values of named mistakes.

Each function takes a student's numbers, and works out with the reference model what `questions` puts into words.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from mlwf import model
from mlwf.assignment.case import Case, Race
from mlwf.assignment.draws import Draws
from mlwf.assignment.work import Line

TRIALS = 8
CLEAR = 0.005  # percentage points between the curves at the end of each week, so that no rounding decides a trial
UNCLEAR = -1


def rework_inputs(case: Case) -> list[tuple[Any, ...]]:
    """Arguments on which a function for the cost of rework is tried: every stage, and one on either side."""
    return [
        *((stage, case.base_days) for stage in range(1, len(model.STAGES) + 1)),
        (0, 1.0),
        (len(model.STAGES) + 1, 1.0),
    ]


def rework_results(case: Case) -> list[dict[str, Any]]:
    """What such a function should return for each of them."""
    results: list[dict[str, Any]] = []
    for stage, base_days in rework_inputs(case):
        try:
            results.append({"value": model.rework_days(stage, base_days)})
        except ValueError:
            results.append({"error": "ValueError"})
    return results


def latest_stage(case: Case) -> int:
    """The latest stage at which a fix costs no more than is allowed; 0 if there is none."""
    stages = range(1, len(model.STAGES) + 1)
    return max((n for n in stages if model.rework_days(n, case.base_days) <= case.most_days), default=0)


def stage_lines(case: Case) -> tuple[Line, ...]:
    """The latest stage that can be afforded, and the one after it."""
    latest = latest_stage(case)
    return tuple(
        Line(f"{case.base_days:g} * 2 ** ({stage} - 1)", f"stage {stage}, {within} {case.most_days:g}")
        for stage, within in ((latest, "within"), (latest + 1, "above"))
        if 1 <= stage <= len(model.STAGES)
    )


def catch(case: Case) -> model.Catch:
    """Where the active gates find that memory is short, and what that costs."""
    return model.catch(case.gates, "memory")


def _accuracy_line(strategy: model.Strategy, week: int) -> Line:
    s, k = strategy, strategy.iterations(week * model.HOURS_PER_WEEK)
    gained = f"{s.gain:g} * {k}" if s.linear else f"{s.gain:g} * (1 - {s.decay:g} ** {k}) / (1 - {s.decay:g})"
    return Line(f"min({s.ceiling:g}, {s.start:g} + {gained})", f"{s.name} after week {week}")


def limit_line(strategy: model.Strategy) -> Line:
    """The highest accuracy that a model can come to."""
    s = strategy
    return Line(f"min({s.ceiling:g}, {s.start:g} + {s.gain:g} / (1 - {s.decay:g}))", f"limit of the {s.name} model")


def _a_week(strategy: model.Strategy) -> str:
    return f"{model.HOURS_PER_WEEK} // {strategy.cycle_hours} * {strategy.gain:g}"


def linear_lines(race: Race) -> tuple[Line, ...]:
    """How much nearer the small model comes in a week, and how many weeks it needs."""
    ahead = race.large.start - race.small.start
    closes = Line(f"{_a_week(race.small)} - {_a_week(race.large)}", "the small model comes nearer, in a week, by")
    return closes, Line(f"{ahead:g} / {closes.value:.4g}", "weeks until level")


@lru_cache(maxsize=64)
def week_as_if_linear(race: Race) -> int | None:
    """The crossover week of the same race without saturation."""
    small, large = (_linear(strategy) for strategy in (race.small, race.large))
    return model.crossover(small, large, race.weeks).week


def _linear(strategy: model.Strategy) -> model.Strategy:
    return model.Strategy(strategy.name, strategy.start, strategy.gain, strategy.cycle_hours, 1.0)


def trial_weeks(race: Race) -> list[int]:
    """The weeks whose ends one has to look at, from the crossover of the linear race on, until the small model leads."""
    found, first = race.found.week, week_as_if_linear(race)
    return list(range(first, found + 1)) if found and first else []


def saturating_lines(race: Race) -> tuple[Line, ...]:
    """Both accuracies at the end of each week to look at."""
    return tuple(_accuracy_line(strategy, week) for week in trial_weeks(race) for strategy in (race.small, race.large))


@dataclass(frozen=True)
class Level:
    """When the small model draws level with a large one that stands still.

    Attributes
    ----------
    stands : Line
        The large model's accuracy during the week.
    iterations : Line
        How many the small model needs to be there.
    hour : int or None
        When it is there, in hours since the project began; None if it never gets there.
    """

    stands: Line
    iterations: Line
    hour: int | None

    @property
    def day(self) -> int | None:
        """The day, counted from 1."""
        return None if self.hour is None else ceil(self.hour / 24)


@lru_cache(maxsize=64)
def level_in_week(case: Case, off: float = 0.0) -> Level:
    """The fourth race in the week to look at; `off` is by how much the large model's level was rounded."""
    race, week = case.race(4), case.fourth_week
    stands = Line(_accuracy_line(race.large, week - 1).sum, f"the large model during week {week}")
    s, level = race.small, stands.value + off
    ratio = f"1 - ({level:.6g} - {s.start:g}) * (1 - {s.decay:g}) / {s.gain:g}"
    iterations = Line(f"ceil(log({ratio}) / log({s.decay:g}))", "iterations of the small model")
    return Level(stands, iterations, int(iterations.value) * s.cycle_hours if level < s.limit() else None)


def level_day_lines(case: Case) -> tuple[Line, ...]:
    """The way to the day on which the small model draws level."""
    level = level_in_week(case)
    return level.stands, level.iterations, Line(f"ceil({level.iterations.value} * {case.fourth_cycle} / 24)", "day")


@lru_cache(maxsize=64)
def crossover_trials(case: Case) -> tuple[tuple[tuple[int, float, int], int | None], ...]:
    """Settings (small cycle, decay, weeks) and their crossover weeks: a quarter linear, a quarter never."""
    draws = Draws(f"trials\n{case!r}")
    trials: dict[tuple[int, float, int], int | None] = {}
    wanted = [("linear", 2), ("never", 2), ("week", TRIALS - 4)]
    for sort, count in wanted:
        while count:
            cycle, weeks = draws.choose((1, 2, 4, 6, 8, 12, 24, 48, 84, 168)), draws.choose(range(4, 53))
            decay = 1.0 if sort == "linear" else draws.choose((0.95, 0.97, 0.98, 0.985, 0.99, 0.995))
            setting = (cycle, decay, weeks)
            if setting in trials:
                continue
            week = clear_week(case.small(cycle, decay), case.large(decay), weeks)
            if week != UNCLEAR and (week is None) == (sort == "never"):
                trials[setting] = week
                count -= 1
    return tuple(trials.items())


def clear_week(small: model.Strategy, large: model.Strategy, weeks: int) -> int | None:
    """Return the crossover week of a small model that begins behind; `UNCLEAR` if the end of some week is too close to call.

    Where it is clear, floats say the same as `model.crossover`, which takes longer, for it finds each hour at which the lead changes.
    """
    if small.limit() < large.start - 2 * CLEAR:  # nor does it ever come near
        return None
    hours = range(model.HOURS_PER_WEEK, (weeks + 1) * model.HOURS_PER_WEEK, model.HOURS_PER_WEEK)
    first = None
    pairs = zip(small.accuracy_at(hours), large.accuracy_at(hours), strict=True)
    for week, (own, other) in enumerate(pairs, 1):
        if not (abs(own - other) > CLEAR or own == other == small.ceiling):
            return UNCLEAR
        if first is None and own >= other:
            first = week
    return first


def phone_wh(case: Case) -> float:
    """What training takes from the phone in a day."""
    return model.wh_per_day(case.power_w, case.phone_cycle, case.session_hours)


@lru_cache(maxsize=64)
def shortest_cycle(case: Case) -> int | None:
    """The shortest of the cycles to choose from that the battery lasts for; None if it lasts for none."""
    phone = model.Device("phone", case.power_w, case.battery_wh, 0)
    return min(model.fitting_cycles(phone, case.cycles, case.session_hours), default=None)


def cloud_bill(case: Case, session_hours: float | None = None) -> model.CloudBill:
    """Energy and rent of training in the cloud, with the session of `case` unless another is given."""
    node = model.Device("cloud node", case.cloud_power_w, None, case.cloud_price)
    return model.cloud_bill(node, case.cloud_cycle, session_hours or case.session_hours, case.weeks)


def hours_trained(case: Case) -> str:
    """Hours of training in the cloud, as an expression."""
    iterations = f"{case.weeks} * {model.HOURS_PER_WEEK} // {case.cloud_cycle}"
    return f"{iterations} * min({case.session_hours:g}, {case.cloud_cycle})"


def week_off(race: Race, weeks: int) -> int | None:
    """The crossover week, and so many weeks more; None if there is no crossover."""
    week = race.found.week
    return None if week is None else week + weeks


def day_off(case: Case, days: int) -> int | None:
    """The day on which the fourth race is level, and so many days more; None if it never is."""
    day = level_in_week(case).day
    return None if day is None else day + days


def standing_week(race: Race) -> int:
    """The week by which the small model has reached the large one's start."""
    per_week = race.small.iterations(model.HOURS_PER_WEEK) * race.small.gain
    return ceil((race.large.start - race.small.start) / per_week)


def gain_in_all(strategy: model.Strategy) -> float:
    """What a model gains from its start to its limit."""
    return strategy.limit() - strategy.start
