"""What lies in a submission's folder, read without trusting it.

Whoever hands in a folder decides what is in it: links to other students' work or to the system's files, pipes that
nobody ever writes to, devices, a sparse file of a terabyte, a hundred thousand files. Only regular files within limits
are read; whatever else there is gets a sentence for the instructor.
"""

import errno
import fnmatch
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from mlwf.grading.course import Course, parse_timestamp
from mlwf.grading.data import is_whole
from mlwf.grading.key import NotebookKey
from mlwf.grading.mend import names_in

NOTEBOOK = ".ipynb"
TIMESTAMP = "timestamp.txt"

# Not following links and not waiting for a pipe's other end; a terminal does not become ours.
OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
# So many things that were left out get a sentence each, the others one together.
NAMED = 20
SHOWN = 120  # characters of a name in a sentence
LONGEST = 1000  # bytes of a path in the folder: it has to have room below other folders too
TIMESTAMP_SIZE = 1000  # bytes; nbgrader writes about 30

_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


@dataclass(frozen=True)
class Sizes:
    """How much of a submission is read.

    Attributes
    ----------
    notebook, notebooks : int
        Bytes of one notebook, and of all together.
    others : int
        Bytes of all other files together.
    files : int
        Number of other files.
    entries : int
        Number of names that are looked at.
    depth : int
        Folders inside folders.
    """

    notebook: int = 100_000_000
    notebooks: int = 300_000_000
    others: int = 200_000_000
    files: int = 5_000
    entries: int = 100_000
    depth: int = 20


SIZES = Sizes()


@dataclass(frozen=True)
class Files:
    """What was read.

    Attributes
    ----------
    notebooks : mapping of str to bytes or None
        By file name without .ipynb; None could not be read, `flags` says why.
    others : mapping of str to bytes
        Content of every other regular file, by its path in the folder with `/` between the parts.
    timestamp : str or None
        What timestamp.txt says.
    flags : tuple of str
        Sentences for the instructor, each of one line.
    """

    notebooks: Mapping[str, bytes | None]
    others: Mapping[str, bytes]
    timestamp: str | None
    flags: tuple[str, ...]


def read_files(folder: Path, ignore: Sequence[str], limits: Sizes = SIZES) -> Files:
    """Read what lies in a submission's folder.

    Parameters
    ----------
    folder : Path
        ``submitted/STUDENT/ASSIGNMENT``.
    ignore : sequence of str
        Patterns of names that nbgrader leaves out: files as well as folders.
    limits : Sizes
        How much is read.

    Returns
    -------
    Files
        Whatever the folder holds: nothing is raised.
    """
    reader = _Reader(_matcher(ignore), limits)
    try:
        opened = os.open(folder, OPEN | os.O_DIRECTORY)
    except (OSError, ValueError) as error:
        return Files({}, {}, None, (f"the folder can't be read: {_reason(error)}",))
    try:
        reader.walk(opened, "", 0)
    finally:
        os.close(opened)
    return reader.files()


def read_submission(course: Course, assignment: str, student: str) -> Files:
    """Read what a student has handed in.

    Parameters
    ----------
    course : Course
    assignment, student : str

    Returns
    -------
    Files
        Of ``submitted/STUDENT/ASSIGNMENT``, with a flag if a link on the way leads elsewhere.
    """
    folder, step = course.submitted(assignment, student), course.root / course.directory.submitted_directory
    files = read_files(folder, course.ignored)
    real = os.path.realpath(folder)
    if not folder.is_relative_to(step) or real == os.path.join(os.path.realpath(step), folder.relative_to(step)):  # noqa: PTH118 - a text
        return files
    return replace(files, flags=(f"the student's folder is a link: this lies in {shown(real)}", *files.flags))


def without(files: Mapping[str, bytes], others: Iterable[str]) -> dict[str, bytes]:
    """Leave out files that can't lie where others do.

    Parameters
    ----------
    files : mapping of str to bytes
        By their paths in a folder.
    others : iterable of str
        Paths in the same folder.

    Returns
    -------
    dict
        Without those of the same path, or with one as the other's folder.
    """
    names = set(others)
    folders = {os.fspath(parent) for name in names for parent in PurePosixPath(name).parents}
    return {
        name: content
        for name, content in files.items()
        if name not in names
        and name not in folders
        and not any(os.fspath(parent) in names for parent in PurePosixPath(name).parents)
    }


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder.

    Parameters
    ----------
    folder : Path
    files : mapping of str to bytes
        By their paths in it, in the order in which they are written.
    """
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@dataclass
class _Reader:
    """The walk through one folder."""

    ignored: re.Pattern[str]
    limits: Sizes
    notebooks: dict[str, bytes | None] = field(default_factory=dict)
    others: dict[str, bytes] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    entries: int = 0
    notebook_bytes: int = 0
    other_bytes: int = 0
    full: bool = False  # somebody has been told that there are too many files

    def files(self) -> Files:
        timestamp = self._timestamp()
        flags = self.left_out[:NAMED]
        if len(self.left_out) > NAMED:
            flags.append(f"{len(self.left_out) - NAMED:,} more things were left out")
        return Files(self.notebooks, self.others, timestamp, tuple(flags))

    def walk(self, folder: int, path: str, depth: int) -> None:
        """Read the folder behind a descriptor, which is `path` in the submission."""
        for name, mode in self._listed(folder, path):
            inside = f"{path}{name}"
            is_notebook = name.endswith(NOTEBOOK) and not name.startswith(".")
            if is_notebook and path:
                continue  # nbgrader neither grades nor copies it
            try:
                if stat.S_ISREG(mode):
                    self._read(folder, name, inside, is_notebook)
                elif is_notebook:
                    raise _LeftOut(_kind(mode))
                elif stat.S_ISDIR(mode):
                    self._enter(folder, name, inside, depth)
                else:
                    raise _LeftOut(_kind(mode))
            except _LeftOut as reason:
                self._leave_out(inside, str(reason))
                if is_notebook and is_whole(name):
                    self.notebooks[name.removesuffix(NOTEBOOK)] = None

    def _listed(self, folder: int, path: str) -> Iterator[tuple[str, int]]:
        """The names in a folder that are not ignored, in order, and what sort of thing each is."""
        try:
            with os.scandir(folder) as scan:
                names = [entry.name for entry in islice(scan, self.limits.entries - self.entries)]
                more = next(scan, None) is not None
        except OSError as error:
            self._leave_out(path, _reason(error))
            return
        self.entries += len(names)
        if more:
            self._leave_out(path or ".", f"only {self.limits.entries:,} names are looked at")
        for name in sorted(names):
            if not self.ignored.match(name):
                try:
                    yield name, os.lstat(name, dir_fd=folder).st_mode
                except OSError as error:
                    self._leave_out(f"{path}{name}", _reason(error))

    def _enter(self, folder: int, name: str, inside: str, depth: int) -> None:
        if depth >= self.limits.depth:
            raise _LeftOut(f"more than {self.limits.depth} folders deep")
        opened = _open(folder, name, os.O_DIRECTORY)
        try:
            self.walk(opened, f"{inside}/", depth + 1)
        finally:
            os.close(opened)

    def _read(self, folder: int, name: str, inside: str, is_notebook: bool) -> None:
        if not is_whole(inside):
            raise _LeftOut("its name is not UTF-8")
        if len(inside.encode()) > LONGEST:
            raise _LeftOut("its path is too long")
        if is_notebook:
            room = min(self.limits.notebook, self.limits.notebooks - self.notebook_bytes)
            content = _content(folder, name, room)
            self.notebook_bytes += len(content)
            self.notebooks[name.removesuffix(NOTEBOOK)] = content
            return
        if len(self.others) >= self.limits.files:
            if not self.full:
                self.full = True
                raise _LeftOut(f"only {self.limits.files:,} files are read; so are all after it")
            return
        content = _content(folder, name, self.limits.others - self.other_bytes)
        self.other_bytes += len(content)
        self.others[inside] = content

    def _timestamp(self) -> str | None:
        content = self.others.get(TIMESTAMP, b"")
        if len(content) <= TIMESTAMP_SIZE:
            text = content.decode(errors="replace").strip()
            if not text or parse_timestamp(text):
                return text or None
        del self.others[TIMESTAMP]  # nbgrader would stop at it
        self.left_out.append(f"{TIMESTAMP} holds no time: it is not known when this was handed in")
        return None

    def _leave_out(self, inside: str, reason: str) -> None:
        self.left_out.append(f"{shown(inside)} was left out: {reason}")


class _LeftOut(Exception):
    """Why something is not read."""


def _open(folder: int, name: str, flags: int = 0) -> int:
    try:
        return os.open(name, OPEN | flags, dir_fd=folder)
    except (OSError, ValueError) as error:
        raise _LeftOut(_reason(error)) from None


def _content(folder: int, name: str, room: int) -> bytes:
    """The content of a regular file that is not larger than `room`."""
    opened = _open(folder, name)
    try:
        found = os.fstat(opened)  # another thing may have taken the name since it was looked at
        if not stat.S_ISREG(found.st_mode):
            raise _LeftOut(_kind(found.st_mode))
        if found.st_size > room:
            raise _LeftOut(f"it is too large ({found.st_size:,} bytes; {max(room, 0):,} are left for it)")
        with os.fdopen(opened, "rb", buffering=0, closefd=False) as file:
            content = file.read(found.st_size + 1) or b""  # one more, lest it stops at a round number
            while len(content) <= room and (more := file.read(room + 1 - len(content))):
                content += more
        if len(content) > room:
            raise _LeftOut("it grows while it is read")
        return content
    except OSError as error:
        raise _LeftOut(_reason(error)) from None
    finally:
        os.close(opened)


def _matcher(ignore: Sequence[str]) -> re.Pattern[str]:
    """What nbgrader's patterns match; as in a shell, `*` does not match a leading dot."""
    patterns = [("" if pattern.startswith(".") else r"(?!\.)") + fnmatch.translate(pattern) for pattern in ignore]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)")


def _kind(mode: int) -> str:
    return f"it is {_KINDS.get(stat.S_IFMT(mode), 'a folder' if stat.S_ISDIR(mode) else 'no file')}"


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        if error.errno == errno.ELOOP:
            return _kind(stat.S_IFLNK)
        return error.strerror or type(error).__name__
    return "it has no proper name"


def shown(name: str) -> str:
    """Return a name that somebody else chose as text of one line."""
    return repr(name if len(name) <= SHOWN else f"{name[:SHOWN]}…")


def assign(files: Files, keys: Mapping[str, NotebookKey]) -> tuple[dict[str, bytes | None], tuple[str, ...]]:
    """Find which notebook is which.

    A notebook with another name than was asked for is taken for the one that is missing, if only one is missing and
    only one other has at least half of its cells.

    Parameters
    ----------
    files : Files
        What was handed in.
    keys : mapping of str to NotebookKey
        What was asked for, by name.

    Returns
    -------
    notebooks : dict of str to bytes or None
        The content of each notebook that is there, by the name that was asked for; None if it can't be read.
    flags : tuple of str
        Sentences for the instructor, each of one line.
    """
    found = {name: files.notebooks[name] for name in keys if name in files.notebooks}
    missing = [name for name in keys if found.get(name) is None]
    unknown = {name: content for name, content in files.notebooks.items() if name not in keys and content is not None}
    flags = []
    if len(missing) == 1 and unknown:
        key = keys[missing[0]]
        fitting = [name for name, content in unknown.items() if 2 * len(names_in(content, key)) >= len(key.cells) > 0]
        if len(fitting) == 1:
            found[missing[0]] = unknown.pop(fitting[0])
            flags.append(f"notebook {shown(fitting[0] + NOTEBOOK)} was taken for `{missing[0]}{NOTEBOOK}`")
            missing = []
    if missing and unknown:
        others = ", ".join(shown(name + NOTEBOOK) for name in list(unknown)[:NAMED])
        flags.append(f"there are notebooks that nobody asked for: {others}{', …' if len(unknown) > NAMED else ''}")
    return found, tuple(flags)
