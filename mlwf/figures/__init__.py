"""Pictures of the model: for each instrument a class that is updated in place, and a function of plain numbers.

The functions return matplotlib Figures that Jupyter shows by themselves, so ``interact(timeline, stage=(1, 6))`` works.
"""

from mlwf.figures.crossing_map import CrossingMap, crossing_map
from mlwf.figures.energy import Energy, energy
from mlwf.figures.gates import Gates, gates
from mlwf.figures.palette import cost_level, level
from mlwf.figures.picture import Look, Picture
from mlwf.figures.race import Race, race
from mlwf.figures.split import Split, time_split
from mlwf.figures.timeline import Timeline, timeline

__all__ = [
    "CrossingMap", "Energy", "Gates", "Look", "Picture", "Race", "Split", "Timeline", "cost_level", "crossing_map", "energy",
    "gates", "level", "race", "time_split", "timeline",
]  # fmt: skip
