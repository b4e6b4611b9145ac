"""A class of five, taken through real nbgrader by the command that an instructor would type."""

import re
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest
from demo_command import start

from mlwf.assignment import own_case
from mlwf.course import CHECKOUT, differences, has_source
from mlwf.course.students import STUDENTS, answer_key

COURSE = "constraint-tax"
RIGHT, ENDLESS = own_case(COURSE, "right"), own_case(COURSE, "endless").base_days
POINTS = {
    "multiplier": 2, "fix_days": 2, "latest_stage": 2, "sunk": 2, "rework_cost": 3, "gated_price": 2,
    "large_iterations": 1, "small_iterations": 1, "large_limit": 1, "small_limit": 1,
    "linear_week": 3, "saturating_week": 3, "third_week": 3, "level_day": 3, "crossover_week": 4,
    "phone_wh": 2, "battery_ratio": 1, "shortest_cycle": 2, "longest_session": 2, "cloud_kwh": 2, "cloud_dollars": 2,
}  # fmt: skip
MISTAKES = {
    "multiplier": 1,  # 2^5 for 2^4
    "fix_days": 1.5,  # right for that multiplier
    "latest_stage": 2,  # "3" is read as 3
    "sunk": 1,  # the stage itself counted in
    "rework_cost": 2.25,  # 6 of 8 inputs: no ValueError
    "gated_price": 1,  # gates not paid
    "large_iterations": 1,
    "small_iterations": 0.5,  # those of a week
    "large_limit": 1,
    "small_limit": 0.5,  # the gain alone
    "linear_week": 1.5,  # rounded down
    "saturating_week": 0.75,  # as if nothing saturated
    "third_week": 0,  # "never" for None
    "level_day": 1.5,  # a day early
    "crossover_week": 0,
    "phone_wh": 1,  # session longer than its cycle
    "battery_ratio": 0.75,  # right for that energy
    "shortest_cycle": 1,  # a longer one
    "longest_session": 0,  # a list
    "cloud_kwh": 1,  # Wh
    "cloud_dollars": 0.5,  # rent for kWh
}


def scores(demo, student):
    return {row["question"]: row["score"] for row in demo[0]["scores"] if row["student"] == student}


@pytest.mark.course
def test_every_student_has_a_score_for_every_question(demo):
    """Does the gradebook hold each machine-marked cell of each student, with its maximum?"""
    rows = demo[0]["scores"]
    assert {tuple(row) for row in rows} == {("student", "question", "score", "max")}
    assert {(row["student"], row["question"]): row["max"] for row in rows} == {
        (student, question): points
        for student in ("right", "mistakes", "untouched", "crashes", "endless")
        for question, points in POINTS.items()
    }
    assert len(rows) == 5 * len(POINTS)


@pytest.mark.course
@pytest.mark.parametrize(
    ("student", "expected"),
    [
        ("right", POINTS),
        ("mistakes", MISTAKES),
        ("untouched", dict.fromkeys(POINTS, 0)),
        ("crashes", POINTS | {"linear_week": 0}),
        ("endless", POINTS | {"rework_cost": 0, "third_week": 0}),
    ],
)
def test_the_scores(demo, student, expected):
    """Does every student get the marks that the answers are worth, no more and no less?"""
    assert scores(demo, student) == expected


@pytest.mark.course
def test_nothing_but_the_answer_is_printed(demo):
    """Is stderr empty where nobody watches, and the cycle done in the time that was promised?"""
    _, err, seconds = demo
    assert err == ""
    assert seconds < 300


@pytest.mark.course
@pytest.mark.parametrize(
    ("student", "sentences"),
    [
        ("right", [f"2 of 2 points. Right: 2 ^ ({RIGHT.stage} - 1) = {2 ** (RIGHT.stage - 1)}.", "3 of 3 points. Right for all 8 inputs."]),
        ("mistakes", [
            "1 of 2 points. This is 2^N.",
            "1.5 of 2 points. Right for your own earlier answer (multiplier).",
            "2.25 of 3 points. Right for 6 of 8 inputs. rework_cost(0, 1) gave 0.5; it should raise ValueError.",
            "0 of 3 points. The text 'never' is no number;",
            "0 of 2 points. This is of type list; it should be a number of hours.",
        ]),
        ("untouched", ["0 of 2 points. No answer: nothing is assigned to `multiplier`."]),
        ("crashes", ["ZeroDivisionError", "0 of 3 points. No answer: nothing is assigned to `linear_week`."]),
        ("endless", [
            f"0 of 3 points. Right for 0 of 8 inputs. rework_cost(1, {ENDLESS:g}) took too long; it should be {ENDLESS:g}.",
            "CellTimeoutError",
            "0 of 3 points. No answer: nothing is assigned to `third_week`.",
        ]),
    ],
)  # fmt: skip
def test_the_feedback_says_what_helps(demo, student, sentences):
    """Is there a page for each student, with the sentence for each answer?"""
    (page,) = [Path(path) for path in demo[0]["feedback"] if f"/{student}/" in path]
    text = " ".join(re.sub(r"<[^>]+>", "", page.read_text()).replace("&#39;", "'").replace("&lt;", "<").split())
    for sentence in sentences:
        assert sentence in text
    assert "BEGIN SOLUTION" not in text
    assert "HIDDEN TEST" not in text
    if student == "untouched":
        assert "2 ** (5 - 1)" not in text
        assert "I recommend the small model" not in text


@pytest.mark.course
def test_there_are_five_pages_and_the_folder_stays(demo, folder):
    """Are the pages kept, and does everything lie in one temporary folder?"""
    pages = [Path(path) for path in demo[0]["feedback"]]
    assert len(pages) == 5
    assert all(page.is_file() for page in pages)
    (left,) = folder.resolve().glob("mlwf-course-demo-*")
    assert all(page.is_relative_to(left) for page in pages)
    assert (left / "nbgrader.log").stat().st_size


@pytest.mark.course
def test_a_step_that_fails_is_one_line(tmp_path):
    """Is it said in a line which step failed and why, with exit code 1 and no traceback?"""
    broken = tmp_path / "course"
    shutil.copytree(CHECKOUT / "source", broken / "source")
    notebook = broken / "source" / "constraint_tax" / "constraint_tax.ipynb"
    notebook.write_text(notebook.read_text().replace("### END SOLUTION", "### EDN SOLUTION"))
    process = start(tmp_path, "--course", "course")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert out == ""
    assert re.fullmatch(r"mlwf: generate: RuntimeError: .*solution.* \(log: .*nbgrader\.log\)\n", err), err


@pytest.mark.course
def test_ctrl_c_ends_everything(tmp_path):
    """Does Ctrl-C, while a notebook is being graded, take a moment, a line, and leave neither processes nor files?"""
    process = start(tmp_path)
    deadline = time.monotonic() + 300
    while not any("inside.zygote" in command_line(child) for child in children(process)):
        assert time.monotonic() < deadline, "nothing was graded"
        assert process.poll() is None
        time.sleep(0.05)
    started = children(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err.strip()) == (130, "", "mlwf: stopped")
    _, alive = psutil.wait_procs(started, timeout=30)
    assert alive == []
    assert list(tmp_path.glob("mlwf-course-demo-*")) == []


def children(process):
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def command_line(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return ""


def test_a_folder_without_the_course_is_wrong_use(tmp_path):
    """Is it said in a line, with exit code 2, that --course is needed?"""
    process = start(tmp_path, "--course", str(tmp_path))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.count("\n") == 1
    assert f"there is no source/constraint_tax in {tmp_path}; name the course's folder with --course DIR" in err


def test_the_checkout_is_found():
    """Does the demo find its course without being told?"""
    assert has_source(CHECKOUT)


def test_differences_from_the_key_are_named():
    """Is every mark that is missing, wrong or not in the key named, and nothing else?"""
    rows = [
        {"student": student, "question": question, "score": float(score), "max": float(most)}
        for (student, question), (score, most) in answer_key().items()
    ]
    assert differences(rows) == []
    rows[0]["score"] = 1.5
    lost = rows.pop()
    rows.append({"student": "right", "question": "new", "score": 1.0, "max": 1.0})
    assert differences(rows) == [
        f"{rows[0]['student']} {rows[0]['question']}: 1.5 of 2, expected 2 of 2",
        f"{lost['student']} {lost['question']}: nothing, expected 2 of 2",
        "right new: 1 of 1, expected nothing",
    ]


def test_the_key_covers_the_class():
    """Has every student a mark for every question in the key?"""
    assert {student for student, _ in answer_key()} == {student.id for student in STUDENTS}
    assert len(answer_key()) == len(STUDENTS) * len(POINTS)
