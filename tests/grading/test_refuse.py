"""The policy that refuses answers made with the reference package, over a class, behind the real walls."""

import json

import classroom
import nbformat
import pytest
from corpus import NAME, SOLUTIONS

from mlwf.assignment import QUESTIONS
from mlwf.assignment.showing import VERDICT

pytestmark = pytest.mark.course

LOOKS = """
import os
found, ours = [], ("questions.py", "lifecycle.py", "solving.py", "races.json", "own.py", "marks.py")
for folder, inside, names in os.walk("/"):
    if folder == "/":
        inside.remove("usr")  # is large, and slow on a disk that has not been read
    found += [os.path.join(folder, name) for name in names if name in ours]
print(found)
"""
CLASS = {
    "right": {},
    "computes": {
        "multiplier": "from mlwf import model\nmultiplier = model.cost_multiplier(my.stage)",
        "sunk": "import mlwf.model.lifecycle as stages\nsunk = stages.sunk_days(my.stage)",
    },
    "looks": {"multiplier": f"{LOOKS}multiplier = 0.5"},
    "digs": {
        "multiplier": "import sys\nsys.path[:0] = ['/packages', '/engine']\nfor name in [n for n in sys.modules if n.startswith('mlwf')]: "
        "del sys.modules[name]\nfrom mlwf.model import cost_multiplier\nmultiplier = cost_multiplier(my.stage)",
    },
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course with the policy, and what `mlwf grade` said of its class."""
    course = classroom.Course(tmp_path_factory.mktemp("refuse"), by_hand="refuse")
    for student, answers in CLASS.items():
        notebook = nbformat.read(course.folder / "release" / NAME, as_version=4)
        written = SOLUTIONS | {f"{question}-answer": text for question, text in answers.items()}
        for cell in notebook.cells:
            cell.source = written.get(cell.id, cell.source)
        path = course.folder / "submitted" / student / NAME
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    return course, {row["student"]: row for row in course.grade()["submissions"]}


def verdicts(course, student):
    """The graded notebook's verdicts by question, and the text that its cells put out."""
    notebook = nbformat.read(course.folder / "autograded" / student / NAME, as_version=4)
    outputs = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    data = [output.data for each in outputs.values() for output in each if "data" in output]
    return {each[VERDICT]["question"]: each[VERDICT] for each in data if VERDICT in each}, outputs


def test_who_works_by_hand_gets_all(graded):
    """Is every question worth what it is worth without the policy?"""
    course, rows = graded
    assert (rows["right"]["score"], rows["right"]["flags"]) == (sum(q.points for q in QUESTIONS.values()), [])
    found, _ = verdicts(course, "right")
    assert {name for name, verdict in found.items() if verdict["points"] != verdict["max_points"]} == set()


@pytest.mark.parametrize("student", ["computes", "digs"])
def test_an_answer_made_with_the_package_counts_nothing(graded, student):
    """Is it worth nothing, and does its message say why?"""
    course, _ = graded
    found, _ = verdicts(course, student)
    for question in CLASS[student]:
        assert found[question]["points"] == 0
        assert "The package mlwf may not be used here" in found[question]["message"]


def test_the_package_is_nowhere(graded):
    """Is none of its formulas, questions or numbers on any disk that a submission can look at?"""
    course, _ = graded
    _, outputs = verdicts(course, "looks")
    said = "".join(output.get("text", "") for output in outputs["multiplier-answer"])
    assert [place for place in json.loads(said.replace("'", '"')) if "/mlwf/" in place] == []
