"""From a plain value, as `mlwf.plain` makes it beside the student's code, to a number of the right kind.

This runs wherever the marks are given.
"""

import math
from dataclasses import dataclass

from mlwf.plain import Plain

Number = int | float
READ_AS_EQUAL = 1e-9  # what rounding inside a student's own arithmetic may cost, in parts of the value


class AnswerError(Exception):
    """What keeps an answer from being marked, as a sentence to the student."""


@dataclass(frozen=True)
class Kind:
    """What sort of number a question asks for.

    Attributes
    ----------
    says : str
        The kind in words, as in "should be a number of days".
    low, high : float
        What is plausible; anything else is a slip of the keyboard.
    whole : bool
        True if only whole numbers make sense.
    may_be_none : bool
        True if None ("never") is an answer.
    """

    says: str
    low: float
    high: float
    whole: bool = False
    may_be_none: bool = False


KINDS = {
    "count": Kind("a whole number", 0, 1e6, whole=True),
    "stage": Kind("the number of a stage", 1, 6, whole=True),
    "factor": Kind("a plain number, how many times", 0, 1e6),
    "days": Kind("a number of person-days", 0, 1e6),
    "accuracy": Kind("an accuracy in percent", 1, 100),
    "week": Kind("a whole number of weeks, or None for never", 0, 520, whole=True, may_be_none=True),
    "day": Kind("a whole number of days since the project began", 1, 3640, whole=True),
    "hours": Kind("a number of hours", 0, 8736),
    "wh_per_day": Kind("a number of Wh a day", 0, 1e6),
    "kwh": Kind("a number of kWh", 0, 1e7),
    "dollars": Kind("an amount in dollars", 0, 1e7),
}


def read_number(kind: Kind, answer: Plain) -> Number | None:
    """Return the number that a student means by `answer`.

    Raises
    ------
    AnswerError
        It is of the wrong kind, or implausible; the sentence says which and what would do.
    """
    if answer is None:
        if kind.may_be_none:
            return None
        raise AnswerError(f"None is no answer here: it should be {kind.says}.")
    if isinstance(answer, str):
        answer = _parsed(kind, answer)
    if isinstance(answer, dict | list):
        found = answer.get("type", "dict") if isinstance(answer, dict) else "list"
        raise AnswerError(f"This is of type {found}; it should be {kind.says}.")
    if isinstance(answer, float) and not math.isfinite(answer):
        raise AnswerError(f"{answer} is not a number that can be checked; it should be {kind.says}.")
    if not kind.low <= answer <= kind.high:
        raise AnswerError(
            f"Not plausible: {shown(answer)}. It should be {kind.says}, from {kind.low:g} to {kind.high:,.0f}."
        )
    if kind.whole:
        nearest = round(answer)  # math.log(1000, 10) is 2.9999999999999996, and means 3
        if abs(answer - nearest) > READ_AS_EQUAL * max(1, nearest):
            raise AnswerError(f"{shown(answer)} is no whole number; it should be {kind.says}.")
        return nearest
    return answer


def _parsed(kind: Kind, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise AnswerError(f"The text {shown(text)} is no number; it should be {kind.says}, without a unit.") from None


def shown(value: Number | str | None) -> str:
    """`value` as it was typed, short enough for a sentence."""
    if isinstance(value, int) and abs(value) >= 10**20:  # it may have more digits than Python agrees to print
        return "an int of more than 20 digits"
    if isinstance(value, str) and len(value) > 20:
        value = value[:17] + "..."
    return repr(value)


def for_json(value: Plain) -> Plain:
    """`value` as a notebook can hold it: nan, infinities, and what is too long to be an answer, as text."""
    if isinstance(value, list):
        return [for_json(part) for part in value]
    if isinstance(value, dict):
        return {name: for_json(part) for name, part in value.items()}
    is_odd = (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, int) and abs(value) >= 10**20
    )
    if is_odd:
        return shown(value)
    # Half a surrogate pair can't be written to a file.
    return value[:200].encode(errors="backslashreplace").decode() if isinstance(value, str) else value
