"""What the assignment's cells call. This side runs in the student's kernel and looks answers up by name."""

import getpass
import html
import os
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from mlwf.assignment.answers import AnswerError, for_json, read_number
from mlwf.assignment.by_hand import uses
from mlwf.assignment.case import PUBLISHED, Case
from mlwf.assignment.marks import mark
from mlwf.assignment.memo import MEMO_POINTS, look_at
from mlwf.assignment.notebook import NotebookError, read, text_of
from mlwf.assignment.own import own_case
from mlwf.assignment.questions import QUESTIONS, Question
from mlwf.plain import Plain, call_plainly, plain

BY_HAND = ("note", "off")
VERDICT = "application/vnd.mlwf.verdict+json"
CASE = "application/vnd.mlwf.case+json"
NOTE = "application/vnd.mlwf.note+json"
READY = "application/vnd.mlwf.ready+json"
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
        return {CASE: self._drawn_from} if _is_grading() else {}


@dataclass(frozen=True)
class Setting:
    """Whose numbers this notebook works with, and by which rules.

    Attributes
    ----------
    student : str
    case : Case
    others : mapping of str to Case
        Whose numbers else somebody may have worked with by mistake.
    by_hand : str
        One of `BY_HAND`.
    """

    student: str
    case: Case
    others: Mapping[str, Case]
    by_hand: str


class _Desk:
    """What `begin` has laid out; there is one notebook in a kernel."""

    setting: Setting | None = None


def begin(course: str = "", student: str = "", by_hand: str = "note") -> Numbers:
    """Lay out the student's own numbers, and return them.

    Parameters
    ----------
    course : str
        The course's key, which decides the numbers together with the student's id; it is no secret. Empty: everybody has the
        numbers of the published lab.
    student : str
        The student's id, where the system's own name isn't it (as on Binder). While nbgrader grades, the submission's folder
        says who it is.
    by_hand : str
        "note": what is taken from this package beyond the given cells is noted, and said before submitting. "off": nothing is.

    Returns
    -------
    Numbers

    Raises
    ------
    TypeError, ValueError
        An argument is of the wrong type, or `by_hand` is no policy.
    """
    if by_hand not in BY_HAND:
        raise ValueError(f"by_hand must be {' or '.join(map(repr, BY_HAND))}, not {by_hand!r}")
    if not isinstance(student, str):
        raise TypeError(f'student must be text, such as "ada", not {student!r}')
    who, said = whose(), student.strip()
    if said and not _is_grading():
        who = said
    others = {} if not course else {"the published lab": PUBLISHED}
    if course and said and said != who:
        others[said] = own_case(course, said)
    case = own_case(course, who)
    _Desk.setting = Setting(who, case, others, by_hand)
    return Numbers(case, course, who)


def whose() -> str:
    """Return the id of the student at work: by the submission's folder while grading, else by the hub or the system."""
    if _is_grading():
        # nbgrader runs a notebook in autograded/STUDENT/ASSIGNMENT.
        return os.environ.get("MLWF_STUDENT") or Path.cwd().parent.name
    return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()


def _is_grading() -> bool:
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


def _setting() -> Setting:
    if _Desk.setting is None:
        raise NotReadyError("run the cell with `begin` at the top first; your numbers come from there.")
    return _Desk.setting


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
    setting = _setting()
    if _is_grading():
        answers = deliver((question_id, *question.builds_on), namespace, setting.case)
        verdict = mark(question, setting.case, answers, setting.others)
        said = f"{verdict.points:g} of {verdict.max_points} points. {verdict.message}"
        # Text for people, and the same as data for the feedback page and the class report.
        display({"text/plain": textwrap.fill(said, LINE), VERDICT: asdict(verdict)}, raw=True)  # type: ignore[no-untyped-call]
        return float(verdict.points)
    problem = _problem(question, namespace, setting.case)
    if problem:
        raise NotReadyError(problem)
    return None


class Progress(Table):
    """What is ready, and a note of what was taken from this package beyond the given cells."""

    def __init__(self, rows: Iterable[Iterable[str]], used: list[str]) -> None:
        super().__init__(("Answer", "Points", "Is it ready?"), rows)
        self.used = used

    @property
    def note(self) -> str:
        """The sentence about it; empty if there is nothing to say."""
        if not self.used:
            return ""
        seen = "; ".join(self.used)
        if _is_grading():
            return f"For the instructor: beyond the given cells this notebook uses the package mlwf: {seen}."
        return (
            f"Answers are to be worked out by hand, and this notebook uses the package mlwf: {seen}. "
            "Your instructor sees this too. If it is left over from trying things out, remove it, restart, and run all cells."
        )

    def __repr__(self) -> str:
        return "\n\n".join(filter(None, (super().__repr__(), textwrap.fill(self.note, LINE))))

    def _repr_html_(self) -> str:
        note = f"<p><strong>{html.escape(self.note)}</strong></p>" if self.note else ""
        return super()._repr_html_() + note

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - as IPython calls it
        return {NOTE: {"used": self.used}} if _is_grading() else {}


def progress() -> Progress:
    """Return a table of what is ready and what it is worth. Ready means that it can be marked, not that it is right."""
    namespace, setting = _namespace(), _setting()
    rows = [
        (question.name, f"{question.points}", (problem or "ready").replace("`", ""))
        for question, problem in problems(namespace, setting.case)
    ]
    if not _is_grading():
        rows.append(("memo", f"{MEMO_POINTS}", _memo_says(_given(namespace, setting.case))))
    used = uses(_shell().history_manager.input_hist_raw) if setting.by_hand == "note" else []
    return Progress(rows, used)


def show_readiness() -> None:
    """Display as data what `mlwf check` wants to know of a notebook that has run."""
    namespace, setting = _namespace(), _setting()
    given = _given(namespace, setting.case)
    found = {
        "student": setting.student,
        "answers": [
            {"name": question.name, "points": question.points, "problem": problem}
            for question, problem in problems(namespace, setting.case)
        ],
        "given": {name: for_json(value) for name, value in given.items()},
    }
    display({READY: found}, raw=True)  # type: ignore[no-untyped-call]


def _given(namespace: Mapping[str, Any], case: Case) -> dict[str, Plain]:
    """The answers that are numbers."""
    return deliver((question.id for question in QUESTIONS.values() if not question.inputs), namespace, case)


def _memo_says(given: Mapping[str, Plain]) -> str:
    """What to say of the memo, which is text of the notebook and not known to the kernel: it is read as last saved."""
    try:
        memo = text_of(
            read(Path(os.environ["JPY_SESSION_NAME"]))
        ).memo  # set by Jupyter's server for a notebook's kernel
    except (KeyError, NotebookError):
        memo = None
    if memo is None:
        return "a person reads it; the command mlwf check looks at it beforehand"
    return f"as last saved: {' '.join(look_at(memo, given)) or 'ready for a person to read'}"


def problems(namespace: Mapping[str, Any], case: Case) -> list[tuple[Question, str | None]]:
    """What keeps each answer from being marked; None where nothing does."""
    return [(question, _problem(question, namespace, case)) for question in QUESTIONS.values()]


def deliver(question_ids: Iterable[str], namespace: Mapping[str, Any], case: Case) -> dict[str, Plain]:
    """Return the answers to `question_ids` as plain values; a name that is missing or still at `...` is left out."""
    answers: dict[str, Plain] = {}
    for question_id in question_ids:
        question = QUESTIONS[question_id]
        value = namespace.get(question.name, ...)
        if value is not ...:
            answers[question_id] = call_plainly(value, question.inputs(case)) if question.inputs else plain(value)
    return answers


def _shell() -> Any:  # noqa: ANN401 - IPython's shell has no types
    shell = get_ipython()
    if shell is None:
        raise RuntimeError("check and progress look answers up by name, so they work in a notebook or in IPython only")
    return shell


def _namespace() -> Mapping[str, Any]:
    namespace: Mapping[str, Any] = _shell().user_ns
    return namespace


def _problem(question: Question, namespace: Mapping[str, Any], case: Case) -> str | None:
    """Why the answer to `question` can't be marked as it stands, as a sentence; None if it can."""
    answers = deliver((question.id,), namespace, case)
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
