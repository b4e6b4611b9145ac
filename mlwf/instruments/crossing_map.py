"""Instrument: all races at once, and where the present one stands among them."""

from mlwf.figures import CrossingMap
from mlwf.instruments.base import Bound, Instrument
from mlwf.instruments.cards import Card, cards
from mlwf.instruments.desk import Desk
from mlwf.instruments.race import (
    RaceSettings,
    crossover_card,
    decay_steps,
    large_cycle_steps,
    small_cycle_steps,
    window_slider,
)


class CrossingMapModel(RaceSettings[CrossingMap]):
    """All races, and the one at these settings marked among them."""

    picture_class = CrossingMap

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
