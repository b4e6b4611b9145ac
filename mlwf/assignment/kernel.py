"""What the assignment's cells call. This side runs in the student's kernel and looks answers up by name."""

import html
import os
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from IPython.core.getipython import get_ipython

from mlwf.assignment.answers import AnswerError, Plain, call_plainly, plain, read_number
from mlwf.assignment.case import PUBLISHED
from mlwf.assignment.marks import mark
from mlwf.assignment.questions import QUESTIONS, Question

LINE = 80  # `nbgrader validate` cuts longer lines off, and feedback pages hide their ends


class NotReadyError(Exception):
    """An answer that could not be marked as it stands. Shown as one sentence, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return textwrap.wrap(f"Not ready: {self}", LINE)


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


def show_case() -> Table:
    """Return the numbers to work with, as a table."""
    return Table(("What", "Value", "Unit"), PUBLISHED.rows())


def check(question_id: str) -> float | None:
    """Look at the answer to a question.

    While a student works, and under nbgrader's Validate, an answer that is missing, of the wrong kind or implausible is
    said in one sentence; whether it is right is not. Under autograde the feedback is printed and the points are returned.

    Parameters
    ----------
    question_id : str

    Returns
    -------
    float or None
        Points under autograde, else None.

    Raises
    ------
    NotReadyError
        The answer can't be marked as it stands (not under autograde).
    ValueError
        There is no such question.
    """
    if question_id not in QUESTIONS:
        raise ValueError(f"question_id must be one of {', '.join(QUESTIONS)}, not {question_id!r}")
    question, namespace = QUESTIONS[question_id], _namespace()
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        verdict = mark(question, PUBLISHED, deliver((question_id, *question.builds_on), namespace))
        said = f"{verdict.points:g} of {verdict.max_points} points. {verdict.message}"
        print(textwrap.fill(said, LINE))  # noqa: T201 - the cell's output is the feedback
        return float(verdict.points)
    problem = _problem(question, namespace)
    if problem:
        raise NotReadyError(problem)
    return None


def progress() -> Table:
    """Return a table of what is ready and what it is worth. Ready means that it can be marked, not that it is right."""
    namespace = _namespace()
    rows = []
    for question in QUESTIONS.values():
        problem = _problem(question, namespace)
        rows.append((question.name, f"{question.points}", (problem or "ready").replace("`", "")))
    return Table(("Answer", "Points", "Is it ready?"), rows)


def deliver(question_ids: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Plain]:
    """Return the answers to `question_ids` as plain values; a name that is missing or still at `...` is left out."""
    answers: dict[str, Plain] = {}
    for question_id in question_ids:
        question = QUESTIONS[question_id]
        value = namespace.get(question.name, ...)
        if value is not ...:
            answers[question_id] = call_plainly(value, question.inputs(PUBLISHED)) if question.inputs else plain(value)
    return answers


def _namespace() -> Mapping[str, Any]:
    shell = get_ipython()
    if shell is None:
        raise RuntimeError("check and progress look answers up by name, so they work in a notebook or in IPython only")
    namespace: Mapping[str, Any] = shell.user_ns
    return namespace


def _problem(question: Question, namespace: Mapping[str, Any]) -> str | None:
    """Why the answer to `question` can't be marked as it stands, as a sentence; None if it can."""
    answers = deliver((question.id,), namespace)
    if question.id not in answers:
        return f"nothing is assigned to `{question.name}` yet."
    answer = answers[question.id]
    if question.inputs:
        return _function_problem(question, answer)
    try:
        read_number(question.kind, answer)
    except AnswerError as error:
        return f"`{question.name}`: {error}"
    return None


def _function_problem(question: Question, results: Plain) -> str | None:
    if not isinstance(results, list):
        return f"`{question.name}` should be a function."
    if any(result.get("error") == "TimeoutError" for result in results):
        return f"`{question.name}` takes longer than a second."
    if all("error" in result for result in results):
        return f"`{question.name}` raises {results[0]['error']} whatever it is given."
    if all(result["value"] is None for result in results if "value" in result):
        return f"`{question.name}` returns nothing; end it with a return statement."
    return None
