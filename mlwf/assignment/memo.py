"""A first look at the memo, without marks: is what a reader will look for in it, and does it agree with the answers?

It finds numbers with their units, and nothing of how they are argued; that takes a person.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from mlwf.assignment.answers import READ_AS_EQUAL, AnswerError, Number, read_number
from mlwf.assignment.questions import QUESTIONS
from mlwf.plain import Plain

MEMO_POINTS = 16
WORDS = (100, 350)  # asked are 150 to 250
_NUMBER = r"(\d[\d,]*(?:\.\d+)?)"
_STUB = "Your memo goes here, in place of this line."


@dataclass(frozen=True)
class Sought:
    """A number that the memo has to name.

    Attributes
    ----------
    what, write : str
        What it is, and how it may be written.
    patterns : tuple of str
        Regular expressions; their one group is the number.
    questions : tuple of str
        The answers of which one should be named.
    """

    what: str
    write: str
    patterns: tuple[str, ...]
    questions: tuple[str, ...]


SOUGHT = (
    Sought(
        "cost from part 1", "48 person-days, or 16 times",
        (rf"{_NUMBER}\s*(?:person[- ]?)?days?\b", rf"{_NUMBER}\s*(?:times|x\b|×)"),
        ("multiplier", "fix_days", "sunk", "gated_price"),
    ),
    Sought(
        "week from part 2", "week 7, or never",
        (r"\bweeks?\s+(\d+)", rf"{_NUMBER}\s*weeks?\b", r"\b(\d+)(?:st|nd|rd|th)\s+week\b", r"\b(never)\b"),
        ("linear_week", "saturating_week", "third_week"),
    ),
    Sought(
        "figure in Wh a day from part 3", "120 Wh a day",
        (rf"{_NUMBER}\s*(?:Wh|watt[- ]?hours?)\s*(?:/|a|per|each|every)\s*(?:day|d)\b",),
        ("phone_wh",),
    ),
)  # fmt: skip


def look_at(memo: str | None, answers: Mapping[str, Plain]) -> list[str]:
    """Return what a reader may miss in the memo, a sentence each; empty if nothing.

    Parameters
    ----------
    memo : str or None
        Its Markdown; None if the cell is gone.
    answers : mapping of str to plain value
        The student's own answers by question id, as far as there are any.
    """
    if memo is None:
        return ["the memo's cell is gone; fetch the assignment anew and copy your work into it."]
    text = memo.replace(_STUB, "").strip("* \n")
    if not text:
        return ["the memo is not written yet."]
    return list(_missed(text, answers))


def _missed(text: str, answers: Mapping[str, Plain]) -> Iterator[str]:
    words = len(text.split())
    if not WORDS[0] <= words <= WORDS[1]:
        yield f"it has {words} word{'s' if words > 1 else ''}; about 150 to 250 are asked."
    for sought in SOUGHT:
        named = [_read(found) for pattern in sought.patterns for found in re.findall(pattern, text, re.IGNORECASE)]
        own = dict(_own(sought.questions, answers))
        if not named:
            yield f"it names no {sought.what}; write it with its unit and in digits, such as {sought.write}."
        elif own and not any(_agree(number, value) for number in named for value in own.values()):
            yours = ", ".join(f"{_written(value)} ({name})" for name, value in own.items())
            yield f"it names a {sought.what}, but none of your own answers: {yours}."


def _own(questions: tuple[str, ...], answers: Mapping[str, Plain]) -> Iterator[tuple[str, Number | None]]:
    """The student's answers that can be read as numbers."""
    for name in questions:
        with suppress(KeyError, AnswerError):
            yield name, read_number(QUESTIONS[name].kind, answers[name])


def _read(found: str) -> tuple[float, int] | None:
    """A number as it is written, with its digits after the point; None for "never"."""
    if found.lower() == "never":
        return None
    digits = found.replace(",", "")
    return float(digits), len(digits.partition(".")[2])


def _agree(named: tuple[float, int] | None, own: Number | None) -> bool:
    """Tell whether a number as it is written is the student's own, rounded as it is."""
    if named is None or own is None:
        return named is None and own is None
    number, places = named
    return abs(number - own) <= 0.5 * 10.0**-places + READ_AS_EQUAL * max(1.0, abs(own))


def _written(value: Number | None) -> str:
    return "never" if value is None else f"{value:.6g}"
