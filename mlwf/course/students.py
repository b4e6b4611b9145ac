"""The demo's class, as data: what each student hands in, and what it should be worth.

Each has numbers of their own, so that answers are written with the names of these. The key is written by hand, so that it
checks the marks instead of repeating them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent

ASSIGNMENT = "constraint_tax"
MEMO = "Found at Deployment the fix takes 48 person-days. The small model leads from week 7, and hourly training takes 120 Wh/day."


@dataclass(frozen=True)
class Student:
    """One member of the class.

    Attributes
    ----------
    id : str
    solves : bool
        True to start from the solutions in the source, False to start from the empty notebook.
    answers : mapping of str to str
        What this student writes otherwise: `grade_id` of a cell and its text.
    """

    id: str
    solves: bool
    answers: Mapping[str, str] = field(default_factory=dict)


def _answers(**texts: str) -> dict[str, str]:
    return {"memo": MEMO} | {f"{question}-answer": dedent(text).strip() for question, text in texts.items()}


STUDENTS = (
    Student("right", solves=True),
    Student(
        "mistakes",
        solves=False,
        answers=_answers(
            multiplier="multiplier = 2**my.stage",
            fix_days="fix_days = my.base_days * multiplier",  # right for the wrong multiplier
            latest_stage="latest_stage = str(1 + round(math.log2(my.most_days / my.base_days)))",
            sunk="sunk = sum([5, 30, 60, 40, 10, 5][: my.stage])",
            rework_cost="""
                def rework_cost(stage, base_days=1.0):
                    return base_days * 2 ** (stage - 1)
            """,
            gated_price='gated_price = 4 if "memory_profiling" in my.gates else 8',
            large_iterations="large_iterations = my.weeks",
            small_iterations="small_iterations = 168 // my.third_cycle",
            large_limit="large_limit = 95 + my.large_gain / (1 - my.third_decay)",
            small_limit="small_limit = my.small_gain / (1 - my.third_decay)",
            linear_week="linear_week = (95 - 90) // (168 // my.linear_cycle * my.small_gain - my.large_gain)",
            saturating_week="saturating_week = math.ceil(5 / (168 // my.saturating_cycle * my.small_gain - my.large_gain))",
            third_week='third_week = "never"',
            level_day="""
                r = my.fourth_decay
                level = 95 + my.large_gain * (1 - r ** (my.fourth_week - 1)) / (1 - r)
                k = math.log(1 - (level - 90) * (1 - r) / my.fourth_gain) / math.log(r)
                level_day = math.ceil(k) * my.fourth_cycle // 24
            """,
            phone_wh="phone_wh = my.power_w * my.session_hours * 24 / my.phone_cycle",
            battery_ratio="battery_ratio = phone_wh / my.battery_wh",  # right for the wrong phone_wh
            shortest_cycle="""
                fits = [c for c in sorted(my.cycles) if my.power_w * my.session_hours * 24 / c <= my.battery_wh]
                shortest_cycle = fits[1]
            """,
            longest_session="longest_session = [1.0]",
            cloud_kwh="cloud_kwh = my.weeks * 168 / my.cloud_cycle * my.session_hours * my.cloud_power_w",
            cloud_dollars="cloud_dollars = cloud_kwh / 1000 * my.cloud_price",
        ),
    ),
    Student("untouched", solves=False),
    Student(
        "crashes",
        solves=True,
        answers=_answers(
            linear_week="""
                gain_a_week = 7 * 0.10
                head_start = 7 * 0.10
                linear_week = (95 - 90) / (gain_a_week - head_start)
            """
        ),
    ),
    Student(
        "endless",
        solves=True,
        answers=_answers(
            rework_cost="""
                def rework_cost(stage, base_days=1.0):
                    cost = base_days
                    while stage > 0:
                        cost = cost * 2
                    return cost
            """,
            third_week="""
                small, gain, week = 90, 0.10, 0
                while small < 95:
                    for iteration in range(168):
                        small, gain = small + gain, gain * 0.95
                    week = week + 1
                third_week = week
            """,
        ),
    ),
)

_COLUMNS = ("right", "mistakes", "untouched", "crashes", "endless")
# fmt: off
_KEY = {  #          max   right mistakes untouched crashes endless
    "multiplier":       (2, (2,  1,     0,        2,      2)),
    "fix_days":         (2, (2,  1.5,   0,        2,      2)),
    "latest_stage":     (2, (2,  2,     0,        2,      2)),
    "sunk":             (2, (2,  1,     0,        2,      2)),
    "rework_cost":      (3, (3,  2.25,  0,        3,      0)),
    "gated_price":      (2, (2,  1,     0,        2,      2)),
    "large_iterations": (1, (1,  1,     0,        1,      1)),
    "small_iterations": (1, (1,  0.5,   0,        1,      1)),
    "large_limit":      (1, (1,  1,     0,        1,      1)),
    "small_limit":      (1, (1,  0.5,   0,        1,      1)),
    "linear_week":      (3, (3,  1.5,   0,        0,      3)),
    "saturating_week":  (3, (3,  0.75,  0,        3,      3)),
    "third_week":       (3, (3,  0,     0,        3,      0)),
    "level_day":        (3, (3,  1.5,   0,        3,      3)),
    "crossover_week":   (4, (4,  0,     0,        4,      4)),
    "phone_wh":         (2, (2,  1,     0,        2,      2)),
    "battery_ratio":    (1, (1,  0.75,  0,        1,      1)),
    "shortest_cycle":   (2, (2,  1,     0,        2,      2)),
    "longest_session":  (2, (2,  0,     0,        2,      2)),
    "cloud_kwh":        (2, (2,  1,     0,        2,      2)),
    "cloud_dollars":    (2, (2,  0.5,   0,        2,      2)),
}
# fmt: on


def answer_key() -> dict[tuple[str, str], tuple[float, float]]:
    """Points and maximum that each (student, question) should come out with."""
    return {
        (student, question): (score, most)
        for question, (most, scores) in _KEY.items()
        for student, score in zip(_COLUMNS, scores, strict=True)
    }
