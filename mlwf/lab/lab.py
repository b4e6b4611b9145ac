"""The lab as a student meets it: one method for each part, in order."""

import os
from collections.abc import Callable
from html import escape

import ipywidgets as widgets
from traitlets import link

from mlwf import instruments
from mlwf.instruments.base import Action
from mlwf.instruments.cards import block, box, failure
from mlwf.lab import record, settings, status
from mlwf.lab.content import html, texts
from mlwf.lab.parts import accordion, after, banner, note, question_view, text, verdict
from mlwf.lab.progress import Progress
from mlwf.lab.report import download, report
from mlwf.ledger import Ledger

FIRST_PREDICTION = ("cost",)
FIRST_REFLECTION = ("failure",)
RACE_PREDICTIONS = ("strategy", "crossing")
LAST_REFLECTIONS = ("battery", "rate")
END = RACE_PREDICTIONS + LAST_REFLECTIONS
MOST_SHOWN = 200  # characters of a link that asks for what there is not


class Lab:
    """The story's state and its parts. Each method returns a widget for one notebook cell.

    Parameters
    ----------
    ledger : path, optional
        Where the student's record is; see `mlwf.ledger.Ledger`.

    Attributes
    ----------
    progress : Progress
        The answers.
    models : Models
        The instruments' settings.
    desk : Desk
    """

    def __init__(self, ledger: str | os.PathLike[str] | None = None) -> None:
        explore = texts("explore")["challenge"]
        self.progress = Progress()
        self.desk = instruments.Desk()
        self.models = settings.Models(
            timeline=instruments.TimelineModel(),
            split=instruments.SplitModel(),
            race=instruments.RaceModel(),
            energy=instruments.EnergyModel(),
            gates=instruments.GatesModel(),
            challenge=instruments.ChallengeModel(
                [html(hint) for hint in explore["hints"]], lambda **found: html(explore["solved"], **found)
            ),
        )
        self._map = instruments.CrossingMapModel()
        # One plan, seen by three instruments.
        for trait in self._map.inputs:
            link((self.models.race, trait), (self._map, trait))
        for trait in ("large_cycle", "small_cycle", "weeks"):
            link((self.models.race, trait), (self.models.energy, trait))
        # Not before the bar is on the page: it names the crossover.
        self.desk.status = lambda: self._status() if self.progress.answered(RACE_PREDICTIONS) else ""

        self._ledger = Ledger(ledger)
        self._record_says = widgets.HTML()
        self._link_problem = ""
        self._parts: dict[tuple[str, str], widgets.VBox] = {}
        record.resume(self._ledger.read(record.CHAPTER), self.progress, self.models)
        self._tell_about_record()
        for question in self.progress.questions.values():
            question.observe(lambda _: self.save(), names="answered_at")
        self._when_set(lambda: self.desk.later("save", self.save))
        self.desk.page.observe(self._open_link, names="query")

    def save(self) -> None:
        """Write answers and settings to the ledger."""
        with self.desk.lock:
            stored = self._ledger.update(record.CHAPTER, lambda found: record.merged(found, self.progress, self.models))
            self._tell_about_record()
            # What was answered or committed in another notebook stands here too.
            record.take_up(stored, self.progress, self.models)

    # Act I

    def header(self) -> widgets.Widget:
        """Title, time and what to know before."""
        return widgets.VBox([self.desk.page, text(texts("act1")["header"]), self._record_says])

    def reading(self) -> widgets.Widget:
        """What to read first."""
        return note(texts("act1")["reading"])

    def message(self) -> widgets.Widget:
        """Act I's banner and the project lead's message."""
        return widgets.VBox([banner(**texts("act1")["banner"]), note(texts("act1")["message"])])

    def predict_cost(self) -> widgets.Widget:
        """Prediction: how much dearer is the fix at deployment?"""
        return question_view(self.progress["cost"])

    def show_timeline(self) -> widgets.Widget:
        """Instrument: the cost by stage of discovery."""
        return self._instrument(
            "act1",
            "timeline",
            FIRST_PREDICTION,
            lambda: instruments.timeline_instrument(self.models.timeline, self.desk),
        )

    def show_split(self) -> widgets.Widget:
        """Instrument: where a project's time goes."""
        return self._instrument(
            "act1", "split", FIRST_PREDICTION, lambda: instruments.split_instrument(self.models.split, self.desk)
        )

    def compare_cost(self) -> widgets.Widget:
        """The first prediction beside the model's answer."""
        return self._comparison("act1", FIRST_PREDICTION, shown_after=FIRST_PREDICTION)

    def reflect_on_failure(self) -> widgets.Widget:
        """Reflection that opens Act II."""
        return self._questions("act1", "reflection", FIRST_PREDICTION, FIRST_REFLECTION)

    def cost_maths(self) -> widgets.Widget:
        """The formula behind the timeline."""
        return self._maths("act1", FIRST_REFLECTION)

    # Act II

    def race_intro(self) -> widgets.Widget:
        """Act II's banner, and what the team argues about."""
        act2 = texts("act2")
        return self._after(
            "act2", "intro", FIRST_REFLECTION, lambda: [banner(**act2["banner"]), text(act2["intro"]["text"])]
        )

    def choose_context(self) -> widgets.Widget:
        """Where the training runs."""

        def build() -> list[widgets.Widget]:
            choice = instruments.context_choice()
            link((self.models.energy, "context"), (choice, "value"))
            return [text(texts("act2")["context"]["intro"]), choice]

        return self._after("act2", "context", FIRST_REFLECTION, build)

    def predict_race(self) -> widgets.Widget:
        """Predictions: which strategy, and when does the small model lead?"""
        return self._questions("act2", "predictions", FIRST_REFLECTION, RACE_PREDICTIONS)

    def show_race(self) -> widgets.Widget:
        """Instrument: the race."""
        return self._instrument(
            "act2", "race", RACE_PREDICTIONS, lambda: instruments.race_instrument(self.models.race, self.desk)
        )

    def show_gates(self) -> widgets.Widget:
        """Instrument: the gate designer."""
        return self._instrument(
            "act2", "gates", RACE_PREDICTIONS, lambda: instruments.gates_instrument(self.models.gates, self.desk)
        )

    def show_energy(self) -> widgets.Widget:
        """Instrument: the energy panel."""
        return self._instrument(
            "act2", "energy", RACE_PREDICTIONS, lambda: instruments.energy_instrument(self.models.energy, self.desk)
        )

    def reflect_on_race(self) -> widgets.Widget:
        """Reflections on battery and decay."""
        return self._questions("act2", "reflection", RACE_PREDICTIONS, LAST_REFLECTIONS)

    def compare_race(self) -> widgets.Widget:
        """The predictions of Act II beside the model's answers."""
        return self._comparison("act2", RACE_PREDICTIONS, shown_after=END)

    def race_maths(self) -> widgets.Widget:
        """The formulas of race and battery."""
        return self._maths("act2", END)

    # After both acts

    def finish(self) -> widgets.Widget:
        """What goes into the record, and who reads it."""
        return self._after("explore", "finish", END, lambda: [self._following(self._design_in_words)])

    def status(self) -> widgets.Widget:
        """The present settings in one line."""
        line = [self._following(lambda: status.bar(self._status())), self._record_says]
        return self._after("act2", "status", RACE_PREDICTIONS, lambda: line)

    def show_map(self) -> widgets.Widget:
        """Instrument: all races at once."""
        return self._instrument(
            "explore", "map", END, lambda: instruments.crossing_map_instrument(self._map, self.desk)
        )

    def show_challenge(self) -> widgets.Widget:
        """Instrument: a design problem with two limits at once."""
        return self._instrument(
            "explore", "challenge", END, lambda: instruments.challenge_instrument(self.models.challenge, self.desk)
        )

    def share(self) -> widgets.Widget:
        """A link to the settings, a report, and a reset of the controls."""

        def build() -> list[widgets.Widget]:
            saving = widgets.HTML()

            def make_report() -> None:
                saving.value = block(
                    box(
                        f'<p role="status">{download(report(self.progress, self.models, self._revealed()))}</p>', "good"
                    )
                )

            address = self._following(self._link)
            self.desk.page.observe(lambda _: setattr(address, "value", block(self._link())), names="address")
            return [
                text(texts("explore")["share"]["intro"]),
                address,
                text(texts("explore")["share"]["report"]),
                Action("Make my report", make_report),
                saving,
                text(texts("explore")["share"]["reset"]),
                Action("Reset all controls", self.reset),
            ]

        return self._after("explore", "share", RACE_PREDICTIONS, build)

    def receive(self) -> None:
        """Take the settings of a reader's link from Voila, before the page is there; a kernel that is kept ready waits here for one.

        In JupyterLab it does nothing: there the browser tells.
        """
        if query := settings.requested():
            self.desk.page.query = f"?{query}"

    def reset(self) -> None:
        """Put the controls back to where they started; predictions and reflections stay."""
        settings.reset(self.models)

    # What the parts have in common

    def _after(
        self, part: str, section: str, needed: tuple[str, ...], build: Callable[[], list[widgets.Widget]]
    ) -> widgets.VBox:
        key = part, section
        if key not in self._parts:  # a cell that is run again shows the same part, and not one more that must follow
            waiting = texts(part)[section]["waiting"]
            self._parts[key] = after(self.progress, needed, waiting, lambda: widgets.VBox(build()))
        return self._parts[key]

    def _instrument(
        self, part: str, section: str, needed: tuple[str, ...], view: Callable[[], widgets.Widget]
    ) -> widgets.VBox:
        intro = texts(part)[section]["intro"]
        return self._after(part, section, needed, lambda: [text(intro), view()])

    def _questions(self, part: str, section: str, needed: tuple[str, ...], asked: tuple[str, ...]) -> widgets.VBox:
        return self._after(part, section, needed, lambda: [question_view(self.progress[name]) for name in asked])

    def _comparison(self, part: str, asked: tuple[str, ...], *, shown_after: tuple[str, ...]) -> widgets.VBox:
        def build() -> list[widgets.Widget]:
            verdicts = "".join(verdict(self.progress[name]) for name in asked)
            return [text(texts(part)["reveal"]["title"]), widgets.HTML(block(verdicts))]

        return self._after(part, "reveal", shown_after, build)

    def _maths(self, part: str, needed: tuple[str, ...]) -> widgets.VBox:
        maths = texts(part)["maths"]
        body = html(maths["text"], examples=maths.get("examples", ()))
        return self._after(part, "maths", needed, lambda: [accordion(maths["title"], body)])

    def _when_set(self, do: Callable[[], object]) -> None:
        """Call `do` whenever a control changes its setting."""
        for model in self.models.by_name().values():
            model.observe(lambda _: do(), names=list(model.inputs))

    def _following(self, say: Callable[[], str]) -> widgets.HTML:
        """HTML that follows the settings, once nothing moves."""
        line = widgets.HTML(block(say()))

        def follow() -> None:
            try:
                line.value = block(say())
            except Exception as error:  # noqa: BLE001 - a student never sees a traceback
                line.value = block(failure(error))

        self._when_set(lambda: self.desk.later(line, follow))
        return line

    def _revealed(self) -> set[str]:
        """Return the questions whose answers stand on the page by now."""
        predictions = {*FIRST_PREDICTION, *(RACE_PREDICTIONS if self.progress.answered(END) else ())}
        return {
            name for name, question in self.progress.questions.items() if name in predictions or not question.text.final
        }

    # What they say

    def _status(self) -> str:
        return status.entries(self.models.timeline, self.models.race, self.models.energy, self.models.gates)

    def _design_in_words(self) -> str:
        design = record.design(self.progress, self.models)
        hit = "No limit of the hardware is hit."
        if design["constraint_hit"]:
            over = " and the ".join(f"{name} model" for name in self.models.energy.over_budget)
            hit = f"**A limit is hit:** the battery does not carry the {over}."
        return html(
            texts("explore")["finish"]["text"],
            chosen=design["model_size_chosen"],
            weeks=design["window_weeks"],
            cycle=design["iteration_cycle_hours"],
            large_cycle=design["large_cycle_hours"],
            context="the cloud" if design["context"] == "cloud" else "the phone",
            hit=hit,
            place=self._ledger.path,
        )

    def _link(self) -> str:
        page = self.desk.page
        shared = escape(f"{page.address}?{settings.to_query(self.models)}")
        return f'<label>Link to these settings <input class="mlwf-link" type="text" readonly value="{shared}"></label>'

    def _open_link(self, _change: object) -> None:
        with self.desk.lock:
            ignored = ", ".join(settings.from_query(self.models, self.desk.page.query))
            if len(ignored) > MOST_SHOWN:
                ignored = f"{ignored[:MOST_SHOWN]} …"
            self._link_problem = (
                f"The link asks for settings that there are not, and they were left out: {ignored}." if ignored else ""
            )
            self._tell_about_record()

    def _tell_about_record(self) -> None:
        said = (self._ledger.problem, self._ledger.notice, self._link_problem)
        boxes = "".join(box(f'<p role="status">{escape(sentence)}</p>', "warn") for sentence in said if sentence)
        self._record_says.value = block(boxes) if boxes else ""
