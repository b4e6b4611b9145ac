"""The status bar: where the student stands, in one line."""

from html import escape

import ipywidgets as widgets

from mlwf.instruments import EnergyModel, GatesModel, RaceModel, TimelineModel
from mlwf.instruments.base import block
from mlwf.instruments.cards import SIGNS
from mlwf.lab.parts import stack
from mlwf.model import GATES, cost_multiplier


def status_bar(timeline: TimelineModel, race: RaceModel, energy: EnergyModel, gates: GatesModel) -> widgets.VBox:
    """A line that follows the instruments."""
    line = widgets.HTML()

    def update(_change: object = None) -> None:
        week, active = race.found.week, len(gates.active)
        sign, word = SIGNS["good" if active >= 4 else "warn" if active >= 2 else "bad"]
        entries = (
            ("Lab", "03 ML Workflow"),
            ("Training", "cloud" if energy.context == "cloud" else "on the phone"),
            ("Cycles", f"{race.small_cycle} h small, {race.large_cycle} h large"),
            ("Crossover", "never" if week is None else f"week {week}"),
            ("Gates", f"{sign} {active}/{len(GATES)} ({word})"),
            ("Stage", f"{timeline.stage} ({cost_multiplier(timeline.stage)}×)"),
        )
        items = "".join(f"<div><span>{escape(name)}</span> <b>{escape(value)}</b></div>" for name, value in entries)
        line.value = block(f'<div class="mlwf-status" role="group" aria-label="Present settings">{items}</div>')

    for model in (timeline, race, energy, gates):
        model.observe(update, names=list(model.inputs))
    update()
    return stack(line)
