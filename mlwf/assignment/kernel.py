"""What the assignment's cells call. This side runs in the student's kernel and looks answers up by name."""

import getpass
import os
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlwf.assignment.answers import AnswerError, for_json, read_number
from mlwf.assignment.by_hand import uses
from mlwf.assignment.case import Case
from mlwf.assignment.marks import mark
from mlwf.assignment.memo import MEMO_POINTS, look_at
from mlwf.assignment.notebook import NotebookError, read, text_of
from mlwf.assignment.own import cases_of_others, own_case
from mlwf.assignment.questions import QUESTIONS, Question
from mlwf.assignment.showing import LINE, READY, Note, Numbers, Progress, is_grading, verdict_data
from mlwf.plain import Plain, call_plainly, plain

BY_HAND = ("note", "refuse", "off")


class NotReadyError(Exception):
    """An answer that could not be marked as it stands. Shown as one sentence, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return textwrap.wrap(f"Not ready: {self}", LINE)


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
        "note": what is taken from this package beyond the given cells is noted, and said before submitting. "refuse": it is
        not there when `mlwf grade` grades, so that answers that need it count nothing; until then as with "note". "off":
        nothing is looked at.

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
    if said and not is_grading():
        who = said
    case = own_case(course, who)
    _Desk.setting = Setting(who, case, cases_of_others(course, who, said), by_hand)
    return Numbers(case, course, who)


def whose() -> str:
    """Return the id of the student at work: by the submission's folder while grading, else by the hub or the system."""
    if is_grading():
        # nbgrader runs a notebook in autograded/STUDENT/ASSIGNMENT.
        return os.environ.get("MLWF_STUDENT") or Path.cwd().parent.name
    return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()


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
    if is_grading():
        answers = deliver((question_id, *question.builds_on), namespace, setting.case)
        verdict = mark(question, setting.case, answers, setting.others)
        _display(verdict_data(verdict))
        return float(verdict.points)
    problem = _problem(question, namespace, setting.case)
    if problem:
        raise NotReadyError(problem)
    return None


def progress() -> Progress:
    """Return a table of what is ready and what it is worth. Ready means that it can be marked, not that it is right."""
    namespace, setting = _namespace(), _setting()
    rows = [
        (question.name, f"{question.points}", (problem or "ready").replace("`", ""))
        for question, problem in problems(namespace, setting.case)
    ]
    if not is_grading():
        rows.append(("memo", f"{MEMO_POINTS}", _memo_says(_given(namespace, setting.case))))
    used = [] if setting.by_hand == "off" else uses(_shell().history_manager.input_hist_raw)
    return Progress(rows, Note(used, setting.by_hand, grading=is_grading()))


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
    _display({READY: found})


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


# IPython is there before any cell runs; the grader, which marks without cells, does without it.
def _display(data: dict[str, Any]) -> None:
    from IPython.display import display

    display(data, raw=True)  # type: ignore[no-untyped-call]


def _shell() -> Any:  # noqa: ANN401 - IPython's shell has no types
    from IPython.core.getipython import get_ipython

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
