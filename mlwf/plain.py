"""From whatever a student assigned to a plain value: a number, text, None, or lists and dicts of these.

This runs beside the student's code, in a kernel or in the grader's sandbox, and needs nothing but the standard library. What
comes out can always be written as JSON, and is small; it is what the student says, and no more.
"""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import Any

Plain = int | float | str | None | list[Any] | dict[str, Any]
SECONDS_PER_CALL = 1.0
LARGEST = 10**1000  # Python does not agree to print an int of 4,300 digits, and no answer has a thousand
LONGEST = 1000  # characters of a text
_FLAGS, _MADE_BY_CLASS = type.__dict__["__flags__"], 1 << 9  # Py_TPFLAGS_HEAPTYPE
_NAME = type.__dict__["__name__"]  # what a metaclass can't override


def plain(value: object) -> Plain:
    """Return `value` as a plain value; what has no plain form becomes ``{"type": its name}``.

    Only built-in types are taken at their word, and numpy's scalars through their ``item()``: an object that claims to
    equal everything is just an object. An int or a text that is far too long to be an answer is cut short.
    """
    value = _out_of_numpy(value)
    if value is None or type(value) is float:
        return value
    if type(value) is int:
        return max(-LARGEST, min(value, LARGEST))
    if type(value) is str:
        return value[:LONGEST]
    return {"type": _type_name(value)}


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
        except KeyboardInterrupt:  # of whoever sits there
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a student's code raises is its answer
            results.append({"error": _type_name(error)})
    return results


def _out_of_numpy(value: object) -> object:
    """Return the number in a scalar of numpy's; anything else as it is, whatever it does when it is looked at."""
    kind = type(value)
    # Only a type that is not made by a class statement is numpy's own; of another not even the name is asked for.
    if not _FLAGS.__get__(kind) & _MADE_BY_CLASS and kind.__module__ == "numpy" and getattr(value, "shape", None) == ():
        item = value.item()  # type: ignore[attr-defined]
        if type(item) in (int, float):
            return item
    return value


def _type_name(value: object) -> str:
    return str.__str__(_NAME.__get__(type(value)))[:LONGEST]


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
