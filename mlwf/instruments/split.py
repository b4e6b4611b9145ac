"""Instrument: a guess of how a project's time splits up, and then the survey."""

import ipywidgets as widgets
from traitlets import Bool, Int, link

from mlwf.figures import Split
from mlwf.instruments.base import Action, Bound, Instrument, InstrumentModel
from mlwf.instruments.cards import box
from mlwf.instruments.desk import Desk
from mlwf.model import STAGES, SURVEY_DATA_RANGE, SURVEY_MODEL_RANGE, TOTAL_DAYS


class SplitModel(InstrumentModel[Split]):
    """Traits: guessed share of `data` work in percent; `committed` once the guess stands, after which it can't change."""

    data = Int(40, min=5, max=95)
    committed = Bool()
    picture_class = Split
    inputs = ("data", "committed")

    def commit(self) -> None:
        """Let the guess stand and show the survey."""
        self.committed = True

    def reset(self) -> None:
        """Go back to the guess at the start, unless one stands already."""
        if not self.committed:
            super().reset()

    def depict(self, picture: Split) -> None:
        picture.depict(self.data, self.committed)

    def readout(self) -> str:
        if not self.committed:
            return ""
        low, high = SURVEY_DATA_RANGE
        where = (
            "within"
            if low <= self.data <= high
            else f"{low - self.data} points below"
            if self.data < low
            else f"{self.data - high} points above"
        )
        data_days = STAGES[1].days
        return box(
            f"<p>You guessed {self.data} % for data work: {where} the {low}–{high} % that is often quoted, with "
            f"{SURVEY_MODEL_RANGE[0]}–{SURVEY_MODEL_RANGE[1]} % for modeling.</p>"
            f"<p>Handle the quoted figure with care: it goes back to a survey, and its source has since withdrawn it. The plan in "
            f"the timeline above does not follow it either: there, data takes {data_days} of {TOTAL_DAYS} person-days, "
            f"{data_days / TOTAL_DAYS:.0%}.</p>"
        )


def split_instrument(model: SplitModel, desk: Desk | None = None) -> Instrument:
    """View of the time split."""
    slider = widgets.IntSlider(min=5, max=95, step=5, description="Share of data work (%)")
    commit = Action("Commit my guess", model.commit, primary=True)
    for control in (slider, commit.button):
        link((model, "committed"), (control, "disabled"))
    return Instrument(model, [Bound(slider, "data"), commit], desk)
