"""The assignment's notebooks: the instructors' in source/, and the students' in release/ that is generated from it."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.utils import determine_grade

from mlwf.assignment import QUESTIONS
from mlwf.assignment.case import PUBLISHED
from mlwf.course.environment import clean_environment
from mlwf.model import GATES, STAGES, large_strategy, small_strategy

ROOT = Path(__file__).parents[2]
NAME = Path("constraint_tax") / "constraint_tax.ipynb"
SOURCE, RELEASE = ROOT / "source" / NAME, ROOT / "release" / NAME
BOTH = pytest.mark.parametrize("path", [SOURCE, RELEASE], ids=["source", "release"])


def read(path):
    return nbformat.read(path, as_version=4)


def by_grade_id(path):
    return {cell.metadata.nbgrader.grade_id: cell for cell in read(path).cells if "nbgrader" in cell.metadata}


def solution_lines(text):
    """The lines between the solution marks, without comments and without what is too short to tell."""
    lines = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", text, re.DOTALL)
    stripped = [line.split("#")[0].strip() for block in lines for line in block.splitlines()]
    return [line for line in stripped if len(line) > 3]


# What a student may call; `accuracy` is a function in the solution itself, `memory_gates` a dict there.
ARITHMETIC = {
    "accuracy",
    "int",
    "math.ceil",
    "math.log",
    "math.log2",
    "memory_gates.items",
    "min",
    "range",
    "sum",
    "ValueError",
}

# The source version


@BOTH
def test_notebooks_are_valid_and_their_cells_have_readable_ids(path):
    """Is each a valid notebook, with ids that were not drawn at random?"""
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.kernelspec.language == "python"
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert not [cell_id for cell_id in ids if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f-]{27})?", cell_id)]


@BOTH
def test_every_question_has_one_answer_cell_and_one_test_cell(path):
    """Can each question be answered in one place, and is it marked in one, for its points?"""
    cells = read(path).cells
    tests = [cell for cell in cells if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")]
    assert [cell.metadata.nbgrader.grade_id for cell in tests] == list(QUESTIONS)
    assert len(tests) >= 12
    for cell in tests:
        question = QUESTIONS[cell.metadata.nbgrader.grade_id]
        data = cell.metadata.nbgrader
        assert cell.source == f'check("{question.id}")'
        assert (data.points, data.locked, data.solution) == (question.points, True, False)
        answer, text = cells[cells.index(cell) - 1], cells[cells.index(cell) - 2]
        assert answer.metadata.nbgrader.grade_id == f"{question.id}-answer"
        assert (answer.metadata.nbgrader.solution, answer.metadata.nbgrader.grade) == (True, False)
        assert text.metadata.nbgrader.locked
        assert f"({question.points} point{'s' if question.points > 1 else ''})" in text.source.splitlines()[0]
        assert f"`{question.name}" in text.source


@BOTH
def test_every_cell_is_nbgraders_and_of_its_present_format(path):
    """Can students change only what they should, and does nbgrader know each cell but the one with the student's name?"""
    assert [cell.id for cell in read(path).cells if "nbgrader" not in cell.metadata] == ["student"]
    for cell in read(path).cells:
        if cell.id == "student":
            continue
        data = cell.metadata.nbgrader
        assert data.schema_version == 3
        assert not data.task
        assert data.solution != data.locked


@BOTH
def test_there_are_sixty_points_and_the_memo_is_read_by_a_person(path):
    """Do the points add up, and is the memo a Markdown cell that is graded by hand?"""
    cells = by_grade_id(path)
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in cells.values()) == 60
    memo = cells["memo"]
    assert (memo.cell_type, memo.metadata.nbgrader.points) == ("markdown", 16)
    assert memo.metadata.nbgrader.grade
    assert memo.metadata.nbgrader.solution


def test_the_text_has_the_models_constants():
    """Do the stages, gates and strategies in the text have the numbers of the model?"""
    text = "\n".join(cell.source for cell in read(SOURCE).cells if cell.cell_type == "markdown")
    for number, stage in enumerate(STAGES, start=1):
        assert f"| {number} | {stage.name} | {stage.days} |" in text
    for gate in GATES.values():
        sees = ", ".join(name for name in ("memory", "latency", "schema") if name in gate.sees)
        assert f"| `{gate.name}` | {gate.stage} | {sees} |" in text
    large, small = large_strategy(), small_strategy()
    assert f"starts at {large.start:g} % accuracy, the *small* one at {small.start:g} %" in text
    assert f"min({large.ceiling:g}, start + gain" in text


def test_the_text_leaves_a_students_numbers_to_the_table():
    """Are the numbers that differ from case to case in no question's text?"""
    texts = [cell.source for name, cell in by_grade_id(SOURCE).items() if name.endswith("-question")]
    numbers = {value for _, value, unit, _ in PUBLISHED.rows() if unit and value.isdecimal() and int(value) > 6}
    numbers -= {"168", "24"}  # the hours of a week and of a day
    for text in texts:
        assert not numbers & set(re.findall(r"\d+", "\n".join(text.splitlines()[1:]))), text


def test_the_memo_in_the_source_is_of_the_length_asked_for():
    """Would the model memo meet its own terms?"""
    assert 150 <= len(by_grade_id(SOURCE)["memo"].source.split()) <= 250


def test_answers_are_derived_and_not_computed_by_the_package():
    """Do the solutions use arithmetic only, as students are asked to?"""
    for name, cell in by_grade_id(SOURCE).items():
        if name.endswith("-answer"):
            called = {ast.unparse(node.func) for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)}
            assert called <= ARITHMETIC, name


# What is generated from it


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Two release notebooks, generated by nbgrader from copies of the course in two folders."""
    folders = [tmp_path_factory.mktemp("course") for _ in range(2)]
    runs = []
    for folder in folders:
        shutil.copytree(ROOT / "source", folder / "source")
        shutil.copy(ROOT / "nbgrader_config.py", folder)
        command = [sys.executable, "-m", "nbgrader", "generate_assignment", "constraint_tax"]
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        runs.append(subprocess.Popen(command, cwd=folder, env=clean_environment(folder / "home"), **quiet))
    for run in runs:
        said, _ = run.communicate(timeout=120)
        assert run.returncode == 0, said
    return [folder / "release" / NAME for folder in folders]


@pytest.mark.course
def test_generating_twice_gives_the_same_bytes(generated):
    """Does nothing of the day or the folder get into the release version?"""
    one, two = generated
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.course
def test_release_is_what_source_generates(generated):
    """Do students get what instructors last edited?"""
    assert RELEASE.read_bytes() == generated[0].read_bytes(), "release/ is not up to date: run `make assignment`"


def test_no_solution_stands_in_release():
    """Is every solution, mark of one, hidden test and output gone from what students get?"""
    source, release = SOURCE.read_text(), RELEASE.read_text()
    for mark in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TEST", "MARK SCHEME"):
        assert mark not in release
    code = "\n".join(cell.source for cell in read(SOURCE).cells)
    lines = solution_lines(code)
    assert len(lines) > len(QUESTIONS)
    released = "\n".join(cell.source for cell in read(RELEASE).cells).replace(" ", "")
    assert [line for line in lines if line.replace(" ", "") in released] == []
    memo = by_grade_id(SOURCE)["memo"].source
    assert memo[:40] in source
    assert [sentence for sentence in re.split(r"[.\n]", memo) if len(sentence) > 20 and sentence in release] == []
    assert not any(cell.get("outputs") for cell in read(RELEASE).cells)


def test_an_untouched_answer_cell_is_python_with_a_place_to_write():
    """Does each answer cell of the release version run as it is, and say where to write?"""
    for name, cell in by_grade_id(RELEASE).items():
        if name.endswith("-answer"):
            exec(compile(cell.source, name, "exec"), {})
            assert cell.source.endswith("# Your working goes here.")
    assert by_grade_id(RELEASE)["memo"].source == "*Your memo goes here, in place of this line.*"


# What nbgrader makes of them


def executed(path, folder, mode):
    """`path` after a kernel has run it in nbgrader's `mode`, errors and all."""
    shutil.copy(path, folder / path.name)
    command = [
        sys.executable,
        "-m",
        "nbconvert",
        "--to",
        "notebook",
        "--execute",
        "--allow-errors",
        "--inplace",
        path.name,
    ]
    run = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(folder / "home") | {"NBGRADER_EXECUTION": mode},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return read(folder / path.name)


@pytest.mark.course
@pytest.mark.parametrize(("path", "share"), [(SOURCE, 1), (RELEASE, 0)], ids=["source", "release"])
def test_the_points_under_autograde(path, share, tmp_path):
    """Does the source earn every point and the empty release none, with nothing on stderr, which nbgrader scores 0?"""
    for cell in executed(path, tmp_path, "autograde").cells:
        if cell.cell_type == "code" and "nbgrader" in cell.metadata:
            assert [output for output in cell.outputs if output.get("name") == "stderr"] == []
            assert [output for output in cell.outputs if output.output_type == "error"] == []
            if cell.metadata.nbgrader.grade:
                points, most = determine_grade(cell)
                assert points == share * most, cell.source


def validated(path, folder):
    """What `nbgrader validate` says about `path`."""
    shutil.copy(path, folder / path.name)
    command = [sys.executable, "-m", "nbgrader", "validate", path.name]
    env = clean_environment(folder / "home")
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True, timeout=120).stdout


@pytest.mark.course
def test_validate_is_content_with_the_source(tmp_path):
    """Does Validate say "Success" when every answer can be marked?"""
    assert validated(SOURCE, tmp_path) == "Success! Your notebook passes all the tests.\n"


@pytest.mark.course
def test_validate_names_every_answer_that_is_missing_from_the_release(tmp_path):
    """Does Validate say of each answer, in a whole sentence, what is missing?"""
    said = validated(RELEASE, tmp_path)
    assert f"VALIDATION FAILED ON {len(QUESTIONS) + 1} CELL(S)" in said  # and the memo
    for question in QUESTIONS.values():
        if not question.inputs:
            assert f"    Not ready: nothing is assigned to `{question.name}` yet.\n" in said
    assert "    Not ready: `rework_cost` returns nothing; end it with a return statement.\n" in said
    assert "Traceback" not in said
