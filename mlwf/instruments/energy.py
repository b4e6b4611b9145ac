"""Instrument: what iterating costs on the phone and in the cloud."""

from math import isnan

import ipywidgets as widgets
from traitlets import Enum, Float, Int, TraitError, validate
from traitlets.utils.bunch import Bunch

from mlwf.figures import Energy
from mlwf.instruments.base import Bound, Instrument, InstrumentModel
from mlwf.instruments.cards import block, box, physics
from mlwf.instruments.desk import Desk
from mlwf.instruments.race import (
    LARGE_CYCLES,
    MAX_WEEKS,
    MIN_WEEKS,
    SMALL_CYCLES,
    large_cycle_steps,
    small_cycle_steps,
)
from mlwf.model import (
    CLOUD,
    DEFAULT_SESSION_HOURS,
    MOBILE,
    BatteryBudget,
    CloudBill,
    battery_budget,
    cloud_bill,
    fitting_cycles,
)

CONTEXTS = {
    "cloud": f"In the cloud: {CLOUD.name}, {CLOUD.power_w:g} W, ${CLOUD.price_per_hour:g} an hour",
    "mobile": f"On the phone: {MOBILE.name}, {MOBILE.power_w:g} W, {MOBILE.battery_wh:g} Wh battery",
}


class EnergyModel(InstrumentModel[Energy]):
    """Traits: `context` ("cloud" or "mobile"), both cycles and the `session` in hours, the `weeks` of the window."""

    context = Enum(tuple(CONTEXTS), "cloud")
    large_cycle = Enum(LARGE_CYCLES, 168)
    small_cycle = Enum(SMALL_CYCLES, 1)
    session = Float(DEFAULT_SESSION_HOURS, min=0.5, max=24)
    weeks = Int(26, min=MIN_WEEKS, max=MAX_WEEKS)
    picture_class = Energy
    inputs = ("context", "large_cycle", "small_cycle", "session", "weeks")

    @validate("session")
    def _session_is_a_number(self, proposal: Bunch) -> float:
        if isnan(proposal["value"]):  # it is neither below the least nor above the most
            raise TraitError("session must be a number of hours, not nan")
        return float(proposal["value"])

    @property
    def cycles(self) -> dict[str, int]:
        """Cycle of each model, hours."""
        return {"large": self.large_cycle, "small": self.small_cycle}

    @property
    def budgets(self) -> dict[str, BatteryBudget]:
        """Each model's day of training against the phone's battery."""
        return {name: battery_budget(MOBILE, cycle, self.session) for name, cycle in self.cycles.items()}

    @property
    def bills(self) -> dict[str, CloudBill]:
        """What each model costs in the cloud over the window."""
        return {name: cloud_bill(CLOUD, cycle, self.session, self.weeks) for name, cycle in self.cycles.items()}

    @property
    def over_budget(self) -> dict[str, BatteryBudget]:
        """The models whose training the battery does not carry; none in the cloud."""
        if self.context == "cloud":
            return {}
        return {name: budget for name, budget in self.budgets.items() if not budget.fits}

    def depict(self, picture: Energy) -> None:
        if self.context == "mobile":
            picture.depict_battery(**self.budgets)
        else:
            picture.depict_bill(**self.bills, weeks=self.weeks)

    def readout(self) -> str:
        return self._verdict() + physics(self._formulas())

    def _verdict(self) -> str:
        if self.context == "cloud":
            small, large = self.bills["small"], self.bills["large"]
            return box(
                f"<p>No battery sets a limit here; the bill does: ${small.dollars:,.0f} for the small model and "
                f"${large.dollars:,.0f} for the large one over {self.weeks} weeks.</p>"
            )
        if not self.over_budget:
            exactly = any(budget.wh_per_day == budget.battery_wh for budget in self.budgets.values())
            return box(f"<p><b>Both fit into the battery{', one to its last Wh' if exactly else ''}.</b></p>", "good")
        said = "".join(
            f"<p><b>Over budget: the {name} model</b> asks for {budget.wh_per_day:.4g} Wh a day and one charge holds "
            f"{budget.battery_wh:g} Wh: {budget.ratio:.3g} times the battery. {self._what_would_fit(name)}</p>"
            for name, budget in self.over_budget.items()
        )
        return box(said, "bad")

    def _what_would_fit(self, name: str) -> str:
        choices = LARGE_CYCLES if name == "large" else SMALL_CYCLES
        fitting = fitting_cycles(MOBILE, choices, self.session)
        if not fitting:
            return f"With sessions of {self.session:g} h no cycle of the list would fit."
        return f"Cycles that would fit: {', '.join(str(cycle) for cycle in fitting)} h."

    def _formulas(self) -> list[tuple[str, str]]:
        if self.context == "cloud":
            return [
                (
                    f"{name} model",
                    f"{self.weeks} × 168 / {cycle} iterations × min({self.session:g}, {cycle}) h × {CLOUD.power_w / 1000:g} kW"
                    f" = {self.bills[name].kwh:,.1f} kWh",
                )
                for name, cycle in self.cycles.items()
            ]
        return [
            (
                f"{name} model",
                f"{MOBILE.power_w:g} W × min({self.session:g}, {cycle}) h × 24 / {cycle} h = {self.budgets[name].wh_per_day:.4g} Wh a day",
            )
            for name, cycle in self.cycles.items()
        ]


def context_choice() -> widgets.RadioButtons:
    """Two buttons for where the training runs."""
    choice = widgets.RadioButtons(
        options=[(label, name) for name, label in CONTEXTS.items()], description="Training runs"
    )
    choice.add_class("mlwf-choices")
    return choice


def energy_instrument(model: EnergyModel, desk: Desk | None = None) -> Instrument:
    """View of the energy panel."""
    session = widgets.FloatSlider(
        min=0.5, max=24, step=0.5, readout_format=".1f", description="One iteration needs (hours)"
    )
    note = widgets.HTML(
        block(
            "<small>A session is what one iteration <em>needs</em>: cutting it short is not free, the model then learns less "
            "than the race assumes.</small>"
        )
    )
    return Instrument(
        model,
        [
            Bound(context_choice(), "context"),
            Bound(large_cycle_steps(), "large_cycle"),
            Bound(small_cycle_steps(), "small_cycle"),
            Bound(session, "session"),
            note,
        ],
        desk,
    )
