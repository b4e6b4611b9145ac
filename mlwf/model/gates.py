"""Constraint gates: checks that find a constraint early, each for one person-day."""

from collections.abc import Iterable
from dataclasses import dataclass

from mlwf.model.lifecycle import cost_multiplier, sunk_days

GATE_DAYS = 1


@dataclass(frozen=True)
class Gate:
    """A check that is made as a stage begins.

    Attributes
    ----------
    name : str
    stage : int
        Stage at which it acts, 1 to 6.
    sees : frozenset of str
        Constraints that it finds.
    label : str
        What is done, in words.
    """

    name: str
    stage: int
    sees: frozenset[str]
    label: str


# The whole rule book: which gate sees what, and where a constraint shows itself when no gate does.
GATES = {
    gate.name: gate
    for gate in (
        Gate("memory_budget", 1, frozenset({"memory"}), "Hardware memory budget written down"),
        Gate("latency_budget", 1, frozenset({"latency"}), "Latency budget written down"),
        Gate("schema_validation", 2, frozenset({"schema"}), "Data schema validated on arrival"),
        Gate("memory_profiling", 3, frozenset({"memory"}), "Memory profiled at batch size 1"),
        Gate("on_device_test", 4, frozenset({"memory", "latency"}), "Test on the production device"),
        Gate("staged_rollout", 5, frozenset({"latency", "schema"}), "Staged rollout with monitoring"),
    )
}
UNGATED_STAGE = {"memory": 5, "latency": 6, "schema": 6}
CONSTRAINTS = tuple(UNGATED_STAGE)


@dataclass(frozen=True)
class Catch:
    """How a constraint comes to light.

    Attributes
    ----------
    constraint : str
    gate : Gate or None
        The earliest active gate that sees it; None if it shows itself.
    stage : int
        Stage at which it is found, 1 to 6.
    active_gates : int
        Count of the gates that are paid for, whether they see this constraint or not.
    """

    constraint: str
    gate: Gate | None
    stage: int
    active_gates: int

    @property
    def multiplier(self) -> int:
        """Cost multiplier of that stage."""
        return cost_multiplier(self.stage)

    @property
    def days_at_risk(self) -> int:
        """Person-days spent by then."""
        return sunk_days(self.stage)

    @property
    def gate_days(self) -> int:
        """Price of all active gates, person-days."""
        return self.active_gates * GATE_DAYS

    @property
    def price(self) -> int:
        """Gates and a fix that takes one day at stage 1, person-days."""
        return self.gate_days + self.multiplier

    @property
    def prevented(self) -> bool:
        """True if it is found at stage 1, before it can shape anything wrongly."""
        return self.stage == 1


def catch(active: Iterable[str], constraint: str = "memory") -> Catch:
    """Tell where `constraint` is found when the gates in `active` are on.

    Parameters
    ----------
    active : iterable of str
        Names from `GATES`; a name that comes twice counts once.
    constraint : str
        One of `CONSTRAINTS`.

    Returns
    -------
    Catch

    Raises
    ------
    TypeError
        `active` is no collection of names, or `constraint` no text.
    ValueError
        An unknown gate or constraint.
    """
    if isinstance(active, str) or not isinstance(active, Iterable):
        raise TypeError(f"active must be a collection of gate names, not {active!r}")
    if not isinstance(constraint, str):
        raise TypeError(f"constraint must be one of {', '.join(CONSTRAINTS)}, not {constraint!r}")
    if constraint not in CONSTRAINTS:
        raise ValueError(f"constraint must be one of {', '.join(CONSTRAINTS)}, not {constraint!r}")
    names = set()
    for name in active:
        if not isinstance(name, str):
            raise TypeError(f"active must hold gate names, not {name!r}")
        if name not in GATES:
            raise ValueError(f"active must hold names from {', '.join(GATES)}, not {name!r}")
        names.add(name)
    seeing = [gate for gate in GATES.values() if gate.name in names and constraint in gate.sees]
    gate = min(seeing, key=lambda gate: gate.stage, default=None)
    stage = gate.stage if gate else UNGATED_STAGE[constraint]
    return Catch(constraint, gate, stage, active_gates=len(names))
