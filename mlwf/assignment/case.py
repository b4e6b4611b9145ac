"""The numbers that a student works with."""

from dataclasses import dataclass, field, fields
from typing import Any

from mlwf.model import CLOUD, MOBILE, STAGES, Strategy, large_strategy, small_strategy


def _row(default: Any, label: str, unit: str = "") -> Any:  # noqa: ANN401 - dataclasses.field is as loose
    return field(default=default, metadata={"label": label, "unit": unit})


@dataclass(frozen=True)
class Case:
    """One set of numbers for the whole assignment; the defaults are those of the published lab.

    Every field carries the label and the unit with which the notebook shows it.
    """

    stage: int = _row(5, "Stage at which the constraint is found (N)")
    base_days: float = _row(3.0, "What the fix costs at stage 1 (b)", "person-days")
    most_days: float = _row(12.0, "What a fix may cost at most", "person-days")
    gates: tuple[str, ...] = _row(("memory_profiling", "on_device_test"), "Gates that are active")
    weeks: int = _row(26, "Project window", "weeks of 168 h")
    large_cycle: int = _row(168, "Cycle of the large model", "h")
    linear_cycle: int = _row(24, "Cycle of the small model, linear race (r = 1)", "h")
    saturating_cycle: int = _row(12, "Cycle of the small model, saturating race", "h")
    saturating_decay: float = _row(0.99, "Decay in the saturating race (r)")
    third_cycle: int = _row(1, "Cycle of the small model, third race", "h")
    third_decay: float = _row(0.95, "Decay in the third race (r)")
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
        """The large model with this case's cycle."""
        return large_strategy(self.large_cycle, decay)

    @staticmethod
    def small(cycle_hours: int, decay: float) -> Strategy:
        """The small model with one of this case's cycles."""
        return small_strategy(cycle_hours, decay)

    def rows(self) -> list[tuple[str, str, str]]:
        """Label, value and unit of every field, as text, in the order in which the questions need them."""
        return [
            (entry.metadata["label"], _shown(entry.name, getattr(self, entry.name)), entry.metadata["unit"])
            for entry in fields(self)
        ]


def _shown(name: str, value: object) -> str:
    if name == "stage" and isinstance(value, int):
        return f"{value} ({STAGES[value - 1].name})"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


PUBLISHED = Case()
