"""The numbers that a student works with."""

from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from typing import Any

from mlwf.model import CLOUD, MOBILE, STAGES, Crossover, Strategy, crossover, large_strategy, small_strategy

LARGE_START, SMALL_START = large_strategy().start, small_strategy().start


def _row(default: Any, label: str, unit: str = "") -> Any:  # noqa: ANN401 - dataclasses.field is as loose
    return field(default=default, metadata={"label": label, "unit": unit})


@dataclass(frozen=True)
class Race:
    """Two strategies and the window in which they run."""

    small: Strategy
    large: Strategy
    weeks: int

    @cached_property
    def found(self) -> Crossover:
        """When the small model is ahead."""
        return crossover(self.small, self.large, self.weeks)


@dataclass(frozen=True)
class Case:
    """One set of numbers for the whole assignment; the defaults are those of the published lab.

    Every field carries the label and the unit with which the notebook shows it. The published lab has no fourth race: those
    numbers are ours, for that lab's large model.
    """

    stage: int = _row(5, "Stage at which the constraint is found (N)")
    base_days: float = _row(3.0, "What the fix costs at stage 1 (b)", "person-days")
    most_days: float = _row(12.0, "What a fix may cost at most", "person-days")
    gates: tuple[str, ...] = _row(("memory_profiling", "on_device_test"), "Gates that are active")
    weeks: int = _row(26, "Project window", "weeks of 168 h")
    large_gain: float = _row(0.15, "All races: first gain of the large model", "percentage points")
    large_cycle: int = _row(168, "All races: cycle of the large model", "h")
    small_gain: float = _row(0.10, "Races 1 to 3: first gain of the small model", "percentage points")
    linear_cycle: int = _row(24, "Race 1 (linear, r = 1): cycle of the small model", "h")
    saturating_cycle: int = _row(12, "Race 2: cycle of the small model", "h")
    saturating_decay: float = _row(0.99, "Race 2: decay (r)")
    third_cycle: int = _row(1, "Race 3: cycle of the small model", "h")
    third_decay: float = _row(0.95, "Race 3: decay (r)")
    fourth_gain: float = _row(0.085, "Race 4: first gain of the small model", "percentage points")
    fourth_cycle: int = _row(3, "Race 4: cycle of the small model", "h")
    fourth_decay: float = _row(0.985, "Race 4: decay (r)")
    fourth_week: int = _row(4, "Race 4: the week to look at")
    power_w: float = _row(MOBILE.power_w, "Power of the phone while training (P)", "W")
    battery_wh: float = _row(MOBILE.battery_wh, "Battery of the phone", "Wh")
    session_hours: float = _row(2.0, "Training that one iteration needs (s)", "h")
    phone_cycle: int = _row(1, "Cycle on the phone (c)", "h")
    cycles: tuple[int, ...] = _row((1, 4, 12, 24, 168), "Cycles to choose from", "h")
    session_cycle: int = _row(12, "Cycle for the longest session", "h")
    cloud_cycle: int = _row(24, "Cycle in the cloud", "h")
    cloud_power_w: float = _row(CLOUD.power_w, "Power of the cloud node while training", "W")
    cloud_price: float = _row(CLOUD.price_per_hour, "Rent of the cloud node", "$ an hour")

    def large(self, decay: float) -> Strategy:
        """The large model at a decay."""
        return Strategy("large", start=LARGE_START, gain=self.large_gain, cycle_hours=self.large_cycle, decay=decay)

    def small(self, cycle_hours: int, decay: float, gain: float | None = None) -> Strategy:
        """The small model with a cycle and a decay; its first gain is that of races 1 to 3 unless another is given."""
        return Strategy("small", SMALL_START, self.small_gain if gain is None else gain, cycle_hours, decay)

    def race(self, number: int) -> Race:
        """One of the four races."""
        return _race(self, number)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Label, value, unit and name of every field, as text, in the order in which the questions need them."""
        return [
            (
                entry.metadata["label"],
                _shown(entry.name, getattr(self, entry.name)),
                entry.metadata["unit"],
                f"my.{entry.name}",
            )
            for entry in fields(self)
        ]


@lru_cache(maxsize=64)  # many questions and mistakes ask about one race, and it remembers who led when
def _race(case: Case, number: int) -> Race:
    cycle, decay = {
        1: (case.linear_cycle, 1.0),
        2: (case.saturating_cycle, case.saturating_decay),
        3: (case.third_cycle, case.third_decay),
        4: (case.fourth_cycle, case.fourth_decay),
    }[number]
    small = case.small(cycle, decay, case.fourth_gain if number == 4 else None)
    return Race(small, case.large(decay), case.weeks)


def _shown(name: str, value: object) -> str:
    if name == "stage" and isinstance(value, int):
        return f"{value} ({STAGES[value - 1].name})"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


PUBLISHED = Case()
