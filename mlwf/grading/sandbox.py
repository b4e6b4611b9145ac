"""Lets cells of submissions run in forks of a zygote, and takes in what they put out."""

import base64
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from mlwf.grading.errors import GradingError
from mlwf.grading.inside.limits import Limits
from mlwf.grading.inside.wire import TooLateError, Wire, WireError
from mlwf.grading.outputs import Displays, Outputs
from mlwf.grading.walls import Ahead, World, Zygote, programs
from mlwf.plain import SECONDS_PER_CALL, Plain

GRACE = 3.0  # seconds between an interrupt and the end
VALUES_WITHIN = 10.0
ALL_CELLS = 4  # times what one cell may put out is taken in of all together
SEND_WITHIN = 10.0  # seconds in which a process has to take in an order
OVERHEAD = 1 << 16  # bytes of a message beside what it carries
MOST_MESSAGES = 1 << 26  # bytes that one submission may send in all
MOST_LEFT, MOST_FILES, MOST_LEVELS = 1 << 24, 500, 20  # bytes, files, and folders in each other that cells may leave
LONGEST_PATH = 1000  # bytes, of a file that cells leave: there are folders above it
MOST_PARTS = 1 << 16  # in the message that brings them: a few bytes of JSON can take a hundred times as many in memory


@dataclass(frozen=True)
class Ran:
    """What a cell did.

    Attributes
    ----------
    outputs : list of dict
        As nbformat has them.
    count : int or None
        The cell's number; None if it did not come to its end.
    took_too_long : bool
    """

    outputs: list[dict[str, Any]]
    count: int | None
    took_too_long: bool = False


class EndedError(Exception):
    """The submission's process is gone, or can't be talked to; the message says why."""


class Sandbox:
    """A zygote and the walls around it. Use as a context manager; sessions can be opened from forks of this process.

    Parameters
    ----------
    world : World
    limits : Limits

    Raises
    ------
    GradingError
        The walls can't be put up here.
    """

    def __init__(self, world: World, limits: Limits) -> None:
        self.world = world
        self.limits = limits
        self.is_shared = False  # by several submissions at a time
        self._zygote: Zygote | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, ahead: Ahead | None = None) -> None:
        """Start the zygote, without waiting for it; or take the one that was started `ahead`, if its walls are the same."""
        self._zygote = (ahead.take(self.world) if ahead else None) or Zygote(self.world)
        self._zygote.tell(self.world.preload)

    def wait(self) -> None:
        """Wait until the zygote is ready."""
        self._there().wait()

    def _there(self) -> Zygote:
        if self._zygote is None:
            raise GradingError("the process that submissions are forked from was not started")
        return self._zygote

    @property
    def is_alive(self) -> bool:
        """True while the zygote is there."""
        return self._zygote is not None and self._zygote.is_alive

    @property
    def pid(self) -> int:
        """The process in which everything runs: bubblewrap's, or the zygote's own where there are no walls."""
        return self._there().pid

    def close(self) -> None:
        """End the zygote and everything that descends from it."""
        if self._zygote:
            self._zygote.close()
            self._zygote = None

    @contextmanager
    def session(self, student: str, assignment: str, files: Mapping[str, bytes] | None = None) -> Iterator["Session"]:
        """Open a submission's own process; it ends with the block.

        Parameters
        ----------
        student, assignment : str
            Its working folder is /autograded/STUDENT/ASSIGNMENT.
        files : mapping of str to bytes
            What lies there, by path.

        Raises
        ------
        GradingError
            The zygote is gone.
        """
        zygote = self._there()
        control = zygote.connect()
        mine, theirs = socket.socketpair()
        base = "/autograded" if self.world.sealed else tempfile.mkdtemp(dir=zygote.folder)
        folder = f"{base}/{_component(student)}/{_component(assignment)}"
        order = {
            "limits": asdict(self.limits),
            "processors": sorted(os.sched_getaffinity(0)),  # those of whoever asks
        }
        try:
            socket.send_fds(control, [json.dumps(order).encode()], [theirs.fileno()])
            theirs.close()
            session = Session(Wire(mine), Wire(control), self.limits, is_shared=self.is_shared)
            session.begin(folder, self._environment(base))
            if files:
                session.put(files)
            yield session
        finally:
            mine.close()
            control.close()
            if not self.world.sealed:
                shutil.rmtree(base, ignore_errors=True)

    def layers(self) -> dict[str, str]:
        """Say by which means a submission is sealed in; an empty text for what this machine lacks."""
        if not self.world.sealed:
            return {}
        with self.session("nobody", "nothing") as session:
            found: dict[str, str] = session.order("layers", VALUES_WITHIN)["layers"]
            return found

    def _environment(self, base: str) -> dict[str, str]:
        home = "/tmp" if self.world.sealed else base
        return {
            "HOME": home, "TMPDIR": home, "PATH": programs(), "USER": "student", "LOGNAME": "student", "LANG": "C.UTF-8",
            "SHELL": "/bin/sh", "NBGRADER_EXECUTION": "autograde", "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
        }  # fmt: skip


class Session:
    """One submission's process: cells run in it, and it is asked for values."""

    def __init__(self, wire: Wire, control: Wire, limits: Limits, *, is_shared: bool) -> None:
        self._wire = wire
        self._control = control
        self._limits = limits
        self._is_shared = is_shared
        self._last_words: Mapping[str, Any] = {}  # its keeper's, if they came in the place of another answer
        self.lost: tuple[str, ...] = ()  # files for which there was no room
        self._number = int.from_bytes(os.urandom(6))  # no answer can be sent before its question is known
        self._until = time.monotonic() + limits.wall_seconds
        self._why = ""
        self._count = 0  # the number of the last cell, run here or marked by the grader
        self._displays: Displays = {}
        self._known: dict[str, Plain] = {}  # what came with the last cell's answer,
        self._asked_for: frozenset[str] = frozenset()  # of the names that were asked for with it
        self._room = ALL_CELLS * limits.output_kb * 1024
        wire.longest = OVERHEAD + 2 * limits.output_kb * 1024

    def ended(self) -> str:
        """Say why the process is gone; empty while it is there."""
        return self._why

    def begin(self, folder: str, environment: Mapping[str, str]) -> None:
        """Say where it works, and what its environment is."""
        with suppress(WireError):  # whatever is asked next says why
            self._wire.send({"folder": folder, "environment": dict(environment)}, SEND_WITHIN)

    def put(self, files: Mapping[str, bytes]) -> None:
        """Lay files into its folder, as far as there is room; the rest is `lost`."""
        as_text = {
            base64.b64encode(os.fsencode(name)).decode(): base64.b64encode(content).decode()
            for name, content in files.items()
        }
        lost = self.order("files", VALUES_WITHIN, files=as_text)["lost"]
        self.lost = tuple(os.fsdecode(base64.b64decode(name)) for name in lost)

    def run(self, source: str, seconds: float | None, names: Sequence[str] = ()) -> Ran:
        """Run a cell.

        Parameters
        ----------
        source : str
        seconds : float or None
            After this time it is interrupted, and soon after that its process ends.
        names : sequence of str
            What will be asked for next: their values come with the answer, which spares a question.
        """
        # Each cell's own limit is kept inside, but inside is a student's process.
        outputs = Outputs(self._room, self._displays)
        if not self._why and time.monotonic() > self._until:
            self._end(f"all its cells together took longer than {self._limits.wall_seconds:g} seconds")
        if self._why:
            return Ran([], None)
        deadline = min(self._until, time.monotonic() + seconds if seconds else self._until)
        late = False
        count: int | None = None
        try:
            self._count += 1
            number = self._send("run", source=source, count=self._count, names=list(names))
            try:
                answer = self._answer(number, deadline, outputs)
            except TooLateError:
                late = True
                self._interrupt()
                answer = self._answer(number, time.monotonic() + GRACE, outputs)
            count = self._count
            self._known, self._asked_for = _values(answer, names), frozenset(names)
        except TooLateError:
            self._end("it could not be interrupted")
        except WireError as error:
            self._end(str(error))
        self._room = outputs.room
        return Ran(outputs.as_list(), count, late)

    def count(self) -> int | None:
        """Give the next number to a cell that does not run, and return it; None if the process is gone."""
        if self._why:
            return None
        self._count += 1
        return self._count

    def left_behind(self) -> dict[str, bytes]:
        """Return the files that cells have written into the working folder, by relative path, as far as they are not too many."""
        with self._wire.bounded(2 * MOST_LEFT, MOST_PARTS):
            found = self._asked("left", VALUES_WITHIN, most=MOST_LEFT).get("files")
        files: dict[str, bytes] = {}
        for name, content in found.items() if isinstance(found, dict) else ():
            with suppress(ValueError, TypeError):
                path = os.fsdecode(base64.b64decode(name))
                if _may_be_left(path) and len(files) < MOST_FILES:
                    files[path] = base64.b64decode(content)
        return files

    def values(self, names: Sequence[str]) -> dict[str, Plain]:
        """Return what names of the student's hold, as plain values; without those that are missing or still at `...`."""
        if self._asked_for and self._asked_for.issuperset(names):
            return {name: value for name, value in self._known.items() if name in names}
        return _values(self._asked("values", VALUES_WITHIN, names=list(names)), names)

    def call(self, name: str, inputs: Sequence[Sequence[Any]]) -> Plain:
        """Call a function of the student's; see `mlwf.plain.call_plainly`."""
        seconds = VALUES_WITHIN + SECONDS_PER_CALL * len(inputs)
        answer = self._asked("call", seconds, name=name, inputs=[list(each) for each in inputs])
        return answer.get("value")

    def order(self, what: str, seconds: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """Send an order and return the answer.

        Raises
        ------
        EndedError
            There is none, and will be none.
        """
        if self._why:
            raise EndedError(self._why)
        try:
            return self._answer(self._send(what, **more), time.monotonic() + seconds, Outputs(0))
        except TooLateError:
            self._end("it did not answer")
        except WireError as error:
            self._end(str(error))
        raise EndedError(self._why)

    def _asked(self, what: str, seconds: float, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        try:
            return self.order(what, seconds, **more)
        except EndedError:
            return {}

    def _send(self, what: str, **more: Any) -> int:  # noqa: ANN401
        self._number += 1
        self._asked_for = frozenset()  # whatever runs now may change what was known
        self._wire.send({"do": what, "number": self._number, **more}, SEND_WITHIN)
        return self._number

    def _answer(self, number: int, deadline: float, outputs: Outputs) -> dict[str, Any]:
        """Take in events until the answer comes."""
        while True:
            message = self._wire.receive(deadline)
            if self._wire.received > MOST_MESSAGES:
                raise WireError("it sent too much")
            if message.get("done") == number:
                return message
            if "failed" in message:
                raise WireError(f"its process could not be made ready: {str(message['failed'])[:200]}")
            if isinstance(message.get("event"), list):
                outputs.add(message["event"])

    def _interrupt(self) -> None:
        """Interrupt the cell; at the end the interrupt has come, and can't meet the cell that follows."""
        self._control.send({"order": "interrupt"})
        said = self._control.receive(time.monotonic() + VALUES_WITHIN)
        self._last_words = said if "interrupted" not in said else {}

    def _end(self, why: str) -> None:
        """End the process, and learn from its keeper why it is gone if it ended by itself.

        Raises
        ------
        GradingError
            Its keeper is gone, too, and it may be another's fault.
        """
        if why != "closed":
            with suppress(WireError):
                self._control.send({"order": "end"})
        try:
            said = self._last_words or self._control.receive(time.monotonic() + GRACE)
            found = said.get("ended") or said.get("failed") or why
            why = why if found == "the grader ended it" else str(found)
        except TooLateError:
            pass
        except WireError:
            if self._is_shared:
                raise GradingError("the process that submissions are forked from has ended") from None
        self._why = why or "it is gone"


def _values(answer: dict[str, Any], names: Sequence[str]) -> dict[str, Plain]:
    found = answer.get("values")
    return {name: value for name, value in found.items() if name in names} if isinstance(found, dict) else {}


def _may_be_left(name: str) -> bool:
    """Tell whether a file that cells have written can lie beside the graded notebook, and says nothing for the grader."""
    parts = name.split("/")
    return (
        len(parts) <= MOST_LEVELS
        and len(os.fsencode(name)) <= LONGEST_PATH
        and parts[0] != "timestamp.txt"
        and not any(part in {"", ".", ".."} or "\0" in part or part.endswith(".ipynb") for part in parts)
        and all(len(os.fsencode(part)) <= 255 for part in parts)
    )


def _component(name: str) -> str:
    """A name as one part of a path."""
    part = os.fsencode(name.replace("/", "_").replace("\0", "_"))[:255]
    return os.fsdecode(part) if part not in (b"", b".", b"..") else "_"
