"""Find the races that own numbers are drawn from, and write them down: ``.venv/bin/python tools/races.py``.

A few trials lead to their answers, and no rounding on the way decides one. Whoever changes what is looked for here, or the model,
changes the numbers of students whose course is running.
"""

import json
from math import ceil, floor

from mlwf import model
from mlwf.assignment.case import LARGE_START, SMALL_START, Case
from mlwf.assignment.solving import level_in_week, trial_weeks

WEEK = model.HOURS_PER_WEEK
SMALL_CYCLES = (6, 7, 8, 12, 14, 21, 24)  # each week holds whole iterations
DECAYS = tuple(n / 1000 for n in range(985, 996))
LARGE_GAINS, SMALL_GAINS = (tuple(n / 100 for n in range(low, low + 7)) for low in (12, 8))
FIRST_WEEK, LAST_WEEK = 2, 20
TRIALS = 3  # weeks to look at in the saturating race
CLEAR = 0.02  # percentage points; students round accuracies to two digits


def main() -> None:
    from mlwf.assignment.races import FILE

    rows = {name: ",\n ".join(map(json.dumps, races)) for name, races in found().items()}
    text = ",\n".join(f'"{name}": [\n {races}]' for name, races in rows.items())
    FILE.write_text(f"{{{text}}}\n", encoding="utf-8")
    print(f"races: wrote {FILE}")


def found() -> dict[str, list]:
    """What races.json should hold: for each pair of gains the races that cross, for each gain of the large model the brief leads."""
    return {
        "crossing": [[large, small, crossing_races(large, small)] for large in LARGE_GAINS for small in SMALL_GAINS],
        "brief": [[large, brief_leads(large)] for large in LARGE_GAINS],
    }


def crossing_races(large_gain: float, small_gain: float) -> list[tuple[int, int, float]]:
    """Cycle of the first race, cycle and decay of the second, with which both cross where a few trials find it."""
    weeks_until_level = {
        cycle: (LARGE_START - SMALL_START) / (WEEK // cycle * small_gain - large_gain)
        for cycle in SMALL_CYCLES
        if WEEK // cycle * small_gain > large_gain
    }
    linear = [
        c for c, weeks in weeks_until_level.items() if FIRST_WEEK - 1 < weeks < LAST_WEEK and 0.1 < weeks % 1 < 0.9
    ]
    saturating = [(c, decay) for c in linear for decay in DECAYS if is_clear(large_gain, small_gain, c, decay)]
    return [(c, *other) for c in linear for other in saturating if other[0] != c]


def is_clear(large_gain: float, small_gain: float, cycle: int, decay: float) -> bool:
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


def brief_leads(large_gain: float) -> list[tuple[float, int, float, int]]:
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
                    if is_a_brief_lead(large_gain, *lead):
                        found.append(lead)
    return found


def is_a_brief_lead(large_gain: float, gain: float, cycle: int, decay: float, week: int) -> bool:
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


if __name__ == "__main__":
    main()
