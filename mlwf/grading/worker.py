"""Ctrl-C and the processes of a pool: it is for the process that waits for them, and that one may put it off."""

import ctypes
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread

_SET_PDEATHSIG = 1


def begin() -> None:
    """Leave Ctrl-C to the process that waits for this one, and end when that is killed, where the system can."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off a Ctrl-C until the end, also in processes that begin meanwhile; only the main thread is ever interrupted.

    The signal is not blocked instead, for the system would give it to another thread, and Python then interrupts this one.
    """
    if current_thread() is not main_thread():
        yield
        return
    came = False

    def remember(_number: int, _frame: object) -> None:
        nonlocal came
        came = True

    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)
