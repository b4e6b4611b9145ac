"""The worked answers for one student's numbers: as data, as text, and as a page to print."""

from collections.abc import Iterator
from dataclasses import dataclass

from mlwf.assignment.answers import Number
from mlwf.assignment.case import Case
from mlwf.assignment.pages import environment
from mlwf.assignment.questions import QUESTIONS, truth


@dataclass(frozen=True)
class Worked:
    """One worked answer.

    Attributes
    ----------
    question, name : str
    points : int
    steps : tuple of str
        The formula with the student's numbers, step by step.
    answer : number or None
        None for "never", and for a function.
    is_function : bool
    """

    question: str
    name: str
    points: int
    steps: tuple[str, ...]
    answer: Number | None
    is_function: bool

    @property
    def shown(self) -> str:
        """The answer as one would write it down."""
        if self.is_function:
            return "a function"
        return "None" if self.answer is None else f"{self.answer:,.6g}"


def worked(case: Case) -> list[Worked]:
    """Work out every question for `case`."""
    return [
        Worked(
            question=question.id,
            name=question.name,
            points=question.points,
            steps=question.steps(case),
            answer=None if question.inputs else question.solve(case, truth(question, case)),
            is_function=question.inputs is not None,
        )
        for question in QUESTIONS.values()
    ]


def page(case: Case, student: str) -> str:
    """Return the worked answers as one page of HTML that prints on one sheet."""
    template = environment("mlwf.assignment").get_template("key.html")
    return template.render(student=student, numbers=case.rows(), answers=worked(case))


def text(case: Case) -> Iterator[str]:
    """Yield the worked answers as lines of text."""
    for answer in worked(case):
        yield f"{answer.name} = {answer.shown}  ({answer.points} point{'s' if answer.points > 1 else ''})"
        yield from (f"    {step}" for step in answer.steps)
