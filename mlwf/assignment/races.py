"""Races to draw from: those with which a few trials lead to the answer.

To find them takes a second, which a student's notebook and the grader do without: `tools/races.py` has written them to races.json.
"""

import json
from pathlib import Path

FILE = Path(__file__).with_name("races.json")
Crossing = tuple[int, int, float]
Brief = tuple[float, int, float, int]


def _read() -> tuple[dict[tuple[float, float], list[Crossing]], dict[float, list[Brief]]]:
    written = json.loads(FILE.read_text(encoding="utf-8"))
    crossing = {(large, small): [tuple(race) for race in races] for large, small, races in written["crossing"]}
    return crossing, {large: [tuple(lead) for lead in leads] for large, leads in written["brief"]}


#: Cycle of the first race, cycle and decay of the second, by the gains of the large and the small model.
CROSSING_RACES: dict[tuple[float, float], list[Crossing]]
#: Gain, cycle, decay and week of the fourth race, by the gain of the large model.
BRIEF_LEADS: dict[float, list[Brief]]
CROSSING_RACES, BRIEF_LEADS = _read()
LARGE_GAINS, SMALL_GAINS = (tuple(sorted(set(gains))) for gains in zip(*CROSSING_RACES, strict=True))
