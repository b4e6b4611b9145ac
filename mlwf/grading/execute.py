"""Runs a mended notebook behind the walls, and lets the examiner mark what is its to mark."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode, from_dict

from mlwf.grading.course import SKIP
from mlwf.grading.outputs import ended_error
from mlwf.grading.sandbox import Session
from mlwf.grading.verify import Examiner

#: What a Python kernel says of itself, which pages need to colour the code.
LANGUAGE: dict[str, Any] = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": ".".join(map(str, sys.version_info[:3])),
}


@dataclass(frozen=True)
class Rules:
    """How cells are run.

    Attributes
    ----------
    seconds : float or None
        For one cell.
    timeout_error : dict
        What stands in the outputs of a cell that took longer: `ename`, `evalue` and `traceback`.
    """

    seconds: float | None
    timeout_error: dict[str, Any]


def execute(
    notebook: NotebookNode, session: Session, examiner: Examiner | None, student: str, rules: Rules
) -> Sequence[str]:
    """Fill in the outputs of a notebook.

    Parameters
    ----------
    notebook : NotebookNode
        As `mend` leaves it; its test cells are the instructor's.
    session : Session
    examiner : Examiner or None
        Who marks answers outside of the student's process.
    student : str
        Whose submission it is, by its folder.
    rules : Rules

    Returns
    -------
    sequence of str
        Sentences for the instructor.
    """
    flags: list[str] = []
    ran_cells: list[tuple[NotebookNode, list[dict[str, Any]]]] = []
    notebook.metadata["language_info"] = from_dict(LANGUAGE)  # type: ignore[no-untyped-call]
    questions = examiner.questions if examiner else {}
    active = [(index, cell, _question(cell, questions)) for index, cell in enumerate(notebook.cells) if _is_run(cell)]
    for place, (index, cell, question) in enumerate(active):
        about = cell.metadata.get("nbgrader", {})
        name = about.get("grade_id")
        if examiner and question is not None:
            was_there = not session.ended()
            count = session.count()
            outputs = _numbered(examiner.mark(question, student, session), count)
            if was_there and session.ended():
                flags.append(f"its process is gone since `{question}` was looked at: {session.ended()}")
        elif session.ended():
            if not about.get("grade"):
                continue
            count, outputs = None, [ended_error(session.ended())]
        else:
            following = active[place + 1][2] if place + 1 < len(active) else None
            ran = session.run(cell.source, rules.seconds, questions[following] if following is not None else ())
            count, outputs = ran.count, list(ran.outputs)
            if ran.took_too_long:
                outputs.append({"output_type": "error", **rules.timeout_error})
            if session.ended():
                outputs.append(ended_error(session.ended()))
                flags.append(
                    f"its process is gone since cell {index + 1}{f' (`{name}`)' if name else ''}: {session.ended()}"
                )
        cell.execution_count = count
        ran_cells.append((cell, outputs))
    for cell, outputs in ran_cells:  # only now, as a cell may change what an earlier one has displayed
        cell.outputs = [from_dict(output) for output in outputs]  # type: ignore[no-untyped-call]
    if examiner:
        examiner.finish(notebook, student)
    return flags


def _is_run(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip()) and SKIP not in cell.metadata.get("tags", ())


def _question(cell: NotebookNode, questions: Mapping[str, object]) -> str | None:
    """The question that a cell asks, if it is not the cell but the examiner that answers."""
    about = cell.metadata.get("nbgrader", {})
    name = about.get("grade_id")
    return name if about.get("grade") and name in questions else None


def _numbered(outputs: list[dict[str, Any]], count: int | None) -> list[dict[str, Any]]:
    for output in outputs:
        if output["output_type"] == "execute_result":
            output["execution_count"] = count
    return outputs
