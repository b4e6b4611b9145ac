"""The guide to adding a question, followed to the letter."""

import re
from pathlib import Path

from mlwf.assignment import own_case, questions
from mlwf.assignment.marks import mark
from mlwf.assignment.work import Line

GUIDE = (Path(__file__).parents[2] / "docs" / "questions.md").read_text()


def test_the_guides_question_is_asked_and_marked(monkeypatch):
    """Does the entry as it stands in the guide mark the solution, the slip and an empty answer of its two cells?"""
    entry, answer_cell, test_cell = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    question = eval(entry, vars(questions).copy())
    assert test_cell.strip() == f'check("{question.id}")'
    assert f"id `{question.id}-answer`" in GUIDE
    monkeypatch.setitem(questions.QUESTIONS, question.id, question)
    for student in ("ada", "grace"):
        case = own_case("constraint-tax", student)
        names = {"my": case}
        exec(answer_cell, names)
        assert mark(question, case, {question.id: names[question.name]}).points == question.points
        (line,) = question.work(case)
        assert isinstance(line, Line)
        assert line.value == names[question.name]
        slip = mark(question, case, {question.id: 0.2 * case.battery_wh})
        assert (slip.points, slip.slip) == (0.5, "the_reserve")
        assert mark(question, case, {}).missing
