"""The lab's texts: read from TOML, numbers filled in from the model, Markdown to HTML."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import mistune
from jinja2 import Environment, StrictUndefined

from mlwf import model


@dataclass(frozen=True)
class Choice:
    """One answer that a student can pick: its id, its text (plain), and the feedback (HTML) for those who picked it."""

    id: str
    text: str
    feedback: str


@dataclass(frozen=True)
class QuestionText:
    """A question with its choices.

    Attributes
    ----------
    id : str
    ask : str
        HTML.
    choices : tuple of Choice
    right : str
        Id of the right choice.
    final : bool
        True for a prediction, which is submitted once; False for a reflection, which may be tried again.
    """

    id: str
    ask: str
    choices: tuple[Choice, ...]
    right: str
    final: bool

    def choice(self, choice_id: str) -> Choice:
        """Return the choice with this id; raises KeyError if there is none."""
        return {choice.id: choice for choice in self.choices}[choice_id]


def times_off(truth: float, guess: float) -> str:
    """How many times too small or too large a guess is."""
    return f"{max(truth, guess) / min(truth, guess):g}"


def _race(decay: float, small_cycle: int = 1, large_cycle: int = 168, weeks: int = 26) -> model.Crossover:
    return model.crossover(model.small_strategy(small_cycle, decay), model.large_strategy(large_cycle, decay), weeks)


_FACTS: dict[str, Any] = {
    **{name: getattr(model, name) for name in ("MOBILE", "STAGES", "TOTAL_DAYS", "cost_multiplier", "sunk_days")},
    "large": lambda decay: model.large_strategy(decay=decay),
    "small": lambda decay: model.small_strategy(decay=decay),
    "race": _race,
    "wh": lambda cycle, session=model.DEFAULT_SESSION_HOURS: model.wh_per_day(model.MOBILE.power_w, cycle, session),
    "times_off": times_off,
}
_TEMPLATES = Environment(undefined=StrictUndefined, autoescape=False)
_TO_HTML = mistune.create_markdown(escape=False, plugins=["table"])


def html(text: str, **more: Any) -> str:  # noqa: ANN401 - whatever the template asks for
    """Return a text from the TOML files as HTML, with the model's numbers filled in."""
    return str(_TO_HTML(_TEMPLATES.from_string(text).render(_FACTS, **more)))


def page(name: str, **values: Any) -> str:  # noqa: ANN401 - whatever the template asks for
    """Return a page of the content folder, filled in."""
    return _TEMPLATES.from_string(_read(name)).render(_FACTS, **values)


def _read(name: str) -> str:
    return files("mlwf.lab").joinpath("content", name).read_text(encoding="utf-8")


@cache
def texts(name: str) -> Mapping[str, Any]:
    """Return the raw texts of a part of the story: "act1", "act2" or "explore"."""
    return tomllib.loads(_read(f"{name}.toml"))


@cache
def questions() -> dict[str, QuestionText]:
    """Return all questions of both acts, by id, in the order in which a student meets them."""
    return {
        question_id: QuestionText(
            question_id,
            html(raw["ask"]),
            tuple(Choice(c["id"], c["text"], html(c["feedback"])) for c in raw["choices"]),
            raw["right"],
            raw["final"],
        )
        for name in ("act1", "act2")
        for question_id, raw in texts(name)["questions"].items()
    }
