"""What the feedback page says, read from a graded notebook: its parts, their questions, and what became of each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from markupsafe import Markup
from nbgrader import utils

from mlwf.assignment import QUESTIONS, Case, Question, Verdict, own_case
from mlwf.assignment.answers import AnswerError, Number, read_number
from mlwf.course.feedback.pictures import NO_NUMBER, Drawn, Picture, picture
from mlwf.course.feedback.safe import Output, markdown, outputs
from mlwf.course.graded import drawn_from, is_given, used, verdicts
from mlwf.grading.harmless import LONGEST, plain, without_pictures

HEADING = re.compile(r"\A\s*(#{1,3})\s+(.+?)\s*(?:\n|\Z)")
POINTS = re.compile(r"\s*\(\d+ points?\)$")  # said again by the marks
PART = 2  # the level of its heading
MOST_READ = 5 * LONGEST  # characters of a student's texts; each may take a second, and more are shown as they stand
NOTHING = Markup()


@dataclass(frozen=True)
class Marking:
    """What the gradebook knows about the notebook as a whole.

    Attributes
    ----------
    student : str
    score, most, late_penalty : float
    unread : frozenset of str
        `grade_id` of the cells that still wait for a person.
    """

    student: str
    score: float
    most: float
    late_penalty: float = 0.0
    unread: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Result:
    """What one answer was worth, and why.

    Attributes
    ----------
    id : str
        `grade_id` of the cell.
    score, most : float
        From the gradebook.
    status : str
        In a word or two.
    why : str
    note : str
        What else has to be said about the marks.
    follow_through : str
        What came of an earlier answer of the student's; empty if that doesn't matter here.
    way : tuple of str
        The way there, line by line.
    outputs : tuple of Output
        What the check put out, where there is no verdict.
    picture : Picture or None
    """

    id: str
    score: float
    most: float
    status: str
    why: str = ""
    note: str = ""
    follow_through: str = ""
    way: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    picture: Picture | None = None


@dataclass(frozen=True)
class Work:
    """A cell that the student wrote: code as it stands, or a text as HTML, with what came of it and the grader's comment."""

    code: str = ""
    text: Markup = NOTHING
    outputs: tuple[Output, ...] = ()
    comment: Markup = NOTHING


@dataclass
class Section:
    """A question, or a part without questions of its own such as the memo."""

    title: str
    text: Markup
    work: list[Work] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Where the page's links lead."""
        return f"answer-{self.results[0].id}"


@dataclass
class Part:
    """A part of the assignment: itself, and the questions in it."""

    itself: Section
    questions: list[Section] = field(default_factory=list)

    @property
    def graded(self) -> list[Section]:
        """The sections that earn marks, in their order."""
        return [section for section in (self.itself, *self.questions) if section.results]


@dataclass(frozen=True)
class Page:
    """The whole page.

    Attributes
    ----------
    title : str
    marking : Marking
    parts : list of Part
        Those in which something is graded.
    numbers : list of tuple of str
        The student's numbers: label, and value with its unit. Empty if they are not known.
    used : list of str
        What was taken from the package although answers are to be worked out by hand.
    """

    title: str
    marking: Marking
    parts: list[Part]
    numbers: list[tuple[str, str]]
    used: list[str]


def is_ours(nb: Any) -> bool:  # noqa: ANN401 - nbformat's nodes have no types
    """Tell whether a notebook asks one of our questions."""
    return any(utils.is_grade(cell) and cell.metadata.nbgrader.grade_id in QUESTIONS for cell in nb.cells)


def read_page(nb: Any, marking: Marking) -> Page:  # noqa: ANN401
    """Return what the page says about a notebook whose cells hold their marks and comments (`GetGrades`)."""
    case, said, room = _case(nb), verdicts(nb), MOST_READ
    parts = [Part(Section("", NOTHING))]
    for cell in nb.cells:
        heading = HEADING.match(cell.source) if cell.cell_type == "markdown" and is_given(cell) else None
        if heading:
            level, title = len(heading[1]), POINTS.sub("", heading[2])
            section = Section(title, markdown(cell.source[heading.end() :]))
            if level <= PART:
                parts.append(Part(section))
            else:
                parts[-1].questions.append(section)
            continue
        section = parts[-1].questions[-1] if parts[-1].questions else parts[-1].itself
        if not is_given(cell) and cell.cell_type in ("code", "markdown"):
            room -= len(without_pictures(cell.source)[0]) if cell.cell_type == "markdown" else 0
            section.work.append(_work(cell, is_read=room >= 0))
        if utils.is_grade(cell):
            section.results.append(_result(cell, said, case, marking))
    title = next((part.itself.title for part in parts if part.itself.title), "Assignment")
    numbers = [(label, f"{value} {unit}".strip()) for label, value, unit, _ in case.rows()] if case else []
    return Page(title, marking, [part for part in parts if part.graded], numbers, used(nb))


def _work(cell: Any, *, is_read: bool) -> Work:  # noqa: ANN401
    comment = markdown(str(cell.metadata.get("nbgrader", {}).get("comment") or ""))
    if cell.cell_type == "markdown":
        return Work(text=markdown(cell.source) if is_read else Markup(plain(cell.source)), comment=comment)
    return Work(code=cell.source, outputs=tuple(outputs(cell)), comment=comment)


def _result(cell: Any, verdicts: Mapping[str, Verdict], case: Case | None, marking: Marking) -> Result:  # noqa: ANN401
    data = cell.metadata.nbgrader
    name, score, most = str(data.grade_id), float(data.get("score") or 0), float(data.get("points") or 0)
    if utils.is_solution(cell):
        status = "not read yet" if name in marking.unread else "read by a person"
        note = "Nobody has read this yet. Until then it counts 0." if name in marking.unread else ""
        return Result(name, score, most, status, note=note)
    question, verdict = QUESTIONS.get(name), verdicts.get(name)
    result = Result(name, score, most, _status(score, most, verdict))
    if verdict is None:
        result = replace(result, why="The check said nothing that could be read.", outputs=tuple(outputs(cell)))
    else:
        given = f"The check gave {verdict.points:g}; the marks are those in the gradebook."
        note = "" if abs(verdict.points - score) < 0.005 else given
        result = replace(result, why=verdict.message, note=note)
    return _explained(result, question, verdicts, case) if question and case else result


def _status(score: float, most: float, verdict: Verdict | None) -> str:
    if verdict and verdict.missing:
        return "no answer"
    if score >= most:
        return "right"
    if verdict and verdict.followed_through:
        return "follow-through"
    return "partly right" if score else "not right"


def _explained(result: Result, question: Question, verdicts: Mapping[str, Verdict], case: Case) -> Result:
    """Add the way there, what came of an earlier answer, and the picture."""
    verdict = verdicts.get(question.id)
    lines = question.steps(case)
    way = question.way(case)
    why = result.why.replace(f" The way there: {way}.", "")
    if len(lines) > 1:
        why = why.replace(f"Right: {way}.", "Right.")
    elif why == f"Right: {way}.":
        lines = ()
    return replace(
        result,
        why=why,
        way=lines,
        follow_through=_follow_through(result, question, verdicts, case)
        if verdict and verdict.followed_through
        else "",
        picture=picture(question.id, case, _drawn(question, verdict)),
    )


def _follow_through(result: Result, question: Question, verdicts: Mapping[str, Verdict], case: Case) -> str:
    """Say what the student's own earlier answer leads to; empty where it decided nothing, or can't be read."""
    if not (question.builds_on and question.id in verdicts and verdicts[question.id].followed_through):
        return ""
    try:
        own = {name: _number(QUESTIONS[name], verdicts[name]) for name in question.builds_on}
        leads_to = question.solve(case, own)
    except (KeyError, AnswerError, ArithmeticError, TypeError):
        return ""
    said = " and ".join(f"{name} = {value:,.6g}" for name, value in own.items() if value is not None)
    return (
        f"With your {said} this comes to {leads_to:,.6g}, which is your answer."
        f" So it earned {result.score:g} of {result.most:g} points instead of none."
    )


def _drawn(question: Question, verdict: Verdict | None) -> Drawn:
    if verdict is None or verdict.missing:
        return NO_NUMBER
    try:
        return _number(question, verdict)
    except AnswerError:
        return NO_NUMBER


def _number(question: Question, verdict: Verdict) -> Number | None:
    return read_number(question.kind, verdict.answer)


def _case(nb: Any) -> Case | None:  # noqa: ANN401
    whose = drawn_from(nb)
    try:
        return own_case(*whose) if whose else None
    except ValueError:
        return None
