"""The physics of the lab: plain functions of plain numbers, no I/O and no widgets."""

from mlwf.model.energy import (
    CLOUD,
    DEFAULT_SESSION_HOURS,
    MOBILE,
    BatteryBudget,
    CloudBill,
    Device,
    battery_budget,
    cloud_bill,
    fitting_cycles,
    wh_per_day,
)
from mlwf.model.gates import CONSTRAINTS, GATE_DAYS, GATES, UNGATED_STAGE, Catch, Gate, catch
from mlwf.model.lifecycle import (
    STAGES,
    SURVEY_DATA_RANGE,
    SURVEY_MODEL_RANGE,
    SURVEY_SPLIT,
    TOTAL_DAYS,
    Stage,
    TimeSplit,
    cost_multiplier,
    guessed_split,
    rework_days,
    stages_to_redo,
    sunk_days,
)
from mlwf.model.race import HOURS_PER_WEEK, Crossover, Strategy, crossover, large_strategy, small_strategy

__all__ = [
    "CLOUD", "CONSTRAINTS", "DEFAULT_SESSION_HOURS", "GATES", "GATE_DAYS", "HOURS_PER_WEEK", "MOBILE", "STAGES",
    "SURVEY_DATA_RANGE", "SURVEY_MODEL_RANGE", "SURVEY_SPLIT", "TOTAL_DAYS", "UNGATED_STAGE",
    "BatteryBudget", "Catch", "CloudBill", "Crossover", "Device", "Gate", "Stage", "Strategy", "TimeSplit",
    "battery_budget", "catch", "cloud_bill", "cost_multiplier", "crossover", "fitting_cycles", "guessed_split",
    "large_strategy", "rework_days", "small_strategy", "stages_to_redo", "sunk_days", "wh_per_day",
]  # fmt: skip
