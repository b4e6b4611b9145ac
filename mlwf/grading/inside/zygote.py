"""The process that every submission is a fork of. Started once, by `mlwf.grading.sandbox`, inside bubblewrap.

It imports what submissions will need and waits. A connection is a submission: a fork in namespaces of its own, in which the
student's cells run. Orders and answers go over a connection that the fork holds; the zygote reads nothing that a student's
process writes, but watches over it, and ends it when the grader says so or hangs up.
"""

import array
import base64
import contextlib
import gc
import importlib
import io
import json
import os
import select
import signal
import socket
import stat
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from mlwf.grading.inside import forbid, limits, memory, seal, shell
from mlwf.grading.inside.wire import Message, Wire, WireError
from mlwf.plain import call_plainly, plain

PLACES = ("/tmp", "/autograded", "/dev/shm")
WATCH_EVERY = 0.1  # seconds between two looks at what a submission uses
ORDER_WITHIN = 10.0  # seconds from a connection to its order
_CHANNEL = 3


class Zygote:
    """Everything that forks share, and who watches over them.

    Parameters
    ----------
    listener : socket
        Where graders connect.
    plan : dict
        `sealed`, `path`, modules to `preload`, and folders to be `seen` in spite of private ones above them.
    told : callable
        Returns what else to import, once it is known.
    """

    def __init__(self, listener: socket.socket, plan: dict[str, Any], told: Callable[[], list[str]]) -> None:
        gc.disable()  # imports leave no rubbish, and here is none to come
        self.listener = listener
        self.sealed: bool = plan["sealed"]
        self.seen: tuple[str, ...] = tuple(plan["seen"])
        self.number = 0
        self._kept: dict[int, Kept] = {}
        if self.sealed:
            seal.see_own_processes()
        else:
            seal.adopt_orphans()
        self.root = self.sealed and seal.is_root()
        self.filter = forbid.program() if self.sealed else None
        self._namespace = os.open("/proc/self/ns/pid", os.O_RDONLY) if self.sealed else -1
        # Students import the package that the plan puts on the path, or its stand-in, not the parts that run this.
        for name in [name for name in sys.modules if name == "mlwf" or name.startswith("mlwf.")]:
            del sys.modules[name]
        sys.path[:] = plan["path"]
        self.shell = shell.prepare()
        _preload(plan["preload"])
        _preload(told())
        shell.warm_up(self.shell)
        gc.collect()
        self._fillers = memory.fill_holes()
        gc.freeze()  # so that forks don't copy pages only to count references

    def serve(self) -> NoReturn:
        """Fork for each connection, follow orders, and watch, for ever."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the grader
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # one that is for a fork's first cell waits for it
        while True:
            handles: dict[Any, Kept] = {kept.handle: kept for kept in self._kept.values()}
            controls: dict[Any, Kept] = {kept.wire.connection: kept for kept in self._kept.values() if not kept.is_left}
            watched = [self.listener, *handles, *controls]
            ready, _, _ = select.select(watched, [], [], WATCH_EVERY if handles else None)
            for one in ready:
                if one is self.listener:
                    self._bear(self.listener.accept()[0])
                elif one in handles:
                    self._bury(handles[one])
                elif controls[one].handle not in ready:
                    controls[one].follow(self.sealed)
            for kept in self._kept.values():
                kept.look(self.sealed)

    def _bear(self, control: socket.socket) -> None:
        """Start a submission's process: the first one of a namespace of its own."""
        self.number += 1
        wire = Wire(control)
        descriptors = array.array("i")
        try:
            control.settimeout(ORDER_WITHIN)
            text, ancillary, _, _ = control.recvmsg(1 << 16, socket.CMSG_SPACE(descriptors.itemsize))
            control.settimeout(None)
            for _level, _kind, data in ancillary:
                descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
            order = json.loads(text)
            channel, bounds = descriptors[0], limits.Limits(**order["limits"])
            if self.sealed:
                seal.begin_namespace()
            try:
                student = os.fork()
                if student == 0:
                    live(self, channel, order, bounds)
            finally:
                if self.sealed:
                    seal.return_to(self._namespace)
            os.close(channel)
            self._kept[student] = Kept(student, os.pidfd_open(student), wire, bounds)
        except (seal.SealError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
            with contextlib.suppress(WireError):
                wire.send({"failed": f"{type(error).__name__}: {error}"})
            control.close()

    def _bury(self, kept: "Kept") -> None:
        """Say why a submission's process is gone."""
        del self._kept[kept.student]
        _, status = os.waitpid(kept.student, 0)
        os.close(kept.handle)
        if not self.sealed:
            seal.end_orphans(set(self._kept))
        with contextlib.suppress(WireError):
            kept.wire.send({"ended": kept.why or _ended(status)})
        kept.wire.connection.close()


def _ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # Not all have names: a student's process may choose among those for real time.
        names = {each.value: each.name for each in signal.Signals}
        return f"it ended with the signal {names.get(number, number)}"
    return f"it ended itself with the code {os.WEXITSTATUS(status)}"


def _preload(names: list[str]) -> None:
    for name in names:
        # What can't be imported will fail again, visibly, in the cell that imports it.
        with contextlib.suppress(Exception), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            importlib.import_module(name)


class Kept:
    """A submission's process, as the zygote knows it.

    Parameters
    ----------
    student : int
        The first process.
    handle : int
        A descriptor that is ready when it is gone.
    wire : Wire
        To the grader.
    bounds : Limits
    """

    def __init__(self, student: int, handle: int, wire: Wire, bounds: limits.Limits) -> None:
        self.student = student
        self._family = seal.Family(student)
        self.handle = handle
        self.wire = wire
        self.bounds = bounds
        self.why = ""
        self.is_left = False  # the grader has hung up
        self._looked = time.monotonic()

    def follow(self, sealed: bool) -> None:
        """Do what the grader says; when it hangs up, that is the end."""
        try:
            order = self.wire.receive()["order"]
        except (WireError, KeyError):
            self.is_left, order = True, "end"
        if order == "interrupt":
            os.kill(self.student, signal.SIGINT)
            with contextlib.suppress(WireError):
                self.wire.send({"interrupted": True})
        else:
            self.end("the grader ended it", sealed)

    def look(self, sealed: bool) -> None:
        """End it if it uses more than it may."""
        if time.monotonic() - self._looked < WATCH_EVERY:
            return
        pids, most = self._family.pids(), self.bounds.memory_mb * 1024
        if self._family.kilobytes(pids, most) > most:
            self.end(f"it used more than {self.bounds.memory_mb} MB of memory", sealed)
        elif len(pids) > self.bounds.processes:
            self.end(f"it had more than {self.bounds.processes} processes", sealed)
        self._looked = time.monotonic()

    def end(self, why: str, sealed: bool) -> None:
        """Kill it; in a namespace all that it has started goes with it."""
        self.why = self.why or why
        if not sealed:
            self._family.kill()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.student, signal.SIGKILL)


def live(zygote: Zygote, channel: int, order: Message, bounds: limits.Limits) -> NoReturn:
    """Become the submission: behind the walls, with its files, and then follow orders."""
    if channel != _CHANNEL:
        os.dup2(channel, _CHANNEL)
    os.set_inheritable(_CHANNEL, False)  # noqa: FBT003
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.closerange(_CHANNEL + 1, 4096)
    wire = Wire(socket.socket(fileno=_CHANNEL), longest=1 << 28)
    code = 1
    try:
        # Read here, and not by the zygote, in whose memory later submissions would find it.
        own = wire.receive()
        os.setsid()  # or kill(0) would reach the zygote
        if zygote.sealed:
            user = seal.furnish(zygote.root, zygote.number, bounds, PLACES, zygote.seen)
            seal.renounce(zygote.root, user, zygote.filter)
        limits.apply(bounds)
        os.sched_setaffinity(0, order["processors"])
        os.umask(0o077)
        folder = Path(own["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(own["environment"])
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed()  # or all submissions would draw the same numbers
        sys.path.append("")  # wherever a cell goes; last, so that no file beside the notebook hides an installed module
        _follow(zygote, wire, bounds)
        code = 0
    except WireError:
        code = 0  # nobody asks any more
    except BaseException as error:  # noqa: BLE001 - told, since nobody sees this process's stderr
        with contextlib.suppress(WireError):
            wire.send({"failed": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(code)


def _follow(zygote: Zygote, wire: Wire, bounds: limits.Limits) -> None:
    """Do what the grader says, one order after the other."""
    files = tuple(_descriptor(number) for number in (1, 2))
    home = os.getcwd()  # noqa: PTH109 - a cell may go elsewhere
    laid: dict[bytes, tuple[int, int]] = {}
    gc.enable()
    output = shell.Output(zygote.shell, lambda event: _emit(wire, event), bounds.output_kb * 1024, (files[0], files[1]))
    while True:
        order = wire.receive()
        what, number = order["do"], order["number"]
        if what == "files":
            answer: Message = {"lost": _write(order["files"])}
            laid = _stamps()
        elif what == "left":
            answer = {"files": _left_behind(home, laid, order["most"])}
        elif what == "layers":
            answer = {"layers": seal.layers(zygote.filter)}
        elif what == "run":
            zygote.shell.execution_count = order["count"]  # cells that the grader marks itself have numbers too
            output.begin()
            _run(zygote.shell, order["source"])
            output.settle()
            answer = {"values": _values(zygote.shell.user_ns, order["names"])}
        elif what == "values":
            answer = {"values": _values(zygote.shell.user_ns, order["names"])}
        else:
            answer = {"value": _called(zygote.shell.user_ns, order["name"], order["inputs"])}
        wire.send({"done": number, **answer})


def _run(ours: shell.Shell, source: str) -> None:
    """Run a cell; meanwhile an interrupt is a KeyboardInterrupt, as in a kernel, and otherwise it does nothing."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        ours.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:  # before the cell's own code or after it; there is one for a cell
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        ours.showtraceback((KeyboardInterrupt, KeyboardInterrupt(), None))


def _emit(wire: Wire, event: list[Any]) -> None:
    with _Unbroken():
        try:
            wire.send({"event": event})
        except (TypeError, ValueError):  # bytes, or an odd object, in a mime bundle
            with contextlib.suppress(ValueError, RecursionError):  # it holds itself, or is too deep
                wire.send({"event": json.loads(json.dumps(event, default=_as_text, skipkeys=True))})
        except RecursionError:
            return


def _as_text(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else repr(value)


def _values(namespace: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: plain(namespace[name]) for name in names if namespace.get(name, ...) is not ...}


def _called(namespace: dict[str, Any], name: str, inputs: list[Any]) -> Any:  # noqa: ANN401 - plain
    try:
        return call_plainly(namespace.get(name, ...), inputs)
    except KeyboardInterrupt:  # nobody is at the keyboard: the function has raised it
        return [{"error": "KeyboardInterrupt"}]


def _write(files: dict[str, str]) -> list[str]:
    """Lay files; return the names of those for which there is no room."""
    lost = []
    for name, content in files.items():
        path = Path(os.fsdecode(base64.b64decode(name)))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            data = base64.b64decode(content)
            path.write_bytes(data)
            if data.startswith(b"#!"):  # modes are not handed on, and a program may be meant to be called
                path.chmod(0o700)
        except OSError:  # too much, too many, too far down
            lost.append(name)
            with contextlib.suppress(OSError):
                path.unlink()
    return lost


def _stamps() -> dict[bytes, tuple[int, int]]:
    """Sizes and times of the files in the working folder and below it."""
    found = {}
    for folder, _, names in os.walk(b"."):
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - bytes
            with contextlib.suppress(OSError):
                status = os.lstat(path)
                if stat.S_ISREG(status.st_mode):
                    found[path[2:]] = (status.st_size, status.st_mtime_ns)
    return found


def _left_behind(home: str, laid: dict[bytes, tuple[int, int]], most: int) -> dict[str, str]:
    """Return the files that cells have written, as far as they are not too many."""
    os.chdir(home)
    files = {}
    for path, stamp in _stamps().items():
        if laid.get(path) != stamp and stamp[0] <= most:
            most -= stamp[0]
            with contextlib.suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - bytes
                files[base64.b64encode(path).decode()] = base64.b64encode(file.read(stamp[0])).decode()
    return files


def _descriptor(number: int) -> int:
    """Put a file of our own behind a standard descriptor."""
    file = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_APPEND, 0o600)
    os.dup2(file, number)
    os.close(file)
    return number


class _Unbroken:
    """A message goes out whole: an interrupt waits for its end."""

    def __enter__(self) -> None:
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def __exit__(self, *_: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)


def main() -> NoReturn:
    """Read the plan from standard input, a line, and then what else to import; make ready, say so in one line, and serve."""
    plan = json.loads(sys.stdin.buffer.readline())
    listener = socket.socket(fileno=plan["listener"])
    zygote = Zygote(listener, plan, lambda: json.loads(sys.stdin.buffer.readline())["preload"])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    zygote.serve()


if __name__ == "__main__":
    main()
