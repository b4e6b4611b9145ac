"""The instructors' guide, followed to the letter."""

import csv
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from mlwf.course.environment import clean_environment

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "instructors.md").read_text()
pytestmark = pytest.mark.course


def run(block: str, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-euc", block], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


def blocks(language: str) -> dict[str, list[str]]:
    """The guide's code in a language, by the heading under which it stands."""
    sections = re.split(r"^## (.*)\n", GUIDE, flags=re.MULTILINE)[1:]
    found = {
        title: re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
        for title, text in zip(sections[::2], sections[1::2], strict=True)
    }
    return {title: code for title, code in found.items() if code}


@pytest.fixture
def place(tmp_path) -> tuple[Path, Path, dict[str, str]]:
    """The folders of a course and of a student, and the environment of somebody who has set nothing."""
    course, student, exchange = tmp_path / "course", tmp_path / "student", tmp_path / "exchange"
    for folder in (course, student, exchange):
        folder.mkdir()
    shutil.copytree(ROOT / "source", course / "source")
    shutil.copytree(ROOT / "release", course / "release")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    home = tmp_path / "home"
    settings = home / "config" / "nbgrader_config.py"
    settings.parent.mkdir(parents=True)
    settings.write_text(f"get_config().Exchange.root = {str(exchange)!r}\n")
    # The recipe of `make assignment` as it stands, without the set-up that it asks for.
    recipe = (ROOT / "Makefile").read_text().split("assignment: .venv/ready-lab+course\n")[1]
    (course / "Makefile").write_text(f"SHELL := /bin/bash\nassignment:\n{recipe}")
    return course, student, clean_environment(home) | {"HOME": str(home)}


def test_the_guide_leads_from_the_source_to_marks(place):
    """Do the guide's commands, copied from the page, take a submission from the source to an exported mark?"""
    course, student, environment = place
    for section, folder in (
        ("Edit and release", course),
        ("Students", student),
        ("Mark", course),
        ("Feedback and marks", course),
    ):
        for block in blocks("sh")[section]:
            run(block, folder, environment)
    (row,) = csv.DictReader((course / "grades.csv").read_text().splitlines())
    assert float(row["max_score"]) == 60
    assert float(row["score"]) == 0  # an untouched notebook was handed in
    (page,) = (course / "feedback").glob("*/constraint_tax/constraint_tax.html")
    assert "nothing is assigned to" in page.read_text()

    # A source that can't be released is said in two lines, and what students get stays.
    before = (course / "release" / "constraint_tax" / "constraint_tax.ipynb").read_bytes()
    source = course / "source" / "constraint_tax" / "constraint_tax.ipynb"
    source.write_text(source.read_text().replace("### END SOLUTION", "", 1))
    broken = subprocess.run(
        ["make", "assignment"], cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    said = [line for line in broken.stderr.splitlines() if not line.startswith("make")]
    assert broken.returncode
    assert len(said) == 2
    assert "No end solution statement found" in said[0]
    assert (course / "release" / "constraint_tax" / "constraint_tax.ipynb").read_bytes() == before


def gradebook(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}", "constraint_tax_course")


def marks(course: Path) -> dict[str, float | None]:
    """What ada has for `sunk`, for the memo, and as a penalty."""
    with gradebook(course) as book:
        (notebook,) = book.find_submission("constraint_tax", "ada").notebooks
        by_name = {grade.name: grade.score for grade in notebook.grades}
        return {"sunk": by_name["sunk"], "memo": by_name["memo"], "penalty": notebook.late_submission_penalty}


def test_extensions_and_a_corrected_key_leave_what_was_given_by_hand(place):
    """Do late penalty, extension and a corrected key come out as the guide says, without touching the memo's mark?"""
    course, _, environment = place
    with (course / "nbgrader_config.py").open("a") as settings:
        settings.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    submitted = course / "submitted" / "ada" / "constraint_tax"
    shutil.copytree(course / "source" / "constraint_tax", submitted)
    (submitted / "timestamp.txt").write_text("2026-03-03 12:00:00 UTC")
    run("nbgrader generate_assignment constraint_tax --force", course, environment)
    with gradebook(course) as book:
        book.update_or_create_assignment("constraint_tax", duedate=datetime(2026, 3, 1))
    run("nbgrader autograde constraint_tax", course, environment)
    with gradebook(course) as book:
        book.find_grade("memo", "constraint_tax", "constraint_tax", "ada").manual_score = 13
        book.db.commit()
    assert marks(course) == {"sunk": 2, "memo": 13, "penalty": 44}  # all that there was when it was marked

    (give,), (again,) = (blocks(language)["Late submissions and extensions"] for language in ("python", "sh"))
    (course / "give.py").write_text(give)
    run("python give.py", course, environment)
    run(again, course, environment)
    assert marks(course) == {"sunk": 2, "memo": 13, "penalty": None}

    key = course / "corrected" / "mlwf"
    shutil.copytree(ROOT / "mlwf", key)
    questions = key / "assignment" / "questions.py"
    old = "solve=lambda case, _: model.sunk_days(case.stage),"
    assert questions.read_text().count(old) == 1
    questions.write_text(questions.read_text().replace(old, "solve=lambda case, _: model.sunk_days(case.stage) + 1,"))
    (again,) = blocks("sh")["When the key was wrong, or the assignment has changed"]
    run(again, course, environment | {"PYTHONPATH": str(key.parent)})
    assert marks(course) == {"sunk": 0, "memo": 13, "penalty": None}
