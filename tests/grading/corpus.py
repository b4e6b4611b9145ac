"""The submissions of the golden corpus: what is written in corpus.toml, and each slip alone, made from the questions."""

import json
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import nbformat

from mlwf.assignment import PUBLISHED, QUESTIONS, Case, own_case
from mlwf.assignment.notebook import read, solutions
from mlwf.assignment.questions import truth

ROOT = Path(__file__).parents[2]
NAME = Path("constraint_tax") / "constraint_tax.ipynb"
COURSE = "constraint-tax"
BY_HAND = "by hand"
SOLUTIONS = solutions(read(ROOT / "source" / NAME))
GOLDEN = Path(__file__).with_name("golden")


@dataclass(frozen=True)
class Submission:
    """What one student hands in; corpus.toml says what the fields mean."""

    student: str
    why: str
    solved: bool
    answers: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[Mapping[str, str], ...] = ()
    expects: Mapping[str, float | str] = field(default_factory=dict)
    sealed: Mapping[str, float | str] = field(default_factory=dict)
    nothing: bool = False
    refused: bool = False

    def points(self, sealed: bool) -> dict[str, float | str]:
        """The points for each question, by hand: by our grader, or by nbgrader's own."""
        full = self.solved and (sealed or not self.nothing)
        every: dict[str, float | str] = {q.id: q.points if full else 0 for q in QUESTIONS.values()}
        return every | dict(self.expects) | (dict(self.sealed) if sealed else {})

    def write(self, folder: Path) -> None:
        """Put the notebook where nbgrader collects it."""
        notebook = nbformat.read(ROOT / "release" / NAME, as_version=4)
        written = SOLUTIONS if self.solved else {}
        written = written | {f"{question}-answer": _filled(text) for question, text in self.answers.items()}
        for cell in notebook.cells:
            cell.source = written.get(cell.id, cell.source)
        for edit in self.edits:
            _edit(notebook.cells, **edit)
        path = folder / "submitted" / self.student / NAME
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


def _edit(
    cells: list[Any],
    *,
    delete: str = "",
    move: str = "",
    duplicate: str = "",
    add: str = "",
    rewrite: str = "",
    forget: str = "",
    after: str = "",
    text: str = "",
) -> None:
    """Do to the cells what somebody in JupyterLab may have done."""

    def at(name: str) -> int:
        return next(index for index, cell in enumerate(cells) if cell.id == name)

    if delete:
        del cells[at(delete)]
    elif move:
        cell = cells.pop(at(move))
        cells.insert(at(after) + 1, cell)
    elif duplicate:
        copy = deepcopy(cells[at(duplicate)])
        copy.id += "-copy"
        cells.insert(at(duplicate) + 1, copy)
    elif add:
        cells.insert(at(after) + 1, nbformat.v4.new_code_cell(add, id=f"added-after-{after}"))
    elif rewrite:
        cells[at(rewrite)].source = text
    else:
        del cells[at(forget)].metadata["nbgrader"]


def _filled(text: str) -> str:
    """Put in the day that is right for others' numbers, where the text asks for it."""
    day = QUESTIONS["level_day"]
    for name, case in (("bob", own_case(COURSE, "bob")), ("published", PUBLISHED)):
        text = text.replace(f"{{{name}}}", repr(day.solve(case, {})))
    return text.strip()


def slips() -> list[Submission]:
    """One submission for each slip of each question, which is its only mistake."""
    return [_slip(question.id, slip.name) for question in QUESTIONS.values() for slip in question.slips]


def _slip(question_id: str, name: str) -> Submission:
    question = QUESTIONS[question_id]
    slip = next(slip for slip in question.slips if slip.name == name)
    for number in count(1):  # until the slip leads to a value of its own
        student = f"slip-{question_id}-{name}-{number}"
        case = own_case(COURSE, student)
        value = slip.value(case, truth(question, case))
        if value is not None and value not in _other_values(question_id, name, case):
            break
    # Where the solution goes on from it, that is right for the wrong value.
    later = {
        q.id: q.follow_through * q.points
        for q in QUESTIONS.values()
        if question_id in q.builds_on and question.name in SOLUTIONS[f"{q.id}-answer"]
    }
    return Submission(
        student,
        why=slip.says,
        solved=True,
        answers={question_id: f"{question.name} = {value!r}"},
        expects={question_id: round(slip.share * question.points, 2)} | later,
    )


def _other_values(question_id: str, name: str, case: Case) -> list[Any]:
    question = QUESTIONS[question_id]
    earlier = truth(question, case)
    return [slip.value(case, earlier) for slip in question.slips if slip.name != name]


def golden_file(submission: Submission, sealed: bool) -> Path:
    """Where it is written down what a submission got; under the seal only what differs has a file of its own."""
    own = GOLDEN / "sealed" / f"{submission.student}.json"
    return own if sealed and own.is_file() else GOLDEN / f"{submission.student}.json"


def golden(submission: Submission, sealed: bool) -> dict[str, Any]:
    """What our grader, or nbgrader's own, gave when somebody last looked at it."""
    found: dict[str, Any] = json.loads(golden_file(submission, sealed).read_text())
    return found


SLIPS = slips()
WRITTEN = [
    Submission(**entry) for entry in tomllib.loads(Path(__file__).with_name("corpus.toml").read_text())["submission"]
]
SUBMISSIONS = [*WRITTEN, *SLIPS]
