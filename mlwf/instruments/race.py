"""Instrument: the race between a large model that iterates slowly and a small one that iterates fast."""

import ipywidgets as widgets
from traitlets import Enum, Int

from mlwf.figures import Race
from mlwf.instruments.base import AnyPicture, Bound, Instrument, InstrumentModel, steps
from mlwf.instruments.cards import Card, cards, physics
from mlwf.instruments.desk import Desk
from mlwf.model import HOURS_PER_WEEK, Crossover, Strategy, crossover, large_strategy, small_strategy

LARGE_CYCLES = (1, 24, 168, 336)
SMALL_CYCLES = (1, 4, 12, 24, 168)
DECAYS = (0.90, 0.95, 0.99, 1.0)
MIN_WEEKS, MAX_WEEKS = 4, 52
GOOD_ACCURACY = 97


class RaceSettings(InstrumentModel[AnyPicture]):
    """Traits: `large_cycle` and `small_cycle` in hours, `decay` of the gain, `weeks` of the window."""

    large_cycle = Enum(LARGE_CYCLES, 168)
    small_cycle = Enum(SMALL_CYCLES, 1)
    decay = Enum(DECAYS, 0.95)
    weeks = Int(26, min=MIN_WEEKS, max=MAX_WEEKS)
    inputs = ("large_cycle", "small_cycle", "decay", "weeks")

    @property
    def large(self) -> Strategy:
        return large_strategy(self.large_cycle, self.decay)

    @property
    def small(self) -> Strategy:
        return small_strategy(self.small_cycle, self.decay)

    @property
    def found(self) -> Crossover:
        """The crossover of the small model over the large one at the present settings."""
        return crossover(self.small, self.large, self.weeks)


class RaceModel(RaceSettings[Race]):
    """The race at these settings."""

    picture_class = Race

    def depict(self, picture: Race) -> None:
        picture.depict(self.large, self.small, self.found)

    def readout(self) -> str:
        found, ratio = self.found, self.large_cycle / self.small_cycle
        row = cards(
            (
                _final("Large model, final", found.leader_final, found.leader_iterations),
                _final("Small model, final", found.challenger_final, found.challenger_iterations),
                crossover_card(found),
                Card("Cycle ratio", f"{ratio:g}×" if ratio >= 1 else f"{1 / ratio:g}× slower",
                     "small model iterates faster" if ratio > 1 else "same pace" if ratio == 1 else "small model against large"),
            )
        )  # fmt: skip
        hours = self.weeks * HOURS_PER_WEEK
        return row + physics(
            (
                ("hours in the window", f"{self.weeks} × {HOURS_PER_WEEK} = {hours:,}"),
                ("iterations, large", f"{hours:,} / {self.large_cycle} = {found.leader_iterations:,}"),
                ("iterations, small", f"{hours:,} / {self.small_cycle} = {found.challenger_iterations:,}"),
                ("accuracy, large", _formula(self.large, found.leader_iterations, found.leader_final)),
                ("accuracy, small", _formula(self.small, found.challenger_iterations, found.challenger_final)),
            )
        )


def crossover_card(found: Crossover) -> Card:
    """When the small model draws level."""
    if found.hour is None:
        note = "behind all along"
    else:
        note = f"level at hour {found.hour:,}{', but at no whole week' if found.week is None else ''}"
    return Card("Crossover", "never" if found.week is None else f"week {found.week}", note)


def _final(label: str, accuracy: float, iterations: int) -> Card:
    return Card(
        label, f"{accuracy:.1f} %", f"{iterations:,} iterations", "good" if accuracy >= GOOD_ACCURACY else "plain"
    )


def _formula(strategy: Strategy, iterations: int, final: float) -> str:
    if strategy.linear:
        gained = f"{strategy.gain:g} × {iterations:,}"
    else:
        gained = f"{strategy.gain:g} × (1 − {strategy.decay:g}^{iterations:,}) / (1 − {strategy.decay:g})"
    return f"min({strategy.ceiling:g}, {strategy.start:g} + {gained}) = {final:.2f} %"


def large_cycle_steps() -> widgets.SelectionSlider:
    """A slider over the cycles of the large model."""
    return steps("Cycle of the large model", LARGE_CYCLES, "h")


def small_cycle_steps() -> widgets.SelectionSlider:
    """A slider over the cycles of the small model."""
    return steps("Cycle of the small model", SMALL_CYCLES, "h")


def decay_steps() -> widgets.SelectionSlider:
    """A slider over the decay rates, which says that 1 is linear."""
    return widgets.SelectionSlider(
        description="Decay of the gain (r)", options=[("1 (linear)" if r == 1 else f"{r:.2f}", r) for r in DECAYS]
    )


def window_slider() -> widgets.IntSlider:
    """A slider over the project's window."""
    return widgets.IntSlider(min=MIN_WEEKS, max=MAX_WEEKS, step=2, description="Project window (weeks)")


def race_instrument(model: RaceModel, desk: Desk | None = None) -> Instrument:
    """View of the race."""
    return Instrument(
        model,
        [
            Bound(large_cycle_steps(), "large_cycle"),
            Bound(small_cycle_steps(), "small_cycle"),
            Bound(decay_steps(), "decay"),
            Bound(window_slider(), "weeks"),
        ],
        desk,
    )
