"""What the processes of a pool do first."""

import ctypes
import signal
import sys

_SET_PDEATHSIG = 1


def begin() -> None:
    """Leave Ctrl-C to the process that waits for this one, and end when that is killed, where the system can."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
