"""Instrument: all races at once, and where the present one stands among them."""

from traitlets import Enum, Int

from mlwf.figures import CrossingMap
from mlwf.instruments.base import Bound, Instrument, InstrumentModel
from mlwf.instruments.cards import Card, cards
from mlwf.instruments.desk import Desk
from mlwf.instruments.race import (
    DECAYS,
    LARGE_CYCLES,
    MAX_WEEKS,
    MIN_WEEKS,
    SMALL_CYCLES,
    crossover_card,
    decay_steps,
    large_cycle_steps,
    small_cycle_steps,
    window_slider,
)
from mlwf.model import Crossover, crossover, large_strategy, small_strategy


class CrossingMapModel(InstrumentModel[CrossingMap]):
    """Traits: those of the race that is marked; `RaceModel` has the same."""

    large_cycle = Enum(LARGE_CYCLES, 168)
    small_cycle = Enum(SMALL_CYCLES, 1)
    decay = Enum(DECAYS, 0.95)
    weeks = Int(26, min=MIN_WEEKS, max=MAX_WEEKS)
    picture_class = CrossingMap
    inputs = ("large_cycle", "small_cycle", "decay", "weeks")

    @property
    def found(self) -> Crossover:
        """The crossover of the race that is marked."""
        return crossover(
            small_strategy(self.small_cycle, self.decay), large_strategy(self.large_cycle, self.decay), self.weeks
        )

    def depict(self, picture: CrossingMap) -> None:
        picture.depict(self.large_cycle, self.small_cycle, self.decay, self.found)

    def readout(self) -> str:
        found = self.found
        at_end = f"{found.challenger_final:.1f} % to {found.leader_final:.1f} %"
        return cards((crossover_card(found), Card("When the window ends", at_end, "small model to large model")))


def crossing_map_instrument(model: CrossingMapModel, desk: Desk | None = None) -> Instrument:
    """View of the crossing map."""
    return Instrument(
        model,
        [
            Bound(small_cycle_steps(), "small_cycle"),
            Bound(decay_steps(), "decay"),
            Bound(large_cycle_steps(), "large_cycle"),
            Bound(window_slider(), "weeks"),
        ],
        desk,
    )
