"""Is a notebook ready to be submitted? Runs a copy of it as the grader would, and says what is in the way."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from mlwf.assignment.by_hand import uses
from mlwf.assignment.memo import look_at
from mlwf.assignment.notebook import NotebookError, read, text_of
from mlwf.assignment.runner import StoppedError, data, run
from mlwf.assignment.showing import READY

LOOK = "from mlwf.assignment.kernel import show_readiness\nshow_readiness()"


@dataclass(frozen=True)
class Readiness:
    """What stands in the way of a submission.

    Attributes
    ----------
    student : str
        Whose numbers the notebook worked with.
    answers : list of dict
        `name`, `points` and `problem` of every answer; `problem` is None where the answer can be marked.
    memo : list of str
        What a reader may miss in the memo.
    errors : list of str
        Cells that stopped with an error.
    used : list of str
        What was taken from the reference package although answers are to be derived by hand.
    by_hand : str
        The course's policy.
    """

    student: str
    answers: list[dict[str, str | int | None]]
    memo: list[str]
    errors: list[str]
    used: list[str]
    by_hand: str

    @property
    def is_ready(self) -> bool:
        """True if nothing needs another look."""
        return not (self.memo or self.errors or self.used or any(answer["problem"] for answer in self.answers))


def rehearse(path: Path, say: Callable[[int, int], None] = lambda _done, _cells: None) -> Readiness:
    """Run the notebook at `path` from top to bottom and look at its answers. The file is left as it is.

    Parameters
    ----------
    path : Path
    say : callable
        Is told how many of how many cells have run.

    Raises
    ------
    NotebookError
        It is no notebook of this assignment, or its kernel ended in the middle.
    """
    notebook = read(path)
    text = text_of(notebook)
    notebook.cells.append(nbformat.v4.new_code_cell(LOOK))  # type: ignore[no-untyped-call]
    # Where the cells give marks, they would say what is right.
    environment = {name: value for name, value in os.environ.items() if name != "NBGRADER_EXECUTION"}
    try:
        ran = run(notebook, path.parent, environment, say)
    except StoppedError as error:
        raise NotebookError(f"{path}: {error}; mend it first") from None
    found = next(data(ran.cells[-1:], READY), None)
    if found is None:
        raise NotebookError(
            f"{path}: its cell with `begin` did not run; fetch the assignment anew and copy your work into it"
        )
    return Readiness(
        student=found["student"],
        answers=found["answers"],
        memo=look_at(text.memo, found["given"]),
        errors=_errors(ran.cells[:-1]),
        used=[] if text.by_hand == "off" else uses(text.code),
        by_hand=text.by_hand,
    )


def _errors(cells: list[nbformat.NotebookNode]) -> list[str]:
    """Cells that stopped with an error; the checks' own sentences stand in the table already."""
    return [
        f"the cell that begins with `{(cell.source.strip().splitlines() or [''])[0][:60]}` raises {output.ename}: "
        f"{(output.evalue.splitlines() or [''])[0][:120]}"
        for cell in cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error" and output.ename != "NotReadyError"
    ]
