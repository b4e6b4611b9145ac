"""What the instruments on one page share: the page, one lock, and the work that can wait until the student's hand rests.

Moving a slider may concern several instruments, the status bar and the record on disk. The instrument under the student's
hand is drawn and sent at once, and everything else a moment after the last move.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from mlwf.instruments.browser import Page

REST_SECONDS = 0.15


class Desk:
    """One for each page.

    Attributes
    ----------
    page : Page
    lock : threading.RLock
        JupyterLab runs callbacks on a second thread: whoever computes, draws or sends holds this.
    in_hand : object or None
        The instrument whose control is being moved.
    status : callable
        Returns what the status bar says now, as HTML.
    """

    def __init__(self) -> None:
        self.page = Page()
        self.lock = threading.RLock()
        self.in_hand: object = None
        self.status: Callable[[], str] = str
        self._waiting: dict[Hashable, Callable[[], None]] = {}
        self._due = 0.0
        self._at_work = False

    @contextmanager
    def taking(self, instrument: object) -> Iterator[None]:
        """Within this, `instrument` comes first and the others wait."""
        with self.lock:
            before, self.in_hand = self.in_hand, instrument
            try:
                yield
            finally:
                self.in_hand = before

    def later(self, key: Hashable, job: Callable[[], None]) -> None:
        """Do `job` once nothing has moved for a moment; of several with the same key only the last."""
        with self.lock:
            self._waiting.pop(key, None)
            self._waiting[key] = job
            self._due = time.monotonic() + REST_SECONDS
            if not self._at_work:
                self._at_work = True
                self._begin()

    def _begin(self) -> None:
        try:
            # One thread until all is done, and not a timer for each move: threads keep memory of their own.
            threading.Thread(target=self._work, daemon=True).start()
        except RuntimeError:  # Python in a browser has no threads, but a loop that never ends
            self._loop = asyncio.get_running_loop()
            self._loop.call_later(REST_SECONDS, self._work_in_loop)

    def _work(self) -> None:
        while rest := self._turn():
            time.sleep(rest)

    def _work_in_loop(self) -> None:
        if rest := self._turn():
            self._loop.call_later(rest, self._work_in_loop)

    def _turn(self) -> float:
        """Do what waits if it is time; return the seconds until it is, 0 if nothing waits any more."""
        with self.lock:
            rest = self._due - time.monotonic()
            if rest <= 0:
                self.settle()
                self._at_work = False
            return max(0.0, rest)

    def settle(self) -> None:
        """Do all that waits, now."""
        with self.lock:
            while self._waiting:
                key = next(iter(self._waiting))
                try:
                    self._waiting.pop(key)()
                except Exception:  # each says itself what went wrong; this is for those that can not
                    logging.getLogger(__name__).debug("%r failed", key, exc_info=True)
