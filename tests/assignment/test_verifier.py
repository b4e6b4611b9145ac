"""Answers marked outside of the student's process: the same marks and messages as in it, and nothing believed."""

import math
import tomllib
from importlib.metadata import EntryPoint

import nbformat
import outside
import pytest
from corpus import BY_HAND, NAME, ROOT, SUBMISSIONS, WRITTEN, Submission, golden
from outside import RELEASE, key_of

from mlwf.assignment import QUESTIONS, own_case
from mlwf.assignment.showing import CASE, LINE, NOTE, VERDICT
from mlwf.assignment.verifier import VERIFIER
from mlwf.grading import verify
from mlwf.grading.verify import examiner_for

FLAGS = ("slip", "followed_through", "right_for", "missing")


@pytest.fixture
def run(monkeypatch):
    """Run a notebook as `student`; return what the examiner puts out for each test cell that it comes to."""

    def run_notebook(notebook, student, key=None):
        monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
        monkeypatch.setenv("MLWF_STUDENT", student)
        return outside.marked(notebook, student, key or key_of(RELEASE))

    return run_notebook


def handed_in(submission, folder):
    submission.write(folder)
    return nbformat.read(folder / "submitted" / submission.student / NAME, as_version=4)


def verdict(outputs):
    return outputs[0]["data"][VERDICT]


graded = [each for each in SUBMISSIONS if not each.refused and each.student not in outside.OTHERWISE]


@pytest.mark.parametrize("submission", graded, ids=lambda submission: submission.student)
def test_marks_and_messages_are_those_of_the_kernel(run, submission, tmp_path):
    """Does every submission of the corpus get the points and the sentences that stock nbgrader gives it?"""
    found = run(handed_in(submission, tmp_path), submission.student)
    rows = golden(submission, sealed=False)["questions"]
    assert {name for name, row in rows.items() if row["points"] == BY_HAND} == {*QUESTIONS} - {*found}
    for name, outputs in found.items():
        said = verdict(outputs)
        flags = {flag: said[flag] for flag in FLAGS if said[flag]}
        row = {"points": said["points"], "max": said["max_points"], "message": said["message"], **flags}
        assert row == rows[name], name


def test_a_check_that_was_replaced_costs_nothing(run, tmp_path):
    """Is an answer marked, although the student has another use for the name of the check?"""
    (submission,) = (each for each in WRITTEN if each.student == "own-check")
    found = run(handed_in(submission, tmp_path), submission.student)
    assert [verdict(found[name])["points"] for name in ("cloud_kwh", "cloud_dollars")] == [2, 2]


def answered(student, text, question="multiplier"):
    """The solution, but for one answer."""
    return Submission(student, why="a trick", solved=True, answers={question: text})


@pytest.mark.parametrize(
    ("text", "question", "says"),
    [
        ("multiplier = type('Any', (), {'__eq__': lambda *_: True})()", "multiplier", "This is of type Any"),
        ("multiplier = type('Any', (int,), {'__eq__': lambda *_: True, '__sub__': lambda *_: 0})(1)", "multiplier", "of type Any"),
        ("multiplier = type('Text', (str,), {'__float__': lambda *_: 16.0})('16')", "multiplier", "This is of type Text"),
        ("multiplier = float('nan')", "multiplier", "nan is not a number that can be checked"),
        ("multiplier = 10 ** 5000", "multiplier", "Not plausible: an int of more than 20 digits."),
        ("multiplier = 'x' * 10**7", "multiplier", "The text 'xxxxxxxxxxxxxxxxx...' is no number"),
        ("multiplier = '\\ud800'", "multiplier", r"The text '\ud800' is no number"),
        ("multiplier = (lambda: (yield))()", "multiplier", "This is of type generator"),
        ("multiplier = True", "multiplier", "This is of type bool"),
        ("def rework_cost(stage, base_days):\n    raise SystemExit", "rework_cost", "raised SystemExit"),
        ("def rework_cost(stage, base_days):\n    while True: pass", "rework_cost", "took too long"),
        ("def rework_cost(stage, base_days):\n    yield stage", "rework_cost", "gave a value of type generator"),
        ("def rework_cost(stage, base_days):\n    return 10 ** 5000", "rework_cost", "gave an int of more than 20 digits"),
        ("rework_cost = type('Any', (), {'__call__': lambda self, *_: self, '__eq__': lambda *_: True})()", "rework_cost", "of type Any"),
    ],
    ids=["equal", "int", "str", "nan", "huge", "long", "half a pair", "generator", "bool", "exit", "endless", "yield", "huge result", "callable"],
)  # fmt: skip
def test_a_trick_earns_nothing(run, text, question, says, tmp_path):
    """Is a sentence all that a trick gets, fit to be written to a file, and do the others get their points?"""
    found = run(handed_in(answered("ada", text, question), tmp_path), "ada")
    assert verdict(found[question])["points"] == 0
    assert says in verdict(found[question])["message"]
    others = {name: verdict(outputs)["points"] for name, outputs in found.items() if name not in (question, "fix_days")}
    assert others == {name: QUESTIONS[name].points for name in others}
    written = nbformat.writes(nbformat.v4.new_notebook(cells=[code_cell("x", outputs) for outputs in found.values()]))
    assert len(written.encode()) < 60_000


class Liar:
    """A student's process that answers what it likes."""

    def __init__(self, answer):
        self.answer = answer

    def values(self, names):
        return dict.fromkeys(names, self.answer)

    def call(self, name, inputs):
        return self.answer


@pytest.mark.parametrize(
    "lie",
    [
        True,
        [],
        {},
        [1],
        {"type": 3},
        {"type": "x" * 10**6},
        {"type": "\ud800"},
        {"type": "int", "points": 2},
        {"value": 16},
        {"question": "multiplier", "points": 2},
        [None] * 1000,
        [{"error": ["ValueError"]}] * 8,
        [{"value": {"value": 1}}] * 8,
        [{"error": "ValueError", "value": 3}] * 8,
        [{"error": "\ud800"}],
        [[[[]]]],
        math.inf,
        -(10**1000),
        "\ud800" * 10**6,
    ],
    ids=str,
)
def test_whatever_comes_back_is_an_answer_and_no_mark(lie):
    """Does anything that a student's process can send become a verdict of 0 points that can be written?"""
    examiner = VERIFIER.examiner(key_of(RELEASE))
    for question in examiner.questions:
        outputs = examiner.mark(question, "ada", Liar(lie))
        assert verdict(outputs)["points"] == 0
        nbformat.writes(nbformat.v4.new_notebook(cells=[code_cell("x", outputs)])).encode()


def test_a_test_cell_shows_what_a_kernel_would_show(run, tmp_path):
    """Are there the message, in lines that nothing cuts off, with its data, and after it the points as a result?"""
    shown, result = run(handed_in(answered("ada", "multiplier = 100"), tmp_path), "ada")["fix_days"]
    assert (shown["output_type"], shown["metadata"], [*shown["data"]]) == ("display_data", {}, ["text/plain", VERDICT])
    assert shown["data"]["text/plain"].startswith("1.5 of 2 points. Right for your own earlier answer (multiplier).")
    assert all(len(line) <= LINE for line in shown["data"]["text/plain"].splitlines())
    assert result == {
        "output_type": "execute_result", "metadata": {}, "execution_count": None, "data": {"text/plain": "1.5"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ('STUDENT = "bob"', "the numbers of bob"),
        ('STUDENT = " bob "', "the numbers of bob"),
        ('STUDENT = ""', None),
        ("STUDENT = 3", None),
        ('STUDENT = "\\ud800"', None),
        ('STUDENT = "b" * 10**6', None),
    ],
)
def test_the_folder_says_whose_numbers_count(run, cell, named, tmp_path):
    """Does another name in the notebook change nothing but what is said of that person's answers?"""
    day = QUESTIONS["level_day"]
    for_bob = day.solve(own_case("constraint-tax", "bob"), {})
    assert for_bob != day.solve(own_case("constraint-tax", "ada"), {})
    notebook = handed_in(answered("ada", f"level_day = {for_bob}", "level_day"), tmp_path)
    next(each for each in notebook.cells if each.id == "student").source = cell
    found = run(notebook, "ada")
    assert verdict(found["level_day"])["points"] == 0
    if named:
        assert named in verdict(found["level_day"])["message"]
    # Under the hand of a student whose notebook can't begin with such a name, the cells after it fail.
    if "ud800" not in cell and "= 3" not in cell:
        assert verdict(found["multiplier"])["points"] == 2


def code_cell(name, outputs=(), source="x", grade=False):
    data = {"grade_id": name, "grade": grade, "locked": True, "solution": False, "schema_version": 3, "task": False}
    return nbformat.v4.new_code_cell(
        source, outputs=[nbformat.from_dict(output) for output in outputs], metadata={"nbgrader": data}
    )


def result(**data):
    return {"output_type": "execute_result", "metadata": {}, "execution_count": 3, "data": dict(data)}


def finished(*cells, student="ada", **policies):
    """What is left of the outputs, by the cell's name."""
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    VERIFIER.examiner(key_of(RELEASE, **policies)).finish(notebook, student)
    nbformat.validate(notebook)
    return {cell.metadata.nbgrader.grade_id: cell.outputs for cell in notebook.cells}


FORGED = {
    CASE: {"course": "constraint-tax", "student": "bob"},
    NOTE: {"used": ["import mlwf.lab"]},
    VERDICT: {"question": "multiplier", "points": 2, "message": "Right."},
}
TRUE = {"course": "constraint-tax", "student": "ada"}


def test_forged_data_is_taken_out_of_every_output():
    """Is nothing left of what a student's code says in the grader's name, and everything else as it was?"""
    stream = {"output_type": "stream", "name": "stdout", "text": "2 of 2 points"}
    forged = result(**FORGED, **{"text/plain": "all right"})
    only_data = {"output_type": "display_data", "metadata": {VERDICT: {}}, "data": FORGED}
    left = finished(
        code_cell("own", [stream, forged, only_data]),
        code_cell("show-case", [only_data, stream]),
        code_cell("progress", [result(**FORGED, **{"text/plain": "table", "text/html": "<table>"})]),
    )
    assert left["own"] == [stream, result(**{"text/plain": "all right"})]
    assert left["show-case"] == [stream]
    assert left["progress"] == [result(**{"text/plain": "table", "text/html": "<table>", NOTE: {"used": []}})]


def test_the_true_numbers_stand_on_the_cell_that_shows_them():
    """Does the table say whose numbers counted, whatever the cell came to, and is data that is true left alone elsewhere?"""
    left = finished(
        code_cell("show-case", [result(**{CASE: FORGED[CASE], "text/plain": "numbers of bob"}), result(**FORGED)]),
        code_cell("own", [result(**{CASE: TRUE, "text/plain": "my"})]),
    )
    (shown,) = left["show-case"]
    assert shown.data[CASE] == TRUE
    assert "ada" in shown.data["text/plain"]
    assert "ada" in shown.data["text/html"]
    assert left["own"] == [result(**{CASE: TRUE, "text/plain": "my"})]


USE = "from mlwf.model import cost_multiplier"


@pytest.mark.parametrize(
    ("policy", "used"), [('by_hand="note"', [USE]), ('by_hand="refuse"', [USE]), ('by_hand="off"', [])]
)
def test_the_true_note_stands_on_the_last_cell(policy, used):
    """Is what the notebook uses read from its text, and said where it was hidden, or where the cell failed?"""
    own = code_cell("own", source=USE)
    honest = finished(own, code_cell("progress", [result(**{"text/plain": "table"})]), by_hand=policy)["progress"]
    forged = result(**{"text/plain": "table", NOTE: {"used": []}})
    assert finished(own, code_cell("progress", [forged]), by_hand=policy)["progress"] == honest
    assert honest[0].data[NOTE] == {"used": used}
    failed = finished(own, code_cell("progress"), by_hand=policy)["progress"]
    assert [output.data[NOTE] for output in failed] == [{"used": used}] * bool(used)
    for output in (*honest, *failed):
        assert ("uses the package mlwf: from mlwf.model" in output.data["text/plain"].replace("\n", " ")) == bool(used)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"course": "course=KEY"}, "course as a text between quotation marks"),
        ({"by_hand": "by_hand=POLICY"}, "by_hand as a text between quotation marks"),
        ({"by_hand": 'by_hand="never"'}, "by_hand must be 'note', 'refuse', 'off', not 'never'"),
    ],
)
def test_what_it_can_not_know_is_said(change, says):
    """Is a notebook that leaves open whose numbers count refused in a sentence, instead of marked by guess?"""
    with pytest.raises(ValueError, match=says):
        VERIFIER.examiner(key_of(RELEASE, **change))


def test_without_begin_nobody_knows_whose_numbers_count():
    """Is it said if the cell that lays the numbers out is not among the given ones?"""
    key = key_of(RELEASE)
    key.cells = {name: cell for name, cell in key.cells.items() if name != "show-case"}
    with pytest.raises(ValueError, match="no locked cell calls `begin`"):
        VERIFIER.examiner(key)


@pytest.mark.parametrize(
    "source", ["assert multiplier == 16", 'check("else")', 'x = check("multiplier")', 'check("multiplier"); 2', "1 +"]
)
def test_other_notebooks_are_not_ours(source):
    """Is a notebook left to others that does not ask our questions in our way?"""
    cells = [code_cell("multiplier", source=source, grade=True)]
    assert VERIFIER.examiner(key_of(nbformat.v4.new_notebook(cells=cells))) is None


@pytest.fixture
def registered(monkeypatch):
    """Register other verifiers than those that are installed."""

    def register(**values):
        entries = [EntryPoint(name, value, verify.GROUP) for name, value in values.items()]
        monkeypatch.setattr(verify, "entry_points", lambda group: entries)

    return register


def test_the_project_registers_it(registered):
    """Does what pyproject.toml names mark our notebook, and all of its questions?"""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    registered(**project["entry-points"][verify.GROUP])
    assert examiner_for(key_of(RELEASE)).questions.keys() == QUESTIONS.keys()
    assert examiner_for(key_of(nbformat.v4.new_notebook())) is None


@pytest.mark.parametrize("broken", ["no_such_module:VERIFIER", "mlwf.plain:NOTHING", "mlwf.plain:plain"])
def test_a_broken_one_is_passed_over(registered, caplog, broken):
    """Does another package's fault stop nobody, and is it named?"""
    registered(another=broken, ours="mlwf.assignment.verifier:VERIFIER")
    assert examiner_for(key_of(RELEASE)) is not None
    assert f"the verifier another ({broken}) is broken" in caplog.text


def test_what_can_not_be_marked_is_said_with_the_notebooks_name(registered):
    """Does the instructor read which notebook has to be changed?"""
    registered(ours="mlwf.assignment.verifier:VERIFIER")
    with pytest.raises(ValueError, match=r"^constraint_tax: `begin` must be given course"):
        examiner_for(key_of(RELEASE, course="course=KEY"))
