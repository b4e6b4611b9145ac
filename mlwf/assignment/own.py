"""A student's own numbers: they follow from the course's key and the student's id, and are the same on every machine.

Numbers are drawn anew until they are fair: a pocket calculator and a few trials are enough, as much work as for anybody else,
no rounding on the way decides an answer, and no mistake that we know leads to the right value.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlwf import model
from mlwf.assignment.case import PUBLISHED, Case
from mlwf.assignment.draws import Draws
from mlwf.assignment.questions import QUESTIONS, truth
from mlwf.assignment.races import BRIEF_LEADS, CROSSING_RACES, LARGE_GAINS, SMALL_GAINS

#: Two active gates, of which one sees memory at stage 3 or 4.
GATES = (
    ("memory_profiling", "on_device_test"), ("latency_budget", "memory_profiling"), ("schema_validation", "memory_profiling"),
    ("memory_profiling", "staged_rollout"), ("latency_budget", "on_device_test"), ("schema_validation", "on_device_test"),
    ("on_device_test", "staged_rollout"),
)  # fmt: skip
AFFORDABLE_STAGES = (2, 3, 4)
#: Questions with a mistake that leads to the right value for some of these numbers. No other has one, whatever is drawn, which
#: a test shows once for all and nobody's numbers have to show again.
TREACHEROUS = ("linear_week",)
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


def cases_of_others(course_key: str, student: str, said: str) -> dict[str, Case]:
    """Return the numbers that a student may have worked with by mistake, by whose they are.

    Parameters
    ----------
    course_key, student : str
        As for `own_case`.
    said : str
        The id that the notebook gives; empty if it gives none.
    """
    if not course_key:
        return {}
    others = {said: own_case(course_key, said)} if said and said != student else {}
    return {"the published lab": PUBLISHED} | others


def _drawn(draws: Draws) -> Case:
    chosen = {name: draws.choose(values) for name, values in OPTIONS.items()}
    while True:
        large_gain, small_gain = draws.choose(LARGE_GAINS), draws.choose(SMALL_GAINS)
        crossing, brief = CROSSING_RACES[large_gain, small_gain], BRIEF_LEADS[large_gain]
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


def is_fair(case: Case) -> bool:
    """Tell whether no mistake leads to the right value, and the third race is one that can't cross."""
    return third_is_fair(case) and battery_is_fair(case) and not any(lucky_slips(case, TREACHEROUS))


def lucky_slips(case: Case, asked: Iterable[str] = tuple(QUESTIONS)) -> Iterator[str]:
    """Name the mistakes in these questions that would lead to the right value with this case, as "question: mistake"."""
    for question in (QUESTIONS[name] for name in asked if QUESTIONS[name].slips):
        earlier = truth(question, case)
        right = question.solve(case, earlier)
        for slip in question.slips:
            value = slip.value(case, earlier)
            if value is not None and right is not None and abs(value - right) <= 2 * question.tolerance + 1e-6:
                yield f"{question.id}: {slip.name}"


def third_is_fair(case: Case) -> bool:
    """Tell whether the small model of the third race stays clearly below the large one, and that below the ceiling."""
    third = case.race(3)
    return third.small.limit() <= third.large.start - 0.5 and third.large.limit() <= third.large.ceiling - 0.1


def battery_is_fair(case: Case) -> bool:
    """Tell whether a session does not fit into the cycle on the phone, and some cycles of the list are too short and some long enough."""
    needed = case.power_w * case.session_hours * 24 / case.battery_wh
    fitting = sum(cycle >= needed for cycle in case.cycles)
    return case.session_hours > case.phone_cycle and 2 <= fitting < len(case.cycles)
