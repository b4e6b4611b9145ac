"""What a graded notebook says as data: the verdicts, whose numbers it had, and what was taken from the package.

Students' code ran in the notebook and could have written any of it, so nothing is believed before it has been looked at;
points count from the gradebook alone.
"""

from collections.abc import Iterator
from math import isfinite
from typing import Any

from nbgrader import utils

from mlwf.assignment import QUESTIONS, Verdict
from mlwf.assignment.showing import CASE, NOTE, VERDICT

LONGEST = 100  # characters of a text that is shown to somebody else


def verdicts(nb: Any) -> dict[str, Verdict]:  # noqa: ANN401 - nbformat's nodes have no types
    """Return the verdict of each question's own cell; what does not look like one is passed over."""
    read = ((name, _verdict(name, said)) for name, said in _data(nb, VERDICT))
    return {name: verdict for name, verdict in read if verdict}


def drawn_from(nb: Any) -> tuple[str, str] | None:  # noqa: ANN401
    """Return the course's key and the student's id from which the numbers were drawn; None if the cell did not run."""
    for _, said in _data(nb, CASE):
        key, student = (said.get("course"), said.get("student")) if isinstance(said, dict) else (None, None)
        if isinstance(key, str) and isinstance(student, str):
            return key, student
    return None


def used(nb: Any) -> list[str]:  # noqa: ANN401
    """Return what was taken from the package although answers are to be worked out by hand."""
    notes = (said.get("used") for _, said in _data(nb, NOTE) if isinstance(said, dict))
    return [text[:LONGEST] for texts in notes if isinstance(texts, list) for text in texts if isinstance(text, str)]


def is_given(cell: Any) -> bool:  # noqa: ANN401
    """Tell whether the instructor wrote the cell: nbgrader has put it back as it was."""
    return bool(utils.is_locked(cell))


def _data(nb: Any, mime: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """What the given cells put out as `mime`, with the cell's `grade_id`."""
    for cell in nb.cells:
        if cell.cell_type == "code" and is_given(cell):
            for output in cell.outputs:
                data = output.get("data", {})
                if mime in data:
                    yield cell.metadata.nbgrader.grade_id, data[mime]


def _verdict(name: str, said: Any) -> Verdict | None:  # noqa: ANN401
    if name not in QUESTIONS or not isinstance(said, dict) or said.get("question") != name:
        return None
    points, message, slip, right_for = (said.get(part) for part in ("points", "message", "slip", "right_for"))
    if isinstance(points, bool) or not isinstance(points, int | float) or not isfinite(points):
        return None
    if not isinstance(message, str):
        return None
    return Verdict(
        name,
        points,
        QUESTIONS[name].points,
        message,
        slip=slip if slip in [each.name for each in QUESTIONS[name].slips] else None,
        followed_through=said.get("followed_through") is True,
        right_for=right_for[:LONGEST] if isinstance(right_for, str) else None,
        missing=said.get("missing") is True,
        answer=said.get("answer"),
    )
