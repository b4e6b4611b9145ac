"""The process that every submission is a fork of. Started once, by `mlwf.grading.sandbox`, inside bubblewrap.

It imports what submissions will need and waits. A connection is a submission: a first fork, the keeper, puts up the walls and
watches over a second one, in which the student's cells run. Orders and answers go over a connection of the second's own.
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
from pathlib import Path
from typing import Any, NoReturn

from mlwf.grading.inside import forbid, limits, seal, shell
from mlwf.grading.inside.wire import Message, Wire, WireError
from mlwf.plain import call_plainly, plain

PLACES = ("/tmp", "/autograded", "/dev/shm")
WATCH_EVERY = 0.1  # seconds between two looks at what a submission uses
_CHANNEL = 3


class Zygote:
    """Everything that forks share.

    Parameters
    ----------
    listener : socket
        Where graders connect.
    plan : dict
        `sealed`, `preload` and `path`.
    """

    def __init__(self, listener: socket.socket, plan: dict[str, Any]) -> None:
        self.listener = listener
        self.sealed: bool = plan["sealed"]
        self.root = self.sealed and seal.is_root()
        if self.sealed:
            seal.see_own_processes()
        self.filter = forbid.program() if self.sealed else None
        self.number = 0
        # Students import the package that the plan puts on the path, or its stand-in, not the parts that run this.
        for name in [name for name in sys.modules if name == "mlwf" or name.startswith("mlwf.")]:
            del sys.modules[name]
        sys.path[:] = plan["path"]
        self.shell = shell.prepare()
        self.missing = _preload(plan["preload"])

    def serve(self) -> NoReturn:
        """Fork for each connection, for ever."""
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the grader
        gc.collect()
        gc.freeze()  # so that forks don't copy pages only to count references
        gc.disable()
        while True:
            connection, _ = self.listener.accept()
            self.number += 1
            if os.fork() == 0:
                keep(self, connection)
            connection.close()


def _preload(names: list[str]) -> list[str]:
    missing = []
    for name in names:
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                importlib.import_module(name)
        except Exception:  # noqa: BLE001 - it will fail again, visibly, in the cell that imports it
            missing.append(name)
    return missing


def keep(zygote: Zygote, control: socket.socket) -> NoReturn:
    """Put up the walls, start the submission, and watch over it until it is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    zygote.listener.close()
    wire = Wire(control)
    code = 1
    try:
        descriptors = array.array("i")
        text, ancillary, _, _ = control.recvmsg(1 << 16, socket.CMSG_SPACE(descriptors.itemsize))
        for _level, _kind, data in ancillary:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        order = json.loads(text)
        channel, bounds = descriptors[0], limits.Limits(**order["limits"])
        if zygote.sealed:
            seal.enclose(zygote.root)
        student = os.fork()
        if student == 0:
            control.close()
            live(zygote, channel, order, bounds)
        os.close(channel)
        wire.send({"ended": _watch(wire, student, bounds, zygote.sealed)})
        code = 0
    except (seal.SealError, OSError, ValueError, KeyError) as error:
        with contextlib.suppress(WireError):
            wire.send({"failed": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(code)


def _watch(wire: Wire, student: int, bounds: limits.Limits, sealed: bool) -> str:
    """Return why the submission's first process is gone."""
    handle = os.pidfd_open(student)
    why, started, told = "", time.monotonic(), ""
    control = wire.connection
    while True:
        watched: list[Any] = [handle] if told == "gone" else [handle, control]
        ready, _, _ = select.select(watched, [], [], WATCH_EVERY)
        if handle in ready:
            break
        if control in ready:
            try:
                told = wire.receive()["order"]
            except (WireError, KeyError):
                told = "gone"  # so is the grader, or it is done with us
            if told == "interrupt":
                os.kill(student, signal.SIGINT)
            else:
                why = why or "the grader ended it"
                _end(student, sealed)
        if time.monotonic() - started > WATCH_EVERY:
            family = seal.count_processes(student)
            memory = sum(kilobytes for _, kilobytes in family.values())
            if memory > bounds.memory_mb * 1024:
                why = why or f"it used more than {bounds.memory_mb} MB of memory"
            elif len(family) > bounds.processes:
                why = why or f"it had more than {bounds.processes} processes"
            if why:
                _end(student, sealed)
    os.close(handle)
    _, status = os.waitpid(student, 0)
    if not sealed:
        seal.end_family(student)
    if why:
        return why
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"it ended with the signal {signal.Signals(number).name}"
    return f"it ended itself with the code {os.WEXITSTATUS(status)}"


def _end(student: int, sealed: bool) -> None:
    if not sealed:
        seal.end_family(student)
    with contextlib.suppress(ProcessLookupError):
        os.kill(student, signal.SIGKILL)


def live(zygote: Zygote, channel: int, order: Message, bounds: limits.Limits) -> NoReturn:
    """Become the submission: behind the walls, with its files, and then follow orders."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if channel != _CHANNEL:
        os.dup2(channel, _CHANNEL)
    os.set_inheritable(_CHANNEL, False)  # noqa: FBT003
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.closerange(_CHANNEL + 1, 4096)
    wire = Wire(socket.socket(fileno=_CHANNEL), longest=1 << 28)
    code = 1
    try:
        user = seal.furnish(zygote.root, zygote.number, bounds, PLACES) if zygote.sealed else 0
        os.setsid()  # or kill(0) would reach the zygote
        if zygote.sealed:
            seal.renounce(zygote.root, user, zygote.filter)
        limits.apply(bounds)
        os.umask(0o077)
        folder = Path(order["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(order["environment"])
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed()  # or all submissions would draw the same numbers
        sys.path.append(os.fspath(folder))  # last, so that no file beside the notebook hides an installed module
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
    running, home = _Running(), os.getcwd()  # noqa: PTH109 - a cell may go elsewhere
    laid: dict[bytes, tuple[int, int]] = {}
    gc.enable()
    output = shell.Output(zygote.shell, lambda event: _emit(wire, event), bounds.output_kb * 1024, (files[0], files[1]))
    while True:
        order = wire.receive()
        what, number = order["do"], order["number"]
        if what == "files":
            _write(order["files"])
            laid = _stamps()
            answer: Message = {}
        elif what == "left":
            answer = {"files": _left_behind(home, laid, order["most"])}
        elif what == "count":  # a cell that the grader marks itself has a number too
            answer = {"count": zygote.shell.execution_count}
            zygote.shell.execution_count += 1
        elif what == "layers":
            answer = {"layers": seal.layers(zygote.filter)}
        elif what == "run":
            output.begin()
            with running:
                zygote.shell.run_cell(order["source"], store_history=True)  # type: ignore[no-untyped-call]
            output.end()
            answer = {"count": zygote.shell.execution_count - 1}
        elif what == "values":
            answer = {"values": _values(zygote.shell.user_ns, order["names"])}
        else:
            answer = {"value": call_plainly(zygote.shell.user_ns.get(order["name"], ...), order["inputs"])}
        wire.send({"done": number, **answer})


def _emit(wire: Wire, event: list[Any]) -> None:
    with _Unbroken():
        try:
            wire.send({"event": event})
        except (TypeError, ValueError):  # an odd object in a mime bundle
            wire.send({"event": json.loads(json.dumps(event, default=repr, skipkeys=True))})


def _values(namespace: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: plain(namespace[name]) for name in names if namespace.get(name, ...) is not ...}


def _write(files: dict[str, str]) -> None:
    for name, content in files.items():
        path = Path(os.fsdecode(base64.b64decode(name)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))


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


class _Running:
    """While a cell runs, an interrupt is a KeyboardInterrupt, as in a kernel; otherwise it does nothing."""

    def __enter__(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Unbroken:
    """A message goes out whole: an interrupt waits for its end."""

    def __enter__(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def __exit__(self, *_: object) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def main() -> NoReturn:
    """Read the plan from standard input, make ready, say so in one line, and serve."""
    plan = json.loads(sys.stdin.buffer.read())
    listener = socket.socket(fileno=plan["listener"])
    zygote = Zygote(listener, plan)
    sys.stdout.write(json.dumps({"missing": zygote.missing}) + "\n")
    sys.stdout.flush()
    zygote.serve()


if __name__ == "__main__":
    main()
