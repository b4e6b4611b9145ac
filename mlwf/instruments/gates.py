"""Instrument: six gates to switch on and off, and where each constraint is then found."""

import ipywidgets as widgets
from traitlets import Bool

from mlwf.figures import Gates, cost_level
from mlwf.instruments.base import Bound, Instrument, InstrumentModel
from mlwf.instruments.cards import Card, cards
from mlwf.instruments.desk import Desk
from mlwf.model import CONSTRAINTS, GATES, Catch, catch


class GatesModel(InstrumentModel[Gates]):
    """Traits: for each of `GATES` whether it is active, under its name."""

    memory_budget = Bool()
    latency_budget = Bool()
    schema_validation = Bool()
    memory_profiling = Bool()
    on_device_test = Bool()
    staged_rollout = Bool()
    picture_class = Gates
    inputs = tuple(GATES)

    @property
    def active(self) -> tuple[str, ...]:
        """Names of the active gates, in the order of their stages."""
        return tuple(name for name in GATES if getattr(self, name))

    @property
    def catches(self) -> list[Catch]:
        """Where each constraint is found."""
        return [catch(self.active, constraint) for constraint in CONSTRAINTS]

    def depict(self, picture: Gates) -> None:
        picture.depict(self.active, self.catches)

    def readout(self) -> str:
        return cards(
            Card(
                f"{found.constraint.capitalize()} constraint",
                "prevented" if found.prevented else f"{found.multiplier}× at stage {found.stage}",
                f"{_by(found)}; {found.days_at_risk} days at risk; {found.gate_days} for all active gates + {found.multiplier} for the fix"
                f" = {found.price} person-days",
                cost_level(found.multiplier),
            )
            for found in self.catches
        )


def _by(found: Catch) -> str:
    return f"caught by {found.gate.name.replace('_', ' ')}" if found.gate else "no gate sees it in time"


def gates_instrument(model: GatesModel, desk: Desk | None = None) -> Instrument:
    """View of the gate designer."""
    switches = [
        Bound(
            widgets.Checkbox(description=f"Stage {gate.stage}: {gate.label} (sees {' and '.join(sorted(gate.sees))})"),
            gate.name,
        )
        for gate in GATES.values()
    ]
    return Instrument(model, switches, desk)
