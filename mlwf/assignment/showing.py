"""What the notebook's cells show: to people as text and tables, to the feedback page and the class report as data.

The kernel shows it while stock nbgrader grades, and the verifier puts the same into notebooks whose answers it has marked.
"""

import html
import os
import textwrap
from collections.abc import Iterable
from typing import Any

from mlwf.assignment.case import Case
from mlwf.assignment.marks import Verdict

DATA = "application/vnd.mlwf."  # what all of ours begin with
VERDICT = f"{DATA}verdict+json"
CASE = f"{DATA}case+json"
NOTE = f"{DATA}note+json"
READY = f"{DATA}ready+json"
LINE = 80  # `nbgrader validate` cuts longer lines off, and feedback pages hide their ends


def is_grading() -> bool:
    """Tell whether this process runs a notebook to grade it."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


def verdict_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict by mime type: a text for people, and data."""
    said = f"{verdict.points:g} of {verdict.max_points} points. {verdict.message}"
    return {"text/plain": textwrap.fill(said, LINE), VERDICT: dict(vars(verdict))}


class Table:
    """Rows that Jupyter shows as a table and a terminal as text."""

    def __init__(self, head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        self.head = tuple(head)
        self.rows = [tuple(row) for row in rows]

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.head))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )

    def _repr_html_(self) -> str:
        # Feedback pages have no style for tables.
        style = 'style="text-align:left; padding-right:1.5em"'
        head = "".join(f'<th scope="col" {style}>{html.escape(cell)}</th>' for cell in self.head)
        rows = "".join(
            "<tr>" + "".join(f"<td {style}>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


class Numbers(Table):
    """A student's numbers: a table to look at, and an attribute for each row to calculate with, such as ``my.stage``."""

    def __init__(self, case: Case, course: str, student: str) -> None:
        whose = student if course else "the same for everybody"
        super().__init__(("What", "Value", "Unit", "Name"), [("Whose numbers these are", whose, "", ""), *case.rows()])
        self._drawn_from = {"course": course, "student": student}
        for name, value in vars(case).items():
            setattr(self, name, value)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - as IPython calls it
        """Say for the feedback page and the class report whose numbers a graded notebook had."""
        return {CASE: self._drawn_from} if is_grading() else {}

    def data(self) -> dict[str, Any]:
        """Return all that a graded notebook shows of them, by mime type."""
        return {"text/plain": repr(self), "text/html": self._repr_html_(), CASE: dict(self._drawn_from)}


class Note:
    """What a notebook uses of this package beyond the given cells, although answers are to be worked out by hand.

    Parameters
    ----------
    used : list of str
    by_hand : str
        The course's policy.
    grading : bool
        Whom to tell: the instructor, or else the student.
    """

    def __init__(self, used: list[str], by_hand: str, *, grading: bool) -> None:
        self.used = used
        self._by_hand, self._grading = by_hand, grading

    @property
    def sentence(self) -> str:
        """All of it in a line; empty if there is nothing to say."""
        if not self.used:
            return ""
        seen = "; ".join(self.used)
        if self._grading:
            return f"For the instructor: beyond the given cells this notebook uses the package mlwf: {seen}."
        follows = {
            "note": "Your instructor sees this too.",
            "refuse": "The package is not there when your work is graded, so an answer that needs it counts nothing.",
        }[self._by_hand]
        return (
            f"Answers are to be worked out by hand, and this notebook uses the package mlwf: {seen}. {follows} "
            "If it is left over from trying things out, remove it, restart, and run all cells."
        )

    @property
    def text(self) -> str:
        """The sentence in lines."""
        return textwrap.fill(self.sentence, LINE)

    @property
    def html(self) -> str:
        """The sentence as a paragraph."""
        return f"<p><strong>{html.escape(self.sentence)}</strong></p>" if self.used else ""

    @property
    def data(self) -> dict[str, Any]:
        """What is said of it as data."""
        return {NOTE: {"used": list(self.used)}}


class Progress(Table):
    """What is ready, and a note of what was taken from this package beyond the given cells."""

    def __init__(self, rows: Iterable[Iterable[str]], note: Note) -> None:
        super().__init__(("Answer", "Points", "Is it ready?"), rows)
        self.note = note

    def __repr__(self) -> str:
        return "\n\n".join(filter(None, (super().__repr__(), self.note.text)))

    def _repr_html_(self) -> str:
        return super()._repr_html_() + self.note.html

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - as IPython calls it
        return self.note.data if is_grading() else {}
