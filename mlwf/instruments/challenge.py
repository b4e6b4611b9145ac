"""Instrument: a design problem with two limits at once, and hints one after the other."""

from collections.abc import Callable, Sequence
from typing import Any

from traitlets import Enum, Int

from mlwf.instruments.base import Action, Bound, Instrument, InstrumentModel
from mlwf.instruments.cards import Card, box, cards
from mlwf.instruments.desk import Desk
from mlwf.instruments.race import SMALL_CYCLES, small_cycle_steps
from mlwf.model import MOBILE, BatteryBudget, Crossover, battery_budget, crossover, large_strategy, small_strategy

DEADLINE_WEEK, WEEKS = 20, 26
LARGE_CYCLE, DECAY, SESSION = 168, 0.99, 1.0


class ChallengeModel(InstrumentModel[Any]):
    """Traits: `small_cycle` in hours, and how many `hints` are shown.

    Parameters
    ----------
    hint_texts : sequence of str
        HTML, the mildest first.
    solved_text : callable
        ``solved_text(found, cycle, session)`` returns the HTML that greets a solution.
    """

    small_cycle = Enum(SMALL_CYCLES, 1)
    hints = Int(0, min=0)
    picture_class = None
    inputs = ("small_cycle", "hints")

    def __init__(self, hint_texts: Sequence[str] = (), solved_text: Callable[..., str] = lambda **_: "") -> None:
        super().__init__()
        self.hint_texts = tuple(hint_texts)
        self._solved_text = solved_text

    @property
    def found(self) -> Crossover:
        """The crossover with this cycle."""
        return crossover(small_strategy(self.small_cycle, DECAY), large_strategy(LARGE_CYCLE, DECAY), WEEKS)

    @property
    def budget(self) -> BatteryBudget:
        """A day's training with this cycle, against the phone's battery."""
        return battery_budget(MOBILE, self.small_cycle, SESSION)

    @property
    def in_time(self) -> bool:
        """True if the small model is ahead after a whole week by the deadline."""
        week = self.found.week
        return week is not None and week <= DEADLINE_WEEK

    @property
    def solved(self) -> bool:
        """True if it is in time, and fits into the battery."""
        return self.in_time and self.budget.fits

    def hint(self) -> None:
        """Show one more hint."""
        self.hints = min(self.hints + 1, len(self.hint_texts))

    def readout(self) -> str:
        found, budget = self.found, self.budget
        row = cards(
            (
                Card(
                    f"Ahead by week {DEADLINE_WEEK}?",
                    "never" if found.week is None else f"week {found.week}",
                    "first whole week ahead or level",
                    "good" if self.in_time else "bad",
                ),
                Card(
                    "Fits into one charge a day?",
                    f"{budget.wh_per_day:.4g} Wh",
                    f"of {budget.battery_wh:g} Wh a day: {budget.ratio:.3g} times the battery",
                    "good" if budget.fits else "bad",
                ),
            )
        )
        if self.solved:
            row += box(self._solved_text(found=found, cycle=self.small_cycle, session=SESSION), "good")
        shown = self.hint_texts[: self.hints]
        return row + "".join(box(f"<b>Hint {n}</b>{hint}") for n, hint in enumerate(shown, 1))


def challenge_instrument(model: ChallengeModel, desk: Desk | None = None) -> Instrument:
    """View of the challenge."""
    more = Action("Show a hint", model.hint)

    def count(_change: object = None) -> None:
        left = len(model.hint_texts) - model.hints
        more.button.description = (
            "Show a hint" if not model.hints else "Show another hint" if left > 0 else "No more hints"
        )
        more.button.disabled = left <= 0

    model.observe(count, names="hints")
    count()
    return Instrument(model, [Bound(small_cycle_steps(), "small_cycle"), more], desk)
