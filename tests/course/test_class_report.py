"""The class report: its statistics by themselves, and the page of a real class."""

import json
from html.parser import HTMLParser

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_browser import check_pages, on_each_screen

from mlwf.assignment import QUESTIONS, Verdict, own_case
from mlwf.assignment.questions import truth
from mlwf.assignment.showing import VERDICT
from mlwf.course.graded import verdicts
from mlwf.course.report import page, summary
from mlwf.course.statistics import FEWEST, Sheet, difficulty, discrimination, histogram, matches

MAXIMA = {"multiplier": 2.0, "memo": 16.0}


@given(st.lists(st.floats(0, 60)), st.integers(1, 20))
def test_everybody_is_in_the_histogram_once(totals, bins):
    """Is each total counted, those at both ends too?"""
    assert sum(histogram(totals, 60, bins)) == len(totals)


def test_the_histogram_has_its_ends():
    """Is full marks in the last part, and none in the first?"""
    assert histogram([0, 5.9, 6, 60], 60) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]


def test_difficulty_is_the_mean_share():
    """Is it half where half the points were got, and nothing for an empty class?"""
    assert difficulty([0, 1, 2], 2) == 0.5
    assert difficulty([], 2) is None


def test_discrimination_of_what_is_known():
    """Is it 1 or -1 where a question follows or opposes the rest, and None where that can't be said?"""
    up = [{"a": float(n), "b": float(n)} for n in range(FEWEST)]
    assert discrimination("a", up) == pytest.approx(1)
    assert discrimination("a", [row | {"b": -row["b"]} for row in up]) == pytest.approx(-1)
    assert discrimination("a", up[1:]) is None
    assert discrimination("a", [row | {"a": 1.0} for row in up]) is None


def answers_of(student, *questions):
    case = own_case("key", student)
    return {
        name: Verdict(name, 0, 2, "", answer=QUESTIONS[name].solve(case, truth(QUESTIONS[name], case)))
        for name in questions
    }


def test_answers_of_another_student_are_found():
    """Is a pair named whose wrong answers are right for the other, and nobody who has all right for themselves?"""
    names = [f"student{n}" for n in range(12)]
    sheets = [Sheet(name, 0, {}, answers_of(name, *QUESTIONS)) for name in names]
    cases = {name: own_case("key", name) for name in names}
    assert matches(sheets, cases) == []
    copied = Sheet(
        "student0", 0, {}, answers_of("student1", "cloud_kwh", "cloud_dollars", "longest_session", "phone_wh")
    )
    first = matches([copied, *sheets[1:]], cases)[0]
    assert (first.student, first.other) == ("student0", "student1")
    assert len(first.questions) >= 3


@pytest.mark.parametrize("size", [0, 1, 12])
def test_any_class_has_a_page(size):
    """Does a page come out, however small the class?"""
    sheets = [Sheet(f"s{n}", n, {"multiplier": 1.0, "memo": float(n)}, course="key") for n in range(size)]
    found = summary("constraint_tax", 18, MAXIMA, sheets, ["nobody"])
    json.dumps(found, allow_nan=False)
    HTMLParser().feed(page(found))


def test_nothing_that_a_student_wrote_is_markup():
    """Is text from a notebook escaped, and what is not of the right shape left out?"""
    evil = "<script>alert(1)</script>"
    sheet = Sheet(
        evil, 1, {"multiplier": 1.0}, {"multiplier": Verdict("multiplier", 0, 2, "", right_for=evil)}, evil, (evil,)
    )
    assert "<script" not in page(summary(evil, 2, MAXIMA, [sheet], [evil]))


def graded_notebook(said):
    """A graded notebook whose test cell for `multiplier` put out what it liked."""
    data = {"grade_id": "multiplier", "grade": True, "locked": True, "solution": False, "schema_version": 3}
    output = nbformat.v4.new_output("display_data", {VERDICT: said})
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("", metadata={"nbgrader": data}, outputs=[output])]
    )


def test_a_forged_verdict_is_worth_no_more_than_its_words():
    """Is what is not of the right shape left out, and no mistake taken that we don't know?"""
    assert verdicts(graded_notebook(["no"])) == {}
    assert verdicts(graded_notebook({"question": "sunk", "points": 2, "message": "Right."})) == {}
    said = {"question": "multiplier", "points": 2, "message": "Right.", "slip": ["a"], "right_for": 3, "missing": "yes"}
    forged = verdicts(graded_notebook(said))["multiplier"]
    assert (forged.slip, forged.right_for, forged.missing) == (None, None, False)


def test_a_folder_without_gradebook_is_said_in_a_line(tmp_path, command):
    """Is it wrong use, with nothing written?"""
    done = command("course", "report", "--course", tmp_path, "--to", tmp_path / "r.html")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"there is no gradebook {tmp_path}/gradebook.db" in done.stderr
    assert "--course DIR" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def report(graded_course, command, tmp_path_factory):
    """What the command says of a class of five, and the page that it writes."""
    path = tmp_path_factory.mktemp("report") / "r.html"
    return command("course", "report", "--course", graded_course, "--json", "--to", path), path


@pytest.mark.course
def test_the_report_of_a_real_class(report):
    """Are the class's totals, mistakes, missing answers and crashes in the report?"""
    done, path = report
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    students = {row["student"]: row for row in found["students"]}
    assert (found["submissions"], found["max"], found["course"]) == (5, 60, "constraint-tax")
    assert students["right"]["total"] == 44
    assert students["crashes"]["no_answer"] == ["linear_week"]
    assert {"question": "multiplier", "slip": "power_of_n", "count": 1} in [
        {name: row[name] for name in ("question", "slip", "count")} for row in found["slips"]
    ]
    assert found["few"]
    assert "Class report: constraint_tax" in path.read_text()


@pytest.mark.course
@on_each_screen
def test_in_a_real_browser(browser, report, width, scheme):
    """Can everybody read it on a phone and at a desk, in the light and in the dark, without sending for anything?"""
    _, path = report
    check_pages(browser, [path], width, scheme, {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 28)"})


@pytest.mark.course
@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nothing"], "there is: constraint_tax"), (["--to", "no/such/r.html"], "there is no folder no/such")],
)
def test_wrong_use_is_a_line(graded_course, command, arguments, said):
    """Does it say in one line what there is instead?"""
    done = command("course", "report", "--course", graded_course, *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr
