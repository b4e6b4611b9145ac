"""The policy "refuse": the student's code finds a stand-in for the package, and answers that need the package count nothing."""

import ast
import json
import subprocess
import sys

import nbformat
import pytest
from corpus import Submission, golden
from outside import RELEASE, key_of

from mlwf import plain
from mlwf.assignment import QUESTIONS, own_case
from mlwf.assignment.showing import NOTE, VERDICT, Numbers
from mlwf.assignment.verifier import REFUSED, VERIFIER

#: Runs cells in another process and says at the end what it is asked; of mlwf it sees nothing but the stand-in.
RUN = f"""
import importlib.util, json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
sys.path.insert(0, sys.argv[1])
spec = importlib.util.spec_from_file_location("plain", {plain.__file__!r})
plain = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plain)
asked, said = json.load(sys.stdin), {{"errors": [], "shown": [], "values": {{}}, "called": {{}}}}
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.showtraceback = lambda *_, **__: None
for shows_the_result in ("write_output_prompt", "write_format_data", "finish_displayhook"):
    setattr(shell.displayhook, shows_the_result, lambda *_: None)
for cell in asked["cells"]:
    ran = shell.run_cell(cell)
    if ran.error_in_exec:
        said["errors"].append(str(ran.error_in_exec))
    if ran.result is not None:
        said["shown"].append([repr(ran.result), ran.result._repr_html_()])
for name, inputs in asked["names"].items():
    if shell.user_ns.get(name, ...) is not ...:
        said["values"][name] = plain.plain(shell.user_ns[name])
        said["called"][name] = plain.call_plainly(shell.user_ns[name], inputs)
said["numbers"] = {{name: repr(value) for name, value in vars(shell.user_ns["my"]).items() if name[0] != "_"}}
print(json.dumps(said))
"""


class Recorded:
    """Answers with what a process has said."""

    def __init__(self, said):
        self.said = said

    def values(self, names):
        return {name: self.said["values"][name] for name in names if name in self.said["values"]}

    def call(self, name, inputs):
        return self.said["called"][name]


@pytest.fixture
def hand_in(tmp_path):
    """Grade a submission under the policy; return what its process said, and the notebook with all outputs."""

    def graded(submission):
        submission.write(tmp_path)
        notebook = nbformat.read(next(tmp_path.rglob("*.ipynb")), as_version=4)
        key = key_of(RELEASE, by_hand='by_hand="refuse"')
        examiner, case = VERIFIER.examiner(key), own_case("constraint-tax", submission.student)
        for name, text in examiner.files(submission.student).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        given = {name: cell.source for name, cell in key.cells.items() if cell.locked}
        code = [
            (cell, cell.metadata.get("nbgrader", {}).get("grade_id"))
            for cell in notebook.cells
            if cell.cell_type == "code"
        ]
        asked = {
            "cells": [given.get(name, cell.source) for cell, name in code if name not in examiner.questions],
            "names": {q.name: q.inputs(case) if q.inputs else [] for q in QUESTIONS.values()} | {"STUDENT": []},
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-I", "-c", RUN, examiner.stand_in], input=json.dumps(asked), cwd=tmp_path,
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert not done.returncode, done.stderr
        said = json.loads(done.stdout.splitlines()[-1])
        for cell, name in code:
            if name in examiner.questions:
                cell.outputs = [nbformat.from_dict(o) for o in examiner.mark(name, submission.student, Recorded(said))]
        examiner.finish(notebook, submission.student)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
        verdicts = {o.data[VERDICT].question: o.data[VERDICT] for o in outputs if VERDICT in o.data}
        return said, verdicts, [o.data[NOTE]["used"] for o in outputs if NOTE in o.data]

    return graded


def solved(student, **answers):
    return Submission(student, why="", solved=True, answers=answers)


def test_who_works_by_hand_notices_nothing(hand_in):
    """Do the solutions earn all points, with the same table and the same numbers as anywhere else?"""
    said, verdicts, _ = hand_in(solved("right"))
    assert said["errors"] == []
    for name, row in golden(solved("right"), sealed=True)["questions"].items():
        assert (verdicts[name].points, verdicts[name].message) == (row["points"], row["message"])
    case = own_case("constraint-tax", "right")
    assert said["numbers"] == {name: repr(value) for name, value in vars(case).items()}
    numbers = Numbers(case, "constraint-tax", "right").data()
    shown, ready = said["shown"]
    assert shown == [numbers["text/plain"], numbers["text/html"]]
    assert [line.split() for line in ready[0].splitlines()[:2]] == [
        ["Answer", "Points", "Is", "it", "ready?"],
        ["multiplier", "2", "assigned"],
    ]


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("from mlwf import model\nmultiplier = model.cost_multiplier(my.stage)", "from mlwf import model"),
        ("import mlwf.model as m\nmultiplier = m.cost_multiplier(my.stage)", "import mlwf.model"),
        ("from mlwf.model.lifecycle import cost_multiplier as c\nmultiplier = c(my.stage)", "from mlwf.model.lifecycle import cost_multiplier"),
        ("import importlib\nmultiplier = importlib.import_module('mlwf.model').cost_multiplier(my.stage)", "mlwf.model"),
        ("from mlwf.assignment import QUESTIONS\nmultiplier = 16", "from mlwf.assignment import QUESTIONS"),
        ("from mlwf.assignment.own import own_case\nmultiplier = 16", "from mlwf.assignment.own import own_case"),
    ],
)  # fmt: skip
def test_an_answer_that_needs_the_package_counts_nothing(hand_in, text, use):
    """Is it worth nothing, does its feedback say why, and is nothing else marked down?"""
    said, verdicts, notes = hand_in(
        solved("ada", multiplier=text, fix_days="fix_days = my.base_days * 2 ** (my.stage - 1)")
    )
    assert len(said["errors"]) == 1
    if "QUESTIONS" not in text:
        assert said["errors"] == [REFUSED]
    assert verdicts["multiplier"].points == 0
    assert verdicts["multiplier"].message == f"No answer: nothing is assigned to `multiplier`. {REFUSED}"
    assert {name for name, verdict in verdicts.items() if verdict.points < verdict.max_points} == {"multiplier"}
    assert [name for name, verdict in verdicts.items() if REFUSED in verdict.message] == ["multiplier"]
    assert notes == [[use]]


def test_a_function_that_needs_the_package_counts_nothing(hand_in):
    """Is it said too where the package is asked only when the function is called?"""
    text = "def rework_cost(stage, base_days):\n    from mlwf.model import rework_days\n    return rework_days(stage, base_days)"
    _, verdicts, _ = hand_in(solved("ada", rework_cost=text))
    assert verdicts["rework_cost"].points == 0
    assert "raised ImportError" in verdicts["rework_cost"].message
    assert verdicts["rework_cost"].message.endswith(REFUSED)


def test_the_stand_in_holds_nothing_to_copy():
    """Does it import the standard library and IPython only, and say what the verifier says?"""
    folder = VERIFIER.examiner(key_of(RELEASE, by_hand='by_hand="refuse"')).stand_in
    text = "".join(path.read_text() for path in sorted(folder.rglob("*.py")))
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in getattr(node, "names", ()) if isinstance(node, ast.Import)])
    }  # fmt: skip
    assert imported <= {"IPython", *sys.stdlib_module_names}
    assert REFUSED in text
    assert VERIFIER.examiner(key_of(RELEASE)).stand_in is None
    assert VERIFIER.examiner(key_of(RELEASE)).files("ada") == {}
