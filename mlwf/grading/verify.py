"""Who marks answers outside of the student's process: what such a verifier offers, and how it is found.

A package that knows an assignment registers a `Verifier` under the entry-point group ``mlwf.verifiers``. It needs nothing from
here: the protocols are met by whatever has the right methods.
"""

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlwf.plain import Plain

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from mlwf.grading.key import NotebookKey

GROUP = "mlwf.verifiers"
log = logging.getLogger(__name__)


class Ask(Protocol):
    """What can be asked of a student's process. An answer is what the student says, and nothing to be believed."""

    def values(self, names: Sequence[str]) -> dict[str, Plain]:
        """Return what the names stand for; those that are missing, or still at ``...``, are left out."""

    def call(self, name: str, inputs: Sequence[Sequence[Any]]) -> Plain:
        """Call a function on each of the inputs: ``{"value": …}`` or ``{"error": …}`` for each, as `mlwf.plain.call_plainly` does."""


class Examiner(Protocol):
    """Marks one notebook of an assignment.

    Attributes
    ----------
    preload : tuple of str
        Modules that its cells import, to be loaded once for all.
    stand_in : Path or None
        A folder that comes before everything else on the path from which the student's code imports.
    questions : mapping of str to tuple of str
        ``grade_id`` of the test cells that it marks itself, which do not run, and the names that it asks the values of.
    """

    @property
    def preload(self) -> tuple[str, ...]: ...

    @property
    def stand_in(self) -> Path | None: ...

    @property
    def questions(self) -> Mapping[str, tuple[str, ...]]: ...

    def files(self, student: str) -> dict[str, str]:
        """Return texts that are put beside the student's notebook, by the file's name."""

    def mark(self, question: str, student: str, ask: Ask) -> list[dict[str, Any]]:
        """Return what the test cell of a question puts out, in nbformat's terms.

        Parameters
        ----------
        question : str
            One of `questions`.
        student : str
            Who has handed it in, whatever the notebook says.
        ask : Ask
        """

    def finish(self, notebook: "NotebookNode", student: str) -> None:
        """Take what only the grader can say, and a student's code has said, out of all outputs, and put in what is true."""


class Verifier(Protocol):
    """Knows the notebooks of an assignment."""

    def examiner(self, key: "NotebookKey") -> Examiner | None:
        """Return who marks the notebook with this key; None if it is not ours.

        Raises
        ------
        ValueError
            It is ours and can't be marked as it stands; the sentence says what to change.
        """


def examiner_for(key: "NotebookKey") -> Examiner | None:
    """Return who marks a notebook outside of the student's process; None if nobody does, so that its own tests run.

    A verifier that is broken is named in the log, and passed over: the course may have nothing to do with it.

    Raises
    ------
    ValueError
        Somebody knows the notebook and can't mark it as it stands.
    """
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        examiner = _asked(entry, key)
        if examiner is not None:
            return examiner
    return None


def _asked(entry: EntryPoint, key: "NotebookKey") -> Examiner | None:
    try:
        verifier: Verifier = entry.load()
        examine = verifier.examiner
    except Exception as error:  # noqa: BLE001 - whatever another package does
        _name_broken(entry, error)
        return None
    try:
        return examine(key)
    except ValueError as error:
        raise ValueError(f"{key.name}: {error}") from error
    except Exception as error:  # noqa: BLE001
        _name_broken(entry, error)
        return None


def _name_broken(entry: EntryPoint, error: Exception) -> None:
    log.warning("the verifier %s (%s) is broken: %s: %s", entry.name, entry.value, type(error).__name__, error)
