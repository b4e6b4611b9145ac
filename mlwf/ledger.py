"""The student's record on disk: one JSON file for all chapters, shared by every notebook that is open on it."""

import errno
import glob
import json
import os
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any

Design = dict[str, Any]
Change = Callable[[Design], Design]
Step = tuple[int, Change]  # the chapter, and what is done to its design

PATIENCE = 5.0  # seconds to wait for another notebook's save, which takes milliseconds
DEEPEST = 100  # levels in a file; left alone, Python gives up at a depth that depends on who calls it


class Ledger:
    """What one student chose in each chapter.

    Nothing that happens to the disk is raised: the record then lives on in memory, `problem` says so, and the next
    call tries the disk again. Threads may share a ledger, and notebooks a file.

    Parameters
    ----------
    path : str or os.PathLike or None
        Where the file is or shall be. None: what the environment variable ``MLWF_LEDGER`` says, else
        ``~/.mlsys/ledger.json``. ``":memory:"`` writes nothing.

    Attributes
    ----------
    path : pathlib.Path or None
        The file; None if the record is in memory only.
    problem : str
        For the student: what keeps the record from the disk now, and what to do about it; "" if nothing does.
    notice : str
        For the student: where a damaged file was set aside; "" if none was.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        place = os.fspath(path or os.environ.get("MLWF_LEDGER") or "~/.mlsys/ledger.json")
        self.path: Path | None = None
        self.problem = self.notice = ""
        self._found: Design = {}  # the file when we last saw it
        self._document: Design = {}  # the same, with the changes that could not be saved yet
        self._unsaved: list[Step] = []
        self._guard = RLock()
        self._busy = False
        if place != ":memory:":
            try:
                self.path = Path(place).expanduser().absolute()
            except (OSError, RuntimeError) as error:  # the working directory is gone; or nobody has a home here
                self.problem = _sorry(f"progress can't be saved in {place}", error)

    def read(self, chapter: int) -> Design:
        """Return a copy of the chapter's design; {} if there is none."""
        return self._visit(chapter)

    def update(self, chapter: int, change: Change) -> Design:
        """Change the chapter's design, and save it if that makes a difference.

        Parameters
        ----------
        chapter : int
        change : callable
            Gets a copy of the design as it is on disk, with all that other notebooks have saved and keys unknown to
            us, and returns the design to store. After a failed save it is called again, on what is on disk then.

        Returns
        -------
        dict
            A copy of the stored design.

        Raises
        ------
        TypeError, ValueError
            The design is not plain JSON; the message names the key, and nothing is stored.
        RuntimeError
            `change` itself calls this ledger.
        """
        return self._visit(chapter, (chapter, change))

    def _visit(self, chapter: int, *new: Step) -> Design:
        """Bring memory and disk together, with `new` changes and those that wait; return the chapter's design."""
        with self._guard:
            if self._busy:  # it would wait in vain for its own lock
                raise RuntimeError("a change must not call the ledger that it is given to")
            self._busy = True
            try:
                if self.path is None:
                    self._document = _changed(self._document, new)
                else:
                    self._visit_disk(Path(os.path.realpath(self.path)), new)  # a link stays one, its names share a lock
            finally:
                self._busy = False
            return _copy(_entries(self._document, chapter)[-1]["design"])

    def _visit_disk(self, file: Path, new: Sequence[Step]) -> None:
        # Not before there is a disk: in a browser it would warn, for the student to see, that files can't be locked there.
        from filelock import FileLock

        found: Design | None = None
        document: Design | None = None
        problem = ""
        try:
            found = _load(file)  # first without the lock: reading leaves no trace, and works on a read-only disk
            if found is None or new or self._unsaved:
                # Once it has waited in vain it asks but briefly: a stuck lock must not freeze every slider. Where the
                # disk has no locks, filelock's substitute may outlive a killed process: rather say that nothing is saved.
                patience = 0.2 if self._unsaved else PATIENCE
                with FileLock(f"{file}.lock", timeout=patience, poll_interval=0.005, fallback_to_soft=False):
                    found = _load(file)
                    if found is None:
                        self.notice = _set_aside(file)
                        found = {}
                    document = self._with_changes(found, new)
                    if _text(document) != _text(found):
                        _save(file, document)
                        found = document
        except OSError as error:
            unread = f"earlier progress in {file} can't be read and is left as it is"
            problem = _sorry(unread if found is None else f"progress can't be saved in {file.parent}", error)
        found = self._found if found is None else found
        document = self._with_changes(found, new) if document is None else document
        self._unsaved = [*self._unsaved, *new] if _text(document) != _text(found) else []
        self._found, self._document, self.problem = found, document, problem

    def _with_changes(self, found: Design, new: Sequence[Step]) -> Design:
        if _text(found) == _text(self._found):
            return _changed(self._document, new)
        # Another notebook has saved: the changes that wait are made on top of its work, so that none is lost.
        return _changed(found, [*self._unsaved, *new])


def _entries(document: Design, chapter: int) -> list[Design]:
    """Return the chapter's entries, the newest last; at least an empty one."""
    history = document.get("history", [])
    mine = [entry for entry in history if isinstance(entry, dict) and entry.get("chapter") == chapter]
    return [entry for entry in mine if isinstance(entry.get("design"), dict)] or [{"chapter": chapter, "design": {}}]


def _changed(document: Design, steps: Sequence[Step]) -> Design:
    for chapter, change in steps:
        mine = _entries(document, chapter)
        after = change(_copy(mine[-1]["design"]))
        if not isinstance(after, dict):
            raise TypeError(f"design must be a dict, not {type(after).__name__}")
        _check(after, "design", DEEPEST - 3)  # it stands three levels down in the file
        if _text(after) != _text(mine[-1]["design"]):
            others = [entry for entry in document.get("history", []) if entry not in mine]
            document = {"track": None, **document} | {
                "current_chapter": chapter,
                "history": [*others, {**mine[-1], "design": _copy(after)}],
                "last_updated": datetime.now(UTC).isoformat(timespec="seconds"),
            }
    return document


def _check(value: object, name: str, levels: int) -> None:
    """Refuse what would not come back from a JSON file as it went in."""
    if levels == 0:
        raise ValueError(f"{name} is nested too deeply")
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(value, dict) and not isinstance(key, str):
                raise TypeError(f"{name} must have keys of text, not {key!r}")
            _check(inner, f"{name}[{key!r}]", levels - 1)
    elif value is not None and not isinstance(value, str | int | float):
        raise TypeError(f"{name} must be a plain JSON value, not {type(value).__name__}")
    else:
        try:
            json.dumps(value, allow_nan=False)
        except ValueError as error:  # not finite, or an int of thousands of digits
            raise ValueError(f"{name} can't be written as JSON: {error}") from None


def _text(value: Design) -> str:
    return json.dumps(value, sort_keys=True)  # unlike ==, tells 1, 1.0 and True apart


def _copy(value: Design) -> Design:
    copy: Design = json.loads(json.dumps(value))
    return copy


def _load(file: Path) -> Design | None:
    """Return what the file holds: {} if there is none, None if it is damaged."""
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode) and file.suffix == ".json":
            return None
        if not stat.S_ISREG(mode):  # a device, or a folder that was hardly meant to be a ledger: not ours to move
            raise OSError(errno.EINVAL, "it is not a file")
        document = json.loads(file.read_bytes().decode("utf-8-sig"))
        _check(document, file.name, DEEPEST)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("history", []), list) else None


def _set_aside(file: Path) -> str:
    aside = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    while os.path.lexists(aside):  # rename would replace it; nobody comes between, as we hold the lock
        aside = aside.with_name(f"{aside.name}+")
    file.rename(aside)
    return f"Your record {file} was damaged and the lab starts anew. Nothing is deleted: the old one is now {aside}."


def _save(file: Path, document: Design) -> None:
    """Replace the file at one stroke: whoever reads sees the old or the new one, whatever happens to us."""
    for stray in file.parent.glob(f"{glob.escape(file.name)}.saving-*"):  # of a notebook killed while it saved
        stray.unlink(missing_ok=True)
    # A fresh name each time, so that files stay whole even on a network disk whose locks do not hold.
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.saving-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(json.dumps(document, indent=2, allow_nan=False).encode() + b"\n")
            stream.flush()
            os.fsync(descriptor)
        with suppress(OSError):  # a new file is private; an old one keeps its mode, where the disk knows modes
            Path(name).chmod(stat.S_IMODE(file.stat().st_mode))
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    with suppress(OSError):  # not every system opens folders
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _sorry(what: str, error: Exception) -> str:
    why = getattr(error, "strerror", None) or str(error).rstrip(".")
    if isinstance(error, TimeoutError) and error.errno is None:  # of a lock, and not of a disk
        why = "another notebook or program keeps it locked"
    elif isinstance(error, FileExistsError | NotADirectoryError):
        why = "a file stands where a folder should be"
    return (
        f"Your {what} ({why[:1].lower()}{why[1:]}). The lab goes on, but what you do now is kept only until this "
        "notebook closes. Put that right and the next change is saved; or set MLWF_LEDGER to another file and restart "
        "the kernel."
    )
