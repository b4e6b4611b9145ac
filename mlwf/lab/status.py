"""The status bar: where the student stands, in one line."""

from html import escape

from mlwf.instruments import EnergyModel, GatesModel, RaceModel, TimelineModel
from mlwf.instruments.cards import SIGNS
from mlwf.model import GATES, cost_multiplier


def entries(timeline: TimelineModel, race: RaceModel, energy: EnergyModel, gates: GatesModel) -> str:
    """Return what stands in the status bar, as HTML."""
    week, active = race.found.week, len(gates.active)
    sign, word = SIGNS["good" if active >= 4 else "warn" if active >= 2 else "bad"]
    said = (
        ("Lab", "03 ML Workflow"),
        ("Training", "in the cloud" if energy.context == "cloud" else "on the phone"),
        ("Cycles", f"{race.small_cycle} h small, {race.large_cycle} h large"),
        ("Crossover", "never" if week is None else f"week {week}"),
        ("Gates", f"{sign} {active}/{len(GATES)} ({word})"),
        ("Stage", f"{timeline.stage} ({cost_multiplier(timeline.stage)}×)"),
    )
    return "".join(f"<div><span>{escape(name)}</span> <b>{escape(value)}</b></div>" for name, value in said)


def bar(html: str) -> str:
    """Wrap the entries."""
    return f'<div class="mlwf-status" role="group" aria-label="Present settings">{html}</div>'
