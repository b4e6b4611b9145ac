"""From whatever a student assigned to a plain value, and from a plain value to a number of the right kind.

The first step runs beside the student's code, the second wherever the marks are given; between them go only plain
values: numbers, text, None, lists and dicts of these.
"""

import math
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

Plain = int | float | str | None | list[Any] | dict[str, Any]
Number = int | float
SECONDS_PER_CALL = 1.0
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


def plain(value: object) -> Plain:
    """Return `value` as a plain value; what has no plain form becomes ``{"type": its name}``.

    Only built-in types are taken at their word, and numpy's scalars through their ``item()``: an object that claims to
    equal everything is just an object.
    """
    if value is None or type(value) in (int, float, str):
        return value  # type: ignore[return-value]
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == () and hasattr(value, "item"):
        item = value.item()
        if type(item) in (int, float):
            return item  # type: ignore[no-any-return]
    return {"type": type(value).__name__}


def call_plainly(function: object, inputs: Sequence[Sequence[Any]]) -> Plain:
    """Call a student's function on each of `inputs` and return the results as a list of ``{"value": …}`` or ``{"error": …}``.

    A call that takes longer than a second ends the trial: the calls after it are not made. What the function prints is
    dropped, for nbgrader gives 0 to a test cell that writes to stderr, be it only a warning.
    """
    if not callable(function):
        return plain(function)
    results: list[Any] = []
    for arguments in inputs:
        try:
            with _time_limit(SECONDS_PER_CALL), _silence():
                results.append({"value": plain(function(*arguments))})
        except _TookTooLongError:
            results.append({"error": "TimeoutError"})
            break
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a student's code raises is its answer
            results.append({"error": type(error).__name__})
    return results


@contextmanager
def _silence() -> Iterator[None]:
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


class _TookTooLongError(BaseException):
    """Not an Exception, so that a student's own `except Exception` does not swallow it."""


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after `seconds`, where the system has alarms; elsewhere the cell's own time limit stands."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise _TookTooLongError

    handler = signal.signal(signal.SIGALRM, interrupt)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, *timer)  # somebody else's alarm, which ours had put off


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
    """`value` as JSON can hold it: nan, infinities, and what is too long to be an answer, as text."""
    if isinstance(value, list):
        return [for_json(part) for part in value]
    if isinstance(value, dict):
        return {name: for_json(part) for name, part in value.items()}
    is_odd = (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, int) and abs(value) >= 10**20
    )
    return shown(value) if is_odd else value[:200] if isinstance(value, str) else value
