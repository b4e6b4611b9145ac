"""The lab's instruments: for each a traitlets model that works without a browser, and a view of widgets bound to it."""

from mlwf.instruments.base import Instrument, InstrumentModel
from mlwf.instruments.challenge import ChallengeModel, challenge_instrument
from mlwf.instruments.crossing_map import CrossingMapModel, crossing_map_instrument
from mlwf.instruments.desk import Desk
from mlwf.instruments.energy import EnergyModel, context_choice, energy_instrument
from mlwf.instruments.gates import GatesModel, gates_instrument
from mlwf.instruments.race import RaceModel, race_instrument
from mlwf.instruments.split import SplitModel, split_instrument
from mlwf.instruments.timeline import TimelineModel, timeline_instrument

__all__ = [
    "ChallengeModel", "CrossingMapModel", "Desk", "EnergyModel", "GatesModel", "Instrument", "InstrumentModel", "RaceModel",
    "SplitModel", "TimelineModel", "challenge_instrument", "context_choice", "crossing_map_instrument", "energy_instrument",
    "gates_instrument", "race_instrument", "split_instrument", "timeline_instrument",
]  # fmt: skip
