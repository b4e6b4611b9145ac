"""What the lab leaves in the student's ledger, and what it takes up from there."""

from collections.abc import Mapping
from typing import Any

from mlwf.lab.progress import Progress
from mlwf.lab.settings import Models, record, restore
from mlwf.model import cost_multiplier

CHAPTER = 3
NEVER = -1  # the ledger's word for it


def design(progress: Progress, models: Models) -> dict[str, Any]:
    """Return chapter 3's design: what later labs read, and under ``mlwf_state`` what resuming needs."""
    race, energy = models.race, models.energy
    found, stage = race.found, models.timeline.stage

    def choice(question_id: str) -> str | None:
        return progress[question_id].choice or None

    def correct(*question_ids: str) -> bool | None:
        return all(progress[name].right for name in question_ids) if progress.answered(question_ids) else None

    return {
        "context": energy.context,
        "act1_prediction": choice("cost"),
        "act1_correct": correct("cost"),
        "act1_reflection": choice("failure"),
        "act2_prediction": choice("strategy"),
        "act2_correct": correct("strategy", "crossing"),
        "act2_reflection": choice("battery"),
        "model_size_chosen": "small" if found.ahead_at_end else "large",
        "large_cycle_hours": race.large_cycle,
        "iteration_cycle_hours": race.small_cycle,
        "decay_rate": race.decay,
        "window_weeks": race.weeks,
        "session_hours": energy.session,
        "crossover_week": NEVER if found.week is None else found.week,
        "constraint_gates": list(models.gates.active),
        "constraint_discovery_stage": stage,
        "cost_multiplier": cost_multiplier(stage),
        "constraint_hit": bool(energy.over_budget),
        "mlwf_state": {"answers": progress.record(), "settings": record(models)},
    }


def merged(on_disk: Mapping[str, Any], progress: Progress, models: Models) -> dict[str, Any]:
    """Return the design to store over `on_disk`: our settings, and what was answered or committed in either place.

    Another notebook may have saved since we have read.
    """
    both = Progress()
    both.adopt(progress.record())
    both.adopt(_state(on_disk, "answers"))
    stored = {**on_disk, **design(both, models)}
    if _committed(on_disk) and not models.split.committed:
        stored["mlwf_state"]["settings"]["split"] = _state(on_disk, "settings")["split"]
    return stored


def take_up(stored: Mapping[str, Any], progress: Progress, models: Models) -> None:
    """Let answers and the guess stand here that stand in a stored design."""
    progress.adopt(_state(stored, "answers"))
    if _committed(stored) and not models.split.committed:
        restore(models, {"split": _state(stored, "settings")["split"]})


def resume(stored: Mapping[str, Any], progress: Progress, models: Models) -> None:
    """Bring answers and settings back from a stored design."""
    progress.adopt(_state(stored, "answers"))
    restore(models, _state(stored, "settings"))


def _state(stored: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - from a file
    state = stored.get("mlwf_state")
    return state.get(name) if isinstance(state, Mapping) else None


def _committed(stored: Mapping[str, Any]) -> bool:
    settings = _state(stored, "settings")
    split = settings.get("split") if isinstance(settings, Mapping) else None
    return isinstance(split, Mapping) and split.get("committed") is True
