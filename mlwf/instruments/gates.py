"""Instrument: six gates to switch on and off, and where each constraint is then found."""

import ipywidgets as widgets
from traitlets import TraitError, Tuple, validate
from traitlets.utils.bunch import Bunch

from mlwf.figures import Gates, cost_level
from mlwf.instruments.base import Instrument, InstrumentModel
from mlwf.instruments.cards import Card, cards
from mlwf.model import CONSTRAINTS, GATES, Catch, catch


class GatesModel(InstrumentModel[Gates]):
    """Traits: names of the `active` gates."""

    active = Tuple()
    picture_class = Gates
    inputs = ("active",)

    @validate("active")
    def _known(self, proposal: Bunch) -> tuple[str, ...]:
        unknown = set(proposal["value"]) - set(GATES)
        if unknown:
            raise TraitError(
                f"active must hold names from {', '.join(GATES)}, not {', '.join(map(repr, sorted(unknown)))}"
            )
        return tuple(name for name in GATES if name in proposal["value"])

    @property
    def catches(self) -> list[Catch]:
        """Where each constraint is found."""
        return [catch(self.active, constraint) for constraint in CONSTRAINTS]

    def switch(self, name: str, on: bool) -> None:
        """Turn one gate on or off."""
        self.active = tuple(set(self.active) | {name}) if on else tuple(set(self.active) - {name})

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


def gates_instrument(model: GatesModel) -> Instrument:
    """View of the gate designer."""
    switches = []
    for gate in GATES.values():
        switch = widgets.Checkbox(
            value=gate.name in model.active,
            description=f"Stage {gate.stage}: {gate.label} (sees {' and '.join(sorted(gate.sees))})",
            indent=False,
            layout=widgets.Layout(width="auto"),
        )
        switch.add_class("mlwf-switch")
        switch.observe(lambda change, name=gate.name: model.switch(name, change["new"]), names="value")
        model.observe(
            lambda change, name=gate.name, switch=switch: setattr(switch, "value", name in change["new"]),
            names="active",
        )
        switches.append(switch)
    return Instrument(model, switches)
