"""The outside of the walls: starts a zygote inside bubblewrap, and lets cells of submissions run in forks of it."""

import base64
import json
import os
import shutil
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import mlwf
from mlwf.grading.errors import GradingError
from mlwf.grading.inside.limits import Limits
from mlwf.grading.inside.wire import TooLateError, Wire, WireError
from mlwf.grading.outputs import Displays, Outputs
from mlwf.plain import SECONDS_PER_CALL, Plain

ENGINE = "/engine"  # where the inside finds its own code
PACKAGES = "/packages"  # where it finds packages that are not in the interpreter's own folders
STAND_IN = "/stand-in"
GRACE = 3.0  # seconds between an interrupt and the end
READY_WITHIN = 60.0
VALUES_WITHIN = 10.0
ALL_CELLS = 4  # times what one cell may put out is taken in of all together
SEND_WITHIN = 10.0  # seconds in which a process has to take in an order
OVERHEAD = 1 << 16  # bytes of a message beside what it carries
MOST_MESSAGES = 1 << 26  # bytes that one submission may send in all
MOST_LEFT, MOST_FILES, MOST_LEVELS = 1 << 24, 500, 20  # bytes, files, and folders in each other that cells may leave
_ENGINE_FILES = ("__init__.py", "plain.py", "grading/__init__.py", "grading/inside")
_FROM_ETC = (
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "alternatives",
    "fonts",
    "localtime",
    "mime.types",
    "ssl/certs",
)
HOW_TO_SEAL = "install bubblewrap (Debian, Ubuntu: apt install bubblewrap), or grade with --unsealed what you trust"


@dataclass(frozen=True)
class World:
    """What every submission of an assignment finds.

    Attributes
    ----------
    preload : tuple of str
        Modules that are imported once; one that can't be is left to the cells.
    stand_in : Path or None
        A folder of packages that take the place of installed ones.
    hidden : tuple of Path
        Folders that stay empty inside, wherever they are: the course's own.
    sealed : bool
        False: without walls, for what is trusted.
    """

    preload: tuple[str, ...] = ()
    stand_in: Path | None = None
    hidden: tuple[Path, ...] = ()
    sealed: bool = True


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
        self._folder = Path()  # made at each start: a name that was given up may be anybody's
        self._process: subprocess.Popen[bytes] | None = None

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

    def start(self) -> None:
        """Start the zygote, without waiting for it."""
        if not sys.platform.startswith("linux"):
            raise GradingError("mlwf grade needs Linux; elsewhere grade with: nbgrader autograde")
        walls = shutil.which("bwrap") if self.world.sealed else ""
        if walls is None:
            raise GradingError(f"submissions can't be sealed in: there is no bwrap; {HOW_TO_SEAL}")
        self._folder = Path(tempfile.mkdtemp(prefix="mlwf-"))
        listener = socket.socket(socket.AF_UNIX)
        with self._address() as address:
            listener.bind(address)
        listener.listen(64)
        inside = _Inside(self.world, self._folder, walls)
        plan = {
            "listener": listener.fileno(),
            "sealed": self.world.sealed,
            "preload": list(self.world.preload),
            "path": inside.path,
            "seen": inside.seen,
        }
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                inside.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=inside.environment,
                cwd="/", pass_fds=[listener.fileno()], start_new_session=True,
            )  # fmt: skip
        listener.close()
        assert self._process.stdin
        with suppress(BrokenPipeError):  # what it said is in the log
            self._process.stdin.write(json.dumps(plan).encode())
            self._process.stdin.close()

    def wait(self) -> None:
        """Wait until the zygote is ready."""
        assert self._process
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(READY_WITHIN)
            said = (self._folder / "log").read_text(errors="replace").strip().splitlines()
            raise GradingError(f"submissions can't be sealed in: {said[-1] if said else 'bwrap ended'}; {HOW_TO_SEAL}")

    @contextmanager
    def _address(self) -> Iterator[str]:
        """Where the zygote listens, in few letters: a socket's name may have only about a hundred."""
        folder = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}/zygote"
        finally:
            os.close(folder)

    @property
    def is_alive(self) -> bool:
        """True while the zygote is there."""
        return self._process is not None and self._process.poll() is None

    def close(self) -> None:
        """End the zygote and everything that descends from it."""
        if self._process:
            self._process.kill()  # bubblewrap's end is that of all its namespace
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    with suppress(OSError):
                        stream.close()
            self._process = None
        if self._folder.name:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = Path()

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
        control = socket.socket(socket.AF_UNIX)
        try:
            with self._address() as address:
                control.connect(address)
        except OSError:
            control.close()
            raise GradingError("the process that submissions are forked from has ended; grade again") from None
        mine, theirs = socket.socketpair()
        base = "/autograded" if self.world.sealed else tempfile.mkdtemp(dir=self._folder)
        folder = f"{base}/{_component(student)}/{_component(assignment)}"
        order = {
            "limits": asdict(self.limits),
            "folder": folder,
            "environment": self._environment(base),
            "processors": sorted(os.sched_getaffinity(0)),  # those of whoever asks
        }
        try:
            socket.send_fds(control, [json.dumps(order).encode()], [theirs.fileno()])
            theirs.close()
            session = Session(Wire(mine), Wire(control), self.limits)
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
            "HOME": home, "TMPDIR": home, "PATH": _programs(), "USER": "student", "LOGNAME": "student", "LANG": "C.UTF-8",
            "SHELL": "/bin/sh", "NBGRADER_EXECUTION": "autograde", "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
        }  # fmt: skip


class Session:
    """One submission's process: cells run in it, and it is asked for values."""

    def __init__(self, wire: Wire, control: Wire, limits: Limits) -> None:
        self._wire = wire
        self._control = control
        self._limits = limits
        self._number = int.from_bytes(os.urandom(6))  # no answer can be sent before its question is known
        self._until = time.monotonic() + limits.wall_seconds
        self._why = ""
        self._count = 0  # the number of the last cell, run here or marked by the grader
        self._displays: Displays = {}
        self._room = ALL_CELLS * limits.output_kb * 1024
        self._longest = wire.longest = OVERHEAD + 2 * limits.output_kb * 1024

    def ended(self) -> str:
        """Say why the process is gone; empty while it is there."""
        return self._why

    def put(self, files: Mapping[str, bytes]) -> None:
        """Lay files into its folder."""
        as_text = {
            base64.b64encode(os.fsencode(name)).decode(): base64.b64encode(content).decode()
            for name, content in files.items()
        }
        self.order("files", VALUES_WITHIN, files=as_text)

    def run(self, source: str, seconds: float | None) -> Ran:
        """Run a cell.

        Parameters
        ----------
        source : str
        seconds : float or None
            After this time it is interrupted, and soon after that its process ends.
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
            number = self._send("run", source=source, count=self._count)
            try:
                self._answer(number, deadline, outputs)
            except TooLateError:
                late = True
                self._control.send({"order": "interrupt"})
                self._answer(number, time.monotonic() + GRACE, outputs)
            count = self._count
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
        self._wire.longest = 2 * MOST_LEFT
        found = self._asked("left", VALUES_WITHIN, most=MOST_LEFT).get("files")
        self._wire.longest = self._longest
        files: dict[str, bytes] = {}
        for name, content in found.items() if isinstance(found, dict) else ():
            with suppress(ValueError, TypeError):
                path = os.fsdecode(base64.b64decode(name))
                if _may_be_left(path) and len(files) < MOST_FILES:
                    files[path] = base64.b64decode(content)
        return files

    def values(self, names: Sequence[str]) -> dict[str, Plain]:
        """Return what names of the student's hold, as plain values; without those that are missing or still at `...`."""
        found = self._asked("values", VALUES_WITHIN, names=list(names)).get("values")
        return {name: value for name, value in found.items() if name in names} if isinstance(found, dict) else {}

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

    def _end(self, why: str) -> None:
        """End the process, and learn from its keeper why it is gone if it ended by itself."""
        with suppress(WireError):
            if why != "closed":
                self._control.send({"order": "end"})
            said = self._control.receive(time.monotonic() + GRACE)
            found = said.get("ended") or said.get("failed") or why
            why = why if found == "the grader ended it" else str(found)
        self._why = why or "it is gone"


class _Inside:
    """How the zygote is started, and what it finds."""

    def __init__(self, world: World, folder: Path, walls: str) -> None:
        self._bubblewrap = walls
        self._world = world
        self._folder = folder
        self._own = Path(mlwf.__file__).parent
        self._binds: dict[str, Path] = {}
        self._prefixes = _prefixes()
        self.path = self._search_path()
        # A submission's private /tmp would hide an interpreter that is in the machine's.
        self.seen = [os.fspath(prefix) for prefix in self._prefixes if prefix.is_relative_to("/tmp")]
        if not world.sealed:
            self.path = [str(world.stand_in)] * bool(world.stand_in) + [place for place in sys.path if place]
        starts = [sys.executable, "-s", "-P", "-m", "mlwf.grading.inside.zygote"]
        self.command = [*self._walls(), *starts] if world.sealed else starts
        # The interpreter finds IPython by its own means, and the engine by this.
        engine = ENGINE if world.sealed else os.fspath(self._own.parent)
        self.environment = _environment_of_zygote(engine, "/tmp" if world.sealed else os.fspath(folder))

    def _search_path(self) -> list[str]:
        """Where modules are looked for inside: the stand-in, other packages that are preloaded, the interpreter's own."""
        stands_in = {place.name for place in self._world.stand_in.iterdir()} if self._world.stand_in else set()
        for name in {module.partition(".")[0] for module in self._world.preload} - stands_in:
            place = _place_of(name)
            if place and not any(place.is_relative_to(prefix) for prefix in self._prefixes):
                self._binds[f"{PACKAGES}/{place.name}"] = place
        own = [place for place in sys.path if place and any(Path(place).is_relative_to(p) for p in self._prefixes)]
        return [*[STAND_IN] * bool(self._world.stand_in), *own, PACKAGES]

    def _walls(self) -> list[str]:
        """Return the command of bubblewrap."""
        arguments = [
            self._bubblewrap,
            "--unshare-pid",
            "--unshare-net",
            "--unshare-ipc",
            "--unshare-uts",
            "--die-with-parent",
        ]
        # As root, bubblewrap keeps what the zygote needs to give each submission another user's id.
        arguments += [] if os.geteuid() == 0 else ["--unshare-user", "--uid", "0", "--gid", "0"]
        arguments += ["--cap-add", "ALL"]
        for place in ("/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"):
            if Path(place).is_symlink():
                arguments += ["--symlink", os.readlink(place), place]  # noqa: PTH115 - as it is written
            elif Path(place).is_dir():
                arguments += ["--ro-bind", place, place]
        arguments += ["--ro-bind", "/usr", "/usr"]
        self._binds |= {os.fspath(prefix): prefix for prefix in self._prefixes if not prefix.is_relative_to("/usr")}
        self._binds |= {f"/etc/{name}": Path("/etc") / name for name in _FROM_ETC if (Path("/etc") / name).exists()}
        self._binds |= {f"{ENGINE}/mlwf/{name}": self._own / name for name in _ENGINE_FILES}
        self._binds |= {f"/etc/{name}": path for name, path in _write_names(self._folder).items()}
        if self._world.stand_in:
            self._binds[STAND_IN] = self._world.stand_in
        arguments += ["--proc", "/proc"] if os.geteuid() == 0 else ["--bind", "/proc", "/proc"]
        # What is mapped from /dev/zero can be memory that no process is seen to have.
        arguments += ["--dev", "/dev", "--dev-bind", "/dev/null", "/dev/zero", "--remount-ro", "/dev"]
        arguments += ["--perms", "0755", "--dir", "/tmp", "--perms", "0755", "--dir", "/autograded"]
        arguments += ["--perms", "1777", "--tmpfs", "/tmp"]
        made: set[str] = set()
        for target, origin in sorted(self._binds.items()):
            for parent in reversed(Path(target).parents):
                if os.fspath(parent) not in made and os.fspath(parent) not in {"/", "/usr", "/etc/ssl"} | set(
                    self._binds
                ):
                    made.add(os.fspath(parent))
                    arguments += ["--perms", "0755", "--dir", os.fspath(parent)]
            arguments += ["--ro-bind", os.fspath(origin), target]
        for cache in _font_lists():
            arguments += ["--perms", "0755", "--dir", "/tmp/matplotlib"]
            arguments += ["--ro-bind", os.fspath(cache), f"/tmp/matplotlib/{cache.name}"]
        shown = [Path("/usr"), *self._binds.values()]
        for folder in self._hidden():
            if any(folder.is_relative_to(one) for one in shown):
                arguments += ["--tmpfs", os.fspath(folder)]
        return [*arguments, "--remount-ro", "/", "--chdir", "/"]

    def _hidden(self) -> list[Path]:
        """Folders to be empty: the course's, and with a stand-in also the package that it stands in for."""
        hidden = [place.resolve() for place in self._world.hidden if place.is_dir()]
        if self._world.stand_in:
            for package in self._world.stand_in.iterdir():
                place = _place_of(package.name)
                if place and place.is_dir():
                    hidden.append(place)
        return hidden


def _environment_of_zygote(engine: str, home: str) -> dict[str, str]:
    return {
        "PATH": _programs(), "HOME": home, "LANG": "C.UTF-8", "PYTHONPATH": engine, "MPLCONFIGDIR": f"{home}/matplotlib",
        "IPYTHONDIR": f"{home}/ipython", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def _programs() -> str:
    return f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"


def _prefixes() -> list[Path]:
    """The folders of the interpreter and its packages."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sysconfig.get_paths().values()}
    found = sorted({Path(place).resolve() for place in places} | {Path(place) for place in places})
    if site.ENABLE_USER_SITE and site.USER_SITE and Path(site.USER_SITE).is_dir():
        found.append(Path(site.USER_SITE))
    return [place for place in found if place.is_dir() and place != Path("/")]


def _place_of(package: str) -> Path | None:
    """Return the folder or file of an installed package."""
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.origin or spec.origin in {"built-in", "frozen"}:
        return None
    origin = Path(spec.origin)
    return origin.parent if spec.submodule_search_locations else origin


def _font_lists() -> list[Path]:
    """Matplotlib's lists of this machine's fonts, which take seconds to make."""
    if find_spec("matplotlib") is None:
        return []
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("MPLCONFIGDIR") or caches / "matplotlib")
    return sorted(folder.glob("fontlist-*.json"))


def _write_names(folder: Path) -> dict[str, Path]:
    """Names for the ids inside, since programs ask for them."""
    files = {
        "passwd": "root:x:0:0:root:/:/bin/sh\nstudent:x:1000:1000:student:/tmp:/bin/sh\n",
        "group": "root:x:0:\nstudent:x:1000:\n",
        "hosts": "127.0.0.1 localhost\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    return {name: folder / name for name in files}


def _may_be_left(name: str) -> bool:
    """Tell whether a file that cells have written can lie beside the graded notebook, and says nothing for the grader."""
    parts = name.split("/")
    return (
        len(parts) <= MOST_LEVELS
        and name != "timestamp.txt"
        and not any(part in {"", ".", ".."} or "\0" in part or part.endswith(".ipynb") for part in parts)
        and all(len(os.fsencode(part)) <= 255 for part in parts)
    )


def _component(name: str) -> str:
    """A name as one part of a path."""
    part = os.fsencode(name.replace("/", "_").replace("\0", "_"))[:255]
    return os.fsdecode(part) if part not in (b"", b".", b"..") else "_"
