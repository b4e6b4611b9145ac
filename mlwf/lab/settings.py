"""The controls' settings as a whole: to keep, to share in a link, to reset."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import parse_qsl, urlencode

from traitlets import Bool, Enum, Int, TraitError, TraitType

from mlwf.instruments import (
    ChallengeModel,
    EnergyModel,
    GatesModel,
    InstrumentModel,
    RaceModel,
    SplitModel,
    TimelineModel,
)
from mlwf.lean import without

#: What Voila, JupyterLab, mail programs and advertisers write into addresses; everything else is meant for the lab.
OTHERS = re.compile(r"theme=(light|dark)|(token|reset|clone|mode|path|file-browser-path|utm_\w*|\w*clid)=.*", re.DOTALL)


@dataclass(frozen=True)
class Models:
    """The models of all instruments that have settings of their own."""

    timeline: TimelineModel
    split: SplitModel
    race: RaceModel
    energy: EnergyModel
    gates: GatesModel
    challenge: ChallengeModel

    def by_name(self) -> dict[str, InstrumentModel[Any]]:
        """Return them under their names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def record(models: Models) -> dict[str, dict[str, Any]]:
    """Return all settings as plain values, by instrument and trait."""
    return {name: model.settings() for name, model in models.by_name().items()}


def restore(models: Models, kept: object) -> None:
    """Take over settings from a record; what its instrument has not got is left out."""
    for name, model in models.by_name().items():
        mine = kept.get(name) if isinstance(kept, Mapping) else None
        if not isinstance(mine, Mapping):
            continue
        for trait in model.inputs:
            if trait in mine:
                try:
                    setattr(model, trait, mine[trait])
                except (TraitError, OverflowError):
                    continue  # of another version of the lab: the default stands


def reset(models: Models) -> None:
    """Put all controls back to where they started."""
    for model in models.by_name().values():
        model.reset()


def shared(models: Models) -> dict[str, InstrumentModel[Any]]:
    """Return the settings that a link carries, by trait: none that tells of answers, and no hint that was asked for."""
    owners: tuple[InstrumentModel[Any], ...] = (models.gates, models.energy, models.race, models.timeline)
    return {trait: owner for owner in owners for trait in owner.inputs}


def to_query(models: Models) -> str:
    """Return the settings as the query of a link, without the question mark."""
    return urlencode({trait: _written(getattr(model, trait)) for trait, model in shared(models).items()})


def from_query(models: Models, query: str) -> list[str]:
    """Set the controls to what a link's query says; return what it says in vain, as ``name=value``."""
    ignored, known = [], shared(models)
    for trait, text in parse_qsl(query.lstrip("?"), keep_blank_values=True):
        try:
            setattr(known[trait], trait, _read(known[trait].traits()[trait], text))
        except (KeyError, TraitError, ValueError):
            if not OTHERS.fullmatch(said := f"{trait}={text}"):
                ignored.append(said)
    return ignored


def requested() -> str:
    """Return the query with which a page was asked of Voila; empty where no page was.

    A kernel of Voila's pool waits here for its reader, as Voila does it. Elsewhere Voila's modules, many megabytes, stay away.
    """
    if os.environ.get("VOILA_PREHEAT") != "True":
        return os.environ.get("QUERY_STRING", "")
    with without("rfc3987_syntax"):  # three quarters of the time that Voila's modules take
        from voila.utils import wait_for_request  # type: ignore[import-untyped]

    wait_for_request()
    return os.environ.get("QUERY_STRING", "")  # empty if Voila can't be asked; the browser tells too


def _written(value: Any) -> str:  # noqa: ANN401 - whatever a trait holds
    return str(int(value)) if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _read(trait: TraitType[Any, Any], text: str) -> Any:  # noqa: ANN401
    if isinstance(trait, Bool | Enum):
        values = (False, True) if isinstance(trait, Bool) else trait.values or ()
        return next((value for value in values if _is(value, text)), text)
    return int(text) if isinstance(trait, Int) else float(text)


def _is(value: Any, text: str) -> bool:  # noqa: ANN401
    if isinstance(value, float):  # 0.90 as the slider writes it, 0.9 as a link does
        with suppress(ValueError):
            return float(text) == value
    return _written(value) == text
