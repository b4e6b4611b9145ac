"""The notebooks' own cells, run with any student's numbers."""

from functools import cache
from pathlib import Path

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlwf.assignment import QUESTIONS, deliver, grade, own_case
from mlwf.assignment.showing import Numbers

ROOT = Path(__file__).parents[2]
KEY = "constraint-tax"
students = st.text(min_size=1).filter(str.strip)


@cache
def answer_cells(version):
    """The code of the answer cells, in order."""
    cells = nbformat.read(ROOT / version / "constraint_tax" / "constraint_tax.ipynb", as_version=4).cells
    return [compile(cell.source, cell.id, "exec") for cell in cells if cell.id.endswith("-answer")]


def points(version, student):
    """What the answers in a version of the notebook are worth, with this student's numbers."""
    case = own_case(KEY, student)
    namespace = {"my": Numbers(case, KEY, student)}
    exec("import math", namespace)
    for cell in answer_cells(version):
        exec(cell, namespace)
    return {verdict.question: verdict.points for verdict in grade(case, deliver(QUESTIONS, namespace, case))}


@pytest.mark.parametrize("version", ["source", "release"])
@given(student=students)
@example(student="Zoë O'Neil")
@settings(max_examples=20)
def test_the_solution_earns_all_and_the_empty_notebook_nothing(version, student):
    """Whoever hands it in: does the source get every point of the marked questions, and the release none?"""
    share = {"source": 1, "release": 0}[version]
    assert points(version, student) == {q.id: share * q.points for q in QUESTIONS.values()}
