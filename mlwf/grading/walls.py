"""The walls: a zygote is started inside bubblewrap, and finds there what it needs and nothing of the course."""

import json
import os
import shutil
import signal
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import mlwf
from mlwf.grading.errors import GradingError

ENGINE = "/engine"  # where the inside finds its own code
PACKAGES = "/packages"  # where it finds packages that are not in the interpreter's own folders
STAND_IN = "/stand-in"
READY_WITHIN = 60.0
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
# Names for the ids inside, since programs ask for them.
_NAMES = {
    "passwd": "root:x:0:0:root:/:/bin/sh\nstudent:x:1000:1000:student:/tmp:/bin/sh\n",
    "group": "root:x:0:\nstudent:x:1000:\n",
    "hosts": "127.0.0.1 localhost\n",
}
_AT_FIRST = tuple(sys.path)  # before a course's folder is put there for the plugins of its configuration
_USUAL = ("numpy", "matplotlib", "matplotlib.figure", "matplotlib_inline.backend_inline")
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


class Zygote:
    """A zygote that has been started, and the folder in which it listens.

    Parameters
    ----------
    world : World

    Raises
    ------
    GradingError
        The walls can't be put up here.
    """

    def __init__(self, world: World) -> None:
        if not sys.platform.startswith("linux"):
            raise GradingError("mlwf grade needs Linux; elsewhere grade with: nbgrader autograde")
        walls = shutil.which("bwrap") if world.sealed else ""
        if walls is None:
            raise GradingError(f"submissions can't be sealed in: there is no bwrap; {HOW_TO_SEAL}")
        self._walls, self._preload = walls, world.preload
        # Made at each start: a name that was given up may be anybody's.
        self.folder = Path(tempfile.mkdtemp(prefix="mlwf-"))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            _write_names(self.folder)
            self._inside = _Inside(world, self.folder, walls)
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        with closing(socket.socket(socket.AF_UNIX)) as listener, (self.folder / "log").open("wb") as log:
            with self._address() as address:
                listener.bind(address)
            listener.listen(64)
            self._process = subprocess.Popen(
                self._inside.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=self._inside.environment, cwd="/", pass_fds=[listener.fileno()], start_new_session=True,
            )  # fmt: skip
            self._say(**self._inside.plan, listener=listener.fileno(), preload=self._preload)

    def _say(self, **message: object) -> None:
        assert self._process
        assert self._process.stdin
        with suppress(BrokenPipeError):  # why it is gone is in the log
            self._process.stdin.write(f"{json.dumps(message)}\n".encode())
            self._process.stdin.flush()

    def suits(self, world: World) -> bool:
        """Tell whether it stands behind the walls of `world`, which then would be put up by the very same command."""
        return self._inside.start == _Inside(world, self.folder, self._walls).start

    def tell(self, preload: Sequence[str]) -> None:
        """Say what to import as well; for that it waits."""
        self._say(preload=preload)

    def wait(self) -> None:
        """Wait until it can be forked."""
        assert self._process
        assert self._process.stdout
        if not self._process.stdout.readline():
            self._process.wait(READY_WITHIN)
            said = (self.folder / "log").read_text(errors="replace").strip().splitlines()
            raise GradingError(f"submissions can't be sealed in: {said[-1] if said else 'bwrap ended'}; {HOW_TO_SEAL}")

    def connect(self) -> socket.socket:
        """Return a connection, which is one submission."""
        control = socket.socket(socket.AF_UNIX)
        try:
            with self._address() as address:
                control.connect(address)
        except OSError:
            control.close()
            raise GradingError("the process that submissions are forked from has ended; grade again") from None
        return control

    @contextmanager
    def _address(self) -> Iterator[str]:
        """Where it listens, in few letters: a socket's name may have only about a hundred."""
        folder = os.open(self.folder, os.O_PATH | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}/zygote"
        finally:
            os.close(folder)

    @property
    def is_alive(self) -> bool:
        """True while it is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Bubblewrap's process, or the zygote's own where there are no walls."""
        assert self._process
        return self._process.pid

    def close(self) -> None:
        """End it and everything that descends from it."""
        if self._process:
            if self._process.returncode is None:  # or its number may be somebody else's by now
                # Bubblewrap takes all in its namespace along, but not its first child, when it has only just been made.
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    with suppress(OSError):
                        stream.close()
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)


class Ahead:
    """A zygote that is started before the world is known in which it will be needed, as that takes as long as its own imports.

    A context manager: if nobody takes the zygote, it ends with the block.

    Parameters
    ----------
    sealed : bool
    """

    def __init__(self, *, sealed: bool) -> None:
        self._sealed = sealed
        self._zygote: Zygote | None = None

    def __enter__(self) -> Self:
        with suppress(GradingError):  # whoever needs one will be told
            # As for a course whose cells import this package; where it is installed with the others, it is the same for all.
            self._zygote = Zygote(World((*usual_modules(), mlwf.__name__), sealed=self._sealed))
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote, if nobody has taken it."""
        zygote, self._zygote = self._zygote, None
        if zygote:
            zygote.close()

    def take(self, world: World) -> Zygote | None:
        """Give it away, if its walls are those of `world`; it is the taker's to close."""
        zygote = self._zygote
        if zygote is None or not (zygote.is_alive and zygote.suits(world)):
            return None
        self._zygote = None
        return zygote


def usual_modules() -> tuple[str, ...]:
    """Return what most notebooks import, as far as it is installed."""
    return tuple(filter(_is_installed, _USUAL))


def _is_installed(module: str) -> bool:
    """Tell whether a module's package is installed; to look for a part of it would import it here."""
    try:
        return find_spec(module.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


class _Inside:
    """How the zygote is started, and what it finds."""

    def __init__(self, world: World, folder: Path, walls: str) -> None:
        self._bubblewrap = walls
        self._world = world
        self._folder = folder
        self._own = Path(mlwf.__file__).parent
        self._binds: dict[str, Path] = {}
        self._prefixes = _prefixes()
        path = self._search_path()
        # A submission's private /tmp would hide an interpreter that is in the machine's.
        seen = [os.fspath(prefix) for prefix in self._prefixes if prefix.is_relative_to("/tmp")]
        if not world.sealed:
            path = [str(world.stand_in)] * bool(world.stand_in) + _usual_path(_AT_FIRST)
        self.plan: dict[str, Any] = {"sealed": world.sealed, "path": path, "seen": seen}
        starts = [sys.executable, "-s", "-P", "-m", "mlwf.grading.inside.zygote"]
        self.command = [*self._walls(), *starts] if world.sealed else starts
        # The interpreter finds IPython by its own means, and the engine by this.
        engine = ENGINE if world.sealed else os.fspath(self._own.parent)
        self.environment = _environment_of_zygote(engine, "/tmp" if world.sealed else os.fspath(folder))
        self.start = (self.command, self.environment, self.plan)

    def _search_path(self) -> list[str]:
        """Where modules are looked for inside: the stand-in, the interpreter's own, and other packages that are preloaded."""
        stands_in = {place.name for place in self._world.stand_in.iterdir()} if self._world.stand_in else set()
        for name in {module.partition(".")[0] for module in self._world.preload} - stands_in:
            place = _place_of(name)
            if place and not any(place.is_relative_to(prefix) for prefix in self._prefixes):
                self._binds[f"{PACKAGES}/{place.name}"] = place
        own = [place for place in _usual_path(sys.path) if any(Path(place).is_relative_to(p) for p in self._prefixes)]
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
        self._binds |= {f"/etc/{name}": self._folder / name for name in _NAMES}
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
        "PATH": programs(), "HOME": home, "LANG": "C.UTF-8", "PYTHONPATH": engine, "MPLCONFIGDIR": f"{home}/matplotlib",
        "IPYTHONDIR": f"{home}/ipython", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


def programs() -> str:
    """Where programs are found inside."""
    return f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"


def _usual_path(places: Sequence[str]) -> list[str]:
    """Where modules are looked for, without what a package has put there for itself (as setuptools does)."""
    return [place for place in places if place and not (Path(place).parent / "__init__.py").is_file()]


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


def _write_names(folder: Path) -> None:
    for name, text in _NAMES.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
