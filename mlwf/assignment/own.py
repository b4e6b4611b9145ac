"""A student's own numbers: they follow from the course's key and the student's id, and are the same on every machine.

Numbers are drawn anew until they are fair: a pocket calculator and a few trials are enough, as much work as for anybody else,
no rounding on the way decides an answer, and no mistake that we know leads to the right value.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from math import ceil, floor
from typing import Any

from mlwf import model
from mlwf.assignment.case import LARGE_START, PUBLISHED, SMALL_START, Case
from mlwf.assignment.draws import Draws
from mlwf.assignment.questions import QUESTIONS, truth
from mlwf.assignment.solving import level_in_week, trial_weeks

RACES = files("mlwf.assignment").joinpath("races.json")
WEEK = model.HOURS_PER_WEEK
SMALL_CYCLES = (6, 7, 8, 12, 14, 21, 24)  # each week holds whole iterations
DECAYS = tuple(n / 1000 for n in range(985, 996))
FIRST_WEEK, LAST_WEEK = 2, 20
TRIALS = 3  # weeks to look at in the saturating race
CLEAR = 0.02  # percentage points; students round accuracies to two digits
#: Two active gates, of which one sees memory at stage 3 or 4.
GATES = (
    ("memory_profiling", "on_device_test"), ("latency_budget", "memory_profiling"), ("schema_validation", "memory_profiling"),
    ("memory_profiling", "staged_rollout"), ("latency_budget", "on_device_test"), ("schema_validation", "on_device_test"),
    ("on_device_test", "staged_rollout"),
)  # fmt: skip
LARGE_GAINS, SMALL_GAINS = (tuple(n / 100 for n in range(low, low + 7)) for low in (12, 8))
AFFORDABLE_STAGES = (2, 3, 4)
OPTIONS: Mapping[str, tuple[Any, ...]] = {
    "stage": (4, 5, 6),
    "base_days": (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0),
    "gates": GATES,
    "weeks": (22, 24, 26, 28, 30),
    "third_cycle": (1, 2, 3, 4, 6),
    "third_decay": (0.93, 0.94, 0.95, 0.96),
    "power_w": (4.0, 4.5, 5.0, 5.5, 6.0),
    "battery_wh": (8.0, 9.0, 10.0, 12.0, 14.0, 15.0, 16.0),
    "session_hours": (1.5, 2.0, 2.5, 3.0),
    "cycles": ((1, 4, 12, 24, 168), (2, 6, 12, 24, 48), (1, 6, 8, 16, 24), (2, 4, 8, 12, 24), (3, 8, 12, 18, 24)),
    "session_cycle": (6, 8, 12),
    "cloud_cycle": (6, 8, 12, 14, 21, 24),
    "cloud_power_w": (500.0, 600.0, 700.0, 800.0, 900.0),
    "cloud_price": (2.0, 2.5, 3.0, 3.5, 4.0),
}


def own_case(course_key: str, student: str) -> Case:
    """Return the numbers of a student.

    Parameters
    ----------
    course_key : str
        Stands in the released notebook; it is no secret. Empty for the published numbers, the same for everybody.
    student : str
        The id by which nbgrader knows the student.

    Returns
    -------
    Case

    Raises
    ------
    TypeError
        One of the two is no text.
    ValueError
        `student` is empty, and `course_key` is not.
    """
    for name, value in (("course_key", course_key), ("student", student)):
        if not isinstance(value, str):
            raise TypeError(f"{name} must be text, not {value!r}")
    if not course_key:
        return PUBLISHED
    if not student:
        raise ValueError("student must not be empty: it decides the numbers")
    draws = Draws(f"{course_key}\n{student}")
    while True:
        case = _drawn(draws)
        if is_fair(case):
            return case


def _drawn(draws: Draws) -> Case:
    chosen = {name: draws.choose(values) for name, values in OPTIONS.items()}
    while True:
        large_gain, small_gain = draws.choose(LARGE_GAINS), draws.choose(SMALL_GAINS)
        crossing = _races()["crossing"][f"{large_gain:g} {small_gain:g}"]
        brief = _races()["brief"][f"{large_gain:g}"]
        if crossing and brief:
            break
    linear_cycle, saturating_cycle, saturating_decay = draws.choose(crossing)
    fourth_gain, fourth_cycle, fourth_decay, fourth_week = draws.choose(brief)
    return Case(
        **chosen,
        most_days=chosen["base_days"] * model.cost_multiplier(draws.choose(AFFORDABLE_STAGES)),
        large_gain=large_gain, small_gain=small_gain, linear_cycle=linear_cycle,
        saturating_cycle=saturating_cycle, saturating_decay=saturating_decay,
        fourth_gain=fourth_gain, fourth_cycle=fourth_cycle, fourth_decay=fourth_decay, fourth_week=fourth_week,
    )  # fmt: skip


@cache
def _races() -> dict[str, dict[str, list[Any]]]:
    """What `fair_races` comes to: for the first numbers it would take a second, and every process that asks needs them."""
    found: dict[str, dict[str, list[Any]]] = json.loads(RACES.read_text(encoding="utf-8"))
    return found


def fair_races() -> dict[str, dict[str, list[Any]]]:
    """Work out the races that can be drawn for each gain of the large model, and of the small one, as races.json has them.

    Returns
    -------
    dict
        "crossing": cycle of the first race, cycle and decay of the second. "brief": what the small model's lead can be.
    """
    return {
        "crossing": {
            f"{large:g} {small:g}": [list(race) for race in _crossing_races(large, small)]
            for large in LARGE_GAINS
            for small in SMALL_GAINS
        },
        "brief": {f"{large:g}": [list(lead) for lead in _brief_leads(large)] for large in LARGE_GAINS},
    }


def _crossing_races(large_gain: float, small_gain: float) -> tuple[tuple[int, int, float], ...]:
    """Cycle of the first race, cycle and decay of the second, with which both cross where a few trials find it."""
    weeks_until_level = {
        cycle: (LARGE_START - SMALL_START) / (WEEK // cycle * small_gain - large_gain)
        for cycle in SMALL_CYCLES
        if WEEK // cycle * small_gain > large_gain
    }
    linear = [
        c for c, weeks in weeks_until_level.items() if FIRST_WEEK - 1 < weeks < LAST_WEEK and 0.1 < weeks % 1 < 0.9
    ]
    saturating = [(c, decay) for c in linear for decay in DECAYS if _is_clear(large_gain, small_gain, c, decay)]
    return tuple((c, *other) for c in linear for other in saturating if other[0] != c)


def _is_clear(large_gain: float, small_gain: float, cycle: int, decay: float) -> bool:
    """Tell whether the saturating race takes `TRIALS` weeks to look at, at none of whose ends the two are all but level."""
    race = Case(
        large_gain=large_gain, small_gain=small_gain, saturating_cycle=cycle, saturating_decay=decay, weeks=LAST_WEEK
    ).race(2)
    weeks = trial_weeks(race)
    if len(weeks) != TRIALS:
        return False
    hours = [week * WEEK for week in weeks]
    small, large = race.small.accuracy_at(hours), race.large.accuracy_at(hours)
    return all(abs(a - b) >= CLEAR for a, b in zip(small, large, strict=True)) and small[-1] < race.small.ceiling


def _brief_leads(large_gain: float) -> tuple[tuple[float, int, float, int], ...]:
    """Gain, cycle and decay of small models that lead within the given week, and at no week's end."""
    found = []
    for decay in DECAYS:
        large = Case(large_gain=large_gain).large(decay)
        for week in range(3, 16):
            before, after = (large.accuracy(week - less) - SMALL_START for less in (1, 0))
            for cycle in (2, 3, 4, 6, 8):
                # Of its gains the small model has made this part when the week ends; it has to end between the two levels.
                per_gain = (1 - decay ** (week * WEEK // cycle)) / (1 - decay)
                for thousandths in range(ceil(1000 * before / per_gain), floor(1000 * after / per_gain) + 1):
                    lead = (thousandths / 1000, cycle, decay, week)
                    if _is_a_brief_lead(large_gain, *lead):
                        found.append(lead)
    return tuple(found)


def _is_a_brief_lead(large_gain: float, gain: float, cycle: int, decay: float, week: int) -> bool:
    case = Case(
        large_gain=large_gain, fourth_gain=gain, fourth_cycle=cycle, fourth_decay=decay, fourth_week=week, weeks=30
    )
    hour = level_in_week(case).hour
    if hour is None or not (week - 1) * WEEK < hour < week * WEEK or not 2 <= hour % 24 <= 22:
        return False
    # Whoever rounds the level of the large model to two digits comes to the same day.
    same_day = len({level_in_week(case, off).day for off in (-0.005, 0.0, 0.005)}) == 1
    race = case.race(4).found
    return same_day and race.week is None and any(first == hour for first, _ in race.leads)


def is_fair(case: Case) -> bool:
    """Tell whether no mistake leads to the right value, and the third race is one that can't cross."""
    third = case.race(3)
    if third.small.limit() > third.large.start - 0.5 or third.large.limit() > third.large.ceiling - 0.1:
        return False
    return _battery_is_fair(case) and not any(lucky_slips(case))


def lucky_slips(case: Case) -> Iterator[str]:
    """Name the mistakes that would lead to the right value with this case, as "question: mistake"."""
    for question in filter(lambda question: question.slips, QUESTIONS.values()):
        earlier = truth(question, case)
        right = question.solve(case, earlier)
        for slip in question.slips:
            value = slip.value(case, earlier)
            if value is not None and right is not None and abs(value - right) <= 2 * question.tolerance + 1e-6:
                yield f"{question.id}: {slip.name}"


def _battery_is_fair(case: Case) -> bool:
    """Tell whether a session does not fit into the cycle on the phone, and some cycles of the list are too short and some long enough."""
    needed = case.power_w * case.session_hours * 24 / case.battery_wh
    fitting = sum(cycle >= needed for cycle in case.cycles)
    return case.session_hours > case.phone_cycle and 2 <= fitting < len(case.cycles)
