"""The lab as a student meets it: one method for each part, in order."""

from collections.abc import Callable

import ipywidgets as widgets
from traitlets import link

from mlwf import instruments
from mlwf.instruments.base import block
from mlwf.lab.content import act, html
from mlwf.lab.parts import accordion, after, banner, note, question_view, stack, text, verdict
from mlwf.lab.progress import Progress
from mlwf.lab.status import status_bar

FIRST_PREDICTION = ("cost",)
FIRST_REFLECTION = ("failure",)
RACE_PREDICTIONS = ("strategy", "crossing")
LAST_REFLECTIONS = ("battery", "rate")


class Lab:
    """The story's state and its parts. Each method returns a widget for one notebook cell.

    Attributes
    ----------
    progress : Progress
    timeline, split, race, energy, gates : InstrumentModel
        The settings of the instruments; the cycles and the window of `energy` are those of `race`.
    """

    def __init__(self) -> None:
        self.progress = Progress()
        self.timeline = instruments.TimelineModel()
        self.split = instruments.SplitModel()
        self.race = instruments.RaceModel()
        self.energy = instruments.EnergyModel()
        self.gates = instruments.GatesModel()
        for trait in ("large_cycle", "small_cycle", "weeks"):
            link((self.race, trait), (self.energy, trait))

    # Act I

    def header(self) -> widgets.Widget:
        """Title, time and what to know before."""
        return text(act(1)["header"])

    def reading(self) -> widgets.Widget:
        """What to read first."""
        return note(act(1)["reading"])

    def message(self) -> widgets.Widget:
        """Act I's banner and the project lead's message."""
        return stack(banner(**act(1)["banner"]), note(act(1)["message"]))

    def predict_cost(self) -> widgets.Widget:
        """Prediction: how much dearer is the fix at deployment?"""
        return question_view(self.progress["cost"])

    def show_timeline(self) -> widgets.Widget:
        """Instrument: the cost by stage of discovery."""
        return self._instrument(1, "timeline", FIRST_PREDICTION, lambda: instruments.timeline_instrument(self.timeline))

    def show_split(self) -> widgets.Widget:
        """Instrument: where a project's time goes."""
        return self._instrument(1, "split", FIRST_PREDICTION, lambda: instruments.split_instrument(self.split))

    def compare_cost(self) -> widgets.Widget:
        """The first prediction beside the model's answer."""
        return self._comparison(1, FIRST_PREDICTION, shown_after=FIRST_PREDICTION)

    def reflect_on_failure(self) -> widgets.Widget:
        """Reflection that opens Act II."""
        return self._after(1, "reflection", FIRST_PREDICTION, lambda: question_view(self.progress["failure"]))

    def cost_maths(self) -> widgets.Widget:
        """The formula behind the timeline."""
        return self._maths(1, FIRST_REFLECTION)

    # Act II

    def race_intro(self) -> widgets.Widget:
        """Act II's banner, and what the team argues about."""
        return self._after(
            2, "intro", FIRST_REFLECTION, lambda: stack(banner(**act(2)["banner"]), text(act(2)["intro"]["text"]))
        )

    def choose_context(self) -> widgets.Widget:
        """Where the training runs."""
        return self._instrument(2, "context", FIRST_REFLECTION, lambda: instruments.context_choice(self.energy))

    def predict_race(self) -> widgets.Widget:
        """Predictions: which strategy, and when does the small model lead?"""
        return self._after(2, "predictions", FIRST_REFLECTION, lambda: self._questions(RACE_PREDICTIONS))

    def show_race(self) -> widgets.Widget:
        """Instrument: the race."""
        return self._instrument(2, "race", RACE_PREDICTIONS, lambda: instruments.race_instrument(self.race))

    def show_gates(self) -> widgets.Widget:
        """Instrument: the gate designer."""
        return self._instrument(2, "gates", RACE_PREDICTIONS, lambda: instruments.gates_instrument(self.gates))

    def show_energy(self) -> widgets.Widget:
        """Instrument: the energy panel."""
        return self._instrument(2, "energy", RACE_PREDICTIONS, lambda: instruments.energy_instrument(self.energy))

    def reflect_on_race(self) -> widgets.Widget:
        """Reflections on battery and decay."""
        return self._after(2, "reflection", RACE_PREDICTIONS, lambda: self._questions(LAST_REFLECTIONS))

    def compare_race(self) -> widgets.Widget:
        """The predictions of Act II beside the model's answers."""
        return self._comparison(2, RACE_PREDICTIONS, shown_after=RACE_PREDICTIONS + LAST_REFLECTIONS)

    def race_maths(self) -> widgets.Widget:
        """The formulas of race and battery."""
        return self._maths(2, RACE_PREDICTIONS + LAST_REFLECTIONS)

    def status(self) -> widgets.Widget:
        """The present settings in one line."""
        models = (self.timeline, self.race, self.energy, self.gates)
        return self._after(2, "status", RACE_PREDICTIONS, lambda: status_bar(*models))

    # What the parts have in common

    def _after(
        self, number: int, section: str, needed: tuple[str, ...], build: Callable[[], widgets.Widget]
    ) -> widgets.VBox:
        return after(self.progress, needed, act(number)[section]["waiting"], build)

    def _instrument(
        self, number: int, section: str, needed: tuple[str, ...], build: Callable[[], widgets.Widget]
    ) -> widgets.VBox:
        return self._after(number, section, needed, lambda: stack(text(act(number)[section]["intro"]), build()))

    def _questions(self, question_ids: tuple[str, ...]) -> widgets.VBox:
        return stack(*(question_view(self.progress[question_id]) for question_id in question_ids))

    def _comparison(self, number: int, question_ids: tuple[str, ...], *, shown_after: tuple[str, ...]) -> widgets.VBox:
        def build() -> widgets.Widget:
            answered = [self.progress[question_id] for question_id in question_ids]
            boxes = "".join(map(verdict, answered))
            return stack(text(act(number)["reveal"]["title"]), widgets.HTML(block(boxes)))

        return self._after(number, "reveal", shown_after, build)

    def _maths(self, number: int, needed: tuple[str, ...]) -> widgets.VBox:
        maths = act(number)["maths"]
        body = html(maths["text"], examples=maths.get("examples", ()))
        return self._after(number, "maths", needed, lambda: accordion(maths["title"], body))
