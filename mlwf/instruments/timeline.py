"""Instrument: what a constraint costs, by the stage at which it is found."""

import ipywidgets as widgets
from traitlets import Int

from mlwf.figures import Timeline, cost_level, level
from mlwf.instruments.base import Bound, Instrument, InstrumentModel
from mlwf.instruments.cards import Card, cards, physics
from mlwf.instruments.desk import Desk
from mlwf.model import STAGES, TOTAL_DAYS, cost_multiplier, stages_to_redo, sunk_days


class TimelineModel(InstrumentModel[Timeline]):
    """Traits: `stage` of discovery, 1 to 6."""

    stage = Int(1, min=1, max=len(STAGES))
    picture_class = Timeline
    inputs = ("stage",)

    def depict(self, picture: Timeline) -> None:
        picture.depict(self.stage)

    def readout(self) -> str:
        n, multiplier, sunk, redo = (
            self.stage,
            cost_multiplier(self.stage),
            sunk_days(self.stage),
            stages_to_redo(self.stage),
        )
        row = cards(
            (
                Card("Cost multiplier", f"{multiplier}×", f"2^({n}−1) = 2^{n - 1}", cost_level(multiplier)),
                Card(
                    "Days sunk",
                    f"{sunk} d",
                    f"{sunk / TOTAL_DAYS:.0%} of {TOTAL_DAYS} person-days",
                    level(sunk, 20, 60),
                ),
                Card("Stages to redo", f"{redo}", _redo_note(n), level(n, 2, 3)),
            )
        )
        formulas = physics(
            (
                ("stage of discovery N", f"{n} ({STAGES[n - 1].name})"),
                ("cost multiplier", f"2^(N−1) = 2^({n}−1) = {multiplier}"),
                (
                    "person-days sunk",
                    f"{' + '.join(str(stage.days) for stage in STAGES[: n - 1]) or 'none'} = {sunk}" if sunk else "0",
                ),
            )
        )
        return row + formulas


def _redo_note(stage: int) -> str:
    if stage == 1:
        return "nothing is built yet"
    return "stage 1" if stage == 2 else f"stages 1 to {stage - 1}"


def timeline_instrument(model: TimelineModel, desk: Desk | None = None) -> Instrument:
    """View of the timeline."""
    slider = widgets.IntSlider(min=1, max=len(STAGES), description="Stage of discovery")
    return Instrument(model, [Bound(slider, "stage")], desk)
