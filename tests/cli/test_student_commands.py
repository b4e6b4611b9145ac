"""`mlwf case` and `mlwf check`, as instructors and students call them."""

import json
from pathlib import Path

import nbformat
import pytest

from mlwf.assignment import QUESTIONS, own_case
from mlwf.assignment.marks import grade
from mlwf.assignment.rehearsal import Readiness
from mlwf.cli import main
from mlwf.cli._readiness import table

ROOT = Path(__file__).parents[2]
NAME = Path("constraint_tax", "constraint_tax.ipynb")
SOURCE, RELEASE = ROOT / "source" / NAME, ROOT / "release" / NAME


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return ended.value.code or 0, out, err


# case


def test_case_gives_the_numbers_and_answers_that_get_full_marks(capsys):
    """Are the worked answers for a student's numbers worth all points, by the function that gives the marks?"""
    code, out, err = run(capsys, "case", "ada", "--solution", "--json")
    said = json.loads(out)
    assert (code, err) == (0, "")
    assert (said["course"], said["student"]) == ("constraint-tax", "ada")
    case = own_case("constraint-tax", "ada")
    assert said["numbers"]["stage"] == case.stage
    answers = {answer["question"]: answer["answer"] for answer in said["answers"] if not answer["is_function"]}
    assert list(QUESTIONS) == [answer["question"] for answer in said["answers"]]
    verdicts = [verdict for verdict in grade(case, answers) if verdict.question in answers]
    assert [verdict.points for verdict in verdicts] == [verdict.max_points for verdict in verdicts]


def test_case_without_solution_tells_no_answer(capsys):
    """May a student be shown their numbers without the answers?"""
    code, out, _ = run(capsys, "case", "ada", "--json")
    assert (code, sorted(json.loads(out))) == (0, ["course", "numbers", "student"])
    _, words, _ = run(capsys, "case", "ada")
    assert len(words.splitlines()) == len(json.loads(out)["numbers"])
    assert "multiplier" not in words


def test_case_in_words_has_formula_and_answer(capsys):
    """Does an instructor see the way, with this student's numbers filled in?"""
    _, out, _ = run(capsys, "case", "ada", "--solution")
    assert "multiplier = 32  (2 points)\n    2 ^ (6 - 1) = 32\n" in out
    assert "third_week = None  (3 points)" in out


def test_case_takes_the_key_from_the_courses_notebook(capsys, tmp_path):
    """Does another course give other numbers, and an empty key those of the published lab?"""
    folder = tmp_path / "release" / "constraint_tax"
    folder.mkdir(parents=True)
    (folder / "constraint_tax.ipynb").write_text(RELEASE.read_text().replace("constraint-tax", "spring"))
    _, by_folder, _ = run(capsys, "case", "ada", "--course", str(tmp_path), "--json")
    _, by_key, _ = run(capsys, "case", "ada", "--key", "spring", "--json")
    _, own, _ = run(capsys, "case", "ada", "--json")
    _, published, _ = run(capsys, "case", "ada", "--key", "", "--json")
    assert by_folder == by_key != own
    assert json.loads(published)["numbers"]["weeks"] == 26


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["case"], 2, "mlwf case: Missing argument 'STUDENT'."),
        (["case", " "], 2, "mlwf case: STUDENT must not be empty: it decides the numbers."),
        (["case", "ada", "--course", "nowhere"], 2, "mlwf case: there is no source/constraint_tax/constraint_tax.ipynb and no"),
        (["case", "ada", "--page", "nowhere/key.html"], 2, "mlwf case: there is no folder nowhere; make it, or name another file"),
        (["check"], 2, "mlwf check: Missing argument 'NOTEBOOK'."),
        (["check", "nowhere.ipynb"], 1, "mlwf: there is no notebook nowhere.ipynb"),
        (["check", "."], 2, "mlwf check: . is a folder; name the notebook in it"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_line(capsys, monkeypatch, tmp_path, arguments, code, says):
    """Is bad input one line that says what and where, and nothing is left behind?"""
    monkeypatch.chdir(tmp_path)
    ended, out, err = run(capsys, *arguments)
    assert (ended, out) == (code, "")
    assert err.startswith(says)
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.browser
@pytest.mark.parametrize("student", ["ada", "grace", "<b>'\"&"])
def test_the_key_prints_on_one_page(browser, capsys, tmp_path, student):
    """Does an instructor get a single sheet for a student, whatever the id, that a phone shows without scrolling sideways?"""
    path = tmp_path / "key.html"
    code, out, _ = run(capsys, "case", student, "--page", str(path))
    assert (code, out) == (0, "")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(path.as_uri())
    assert page.inner_text("h1") == f"Worked answers: {student}"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    printed = page.pdf(prefer_css_page_size=True)
    page.close()
    assert printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") == 1


# check


def solved(tmp_path, student, **changes):
    """The source's notebook with a student's id and some cells changed, as a file."""
    notebook = nbformat.read(SOURCE, as_version=4)
    for cell in notebook.cells:
        changed = changes | {"student": f'STUDENT = "{student}"'}
        cell.source = changed.get(cell.id.replace("-", "_"), cell.source)
    path = tmp_path / "constraint_tax.ipynb"
    nbformat.write(notebook, path)
    return path


def own_memo(capsys, student):
    """A memo with the right numbers of a student."""
    _, said, _ = run(capsys, "case", student, "--solution", "--json")
    answers = {answer["question"]: answer["answer"] for answer in json.loads(said)["answers"]}
    return (
        f"{'We should go on with the small model. ' * 15} The fix takes {answers['fix_days']:g} person-days. The small model "
        f"leads from week {answers['saturating_week']}. Training takes {answers['phone_wh']:g} Wh a day."
    )


def test_a_finished_notebook_is_ready_and_left_as_it_is(capsys, tmp_path):
    """Does a complete notebook pass, by the student's own numbers, without being changed?"""
    path = solved(tmp_path, "ada", memo=own_memo(capsys, "ada"))
    before = path.read_bytes()
    code, out, err = run(capsys, "check", str(path))
    assert (code, err) == (0, "")
    assert "Numbers of ada" in out
    assert out.strip().endswith("Ready to be submitted. That does not say that it is right.")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_in_the_way_is_said_for_each_answer(capsys, tmp_path):
    """Does a student hear of every answer, cell, memo and rule that needs another look, before submitting?"""
    path = solved(
        tmp_path, "ada", multiplier_answer="multiplier = 'lots'", sunk_answer="sunk = 1 / 0", memo="Later.",
        fix_days_answer="from mlwf.model import rework_days\nfix_days = rework_days(my.stage, my.base_days)",
    )  # fmt: skip
    code, out, _ = run(capsys, "check", str(path), "--json")
    said = json.loads(out)
    problems = {answer["name"]: answer["problem"] for answer in said["answers"] if answer["problem"]}
    assert (code, said["ready"]) == (1, False)
    assert problems == {
        "multiplier": "`multiplier`: The text 'lots' is no number; it should be a plain number, how many times, without a unit.",
        "sunk": "nothing is assigned to `sunk` yet.",
    }
    assert said["used"] == ["from mlwf.model import rework_days"]
    assert said["errors"] == ["the cell that begins with `sunk = 1 / 0` raises ZeroDivisionError: division by zero"]
    assert said["memo"][0] == "it has 1 word; about 150 to 250 are asked."


def test_a_course_that_refuses_the_package_says_so_beforehand(capsys):
    """Does a student read that what needs the package will count nothing?"""
    for by_hand, follows in (("note", ""), ("refuse", " An answer that needs it will count nothing.")):
        table(Readiness("ada", answers=[], memo=[], errors=[], used=["import mlwf.model"], by_hand=by_hand))
        out = " ".join(capsys.readouterr().out.split())
        assert f"By hand: the notebook uses the package mlwf: import mlwf.model.{follows} 0 of 0 points" in out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no Jupyter notebook"),
        pytest.param(
            '{"cells": []}', "its cell with `begin` did not run; fetch the assignment anew and copy your work into it",
            marks=pytest.mark.thorough,
        ),
        pytest.param(None, "ended the kernel, or would not end; mend it first", marks=pytest.mark.thorough),
    ],
)  # fmt: skip
def test_what_can_not_be_looked_at_is_one_line(capsys, tmp_path, text, says):
    """Is a broken file, or a cell that ends Python, one sentence and no traceback?"""
    path = solved(tmp_path, "ada", sunk_answer="import os\nos._exit(0)")
    if text is not None:
        path.write_text(text)
    code, out, err = run(capsys, "check", str(path))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert says in err
