"""``pytest tests/grading --refresh-golden`` takes the marks as they are now for right; review them as a diff."""

from types import SimpleNamespace

import classroom
import ordinary_course
import pytest


def pytest_addoption(parser):
    parser.addoption("--refresh-golden", action="store_true", help="write tests/grading/golden/ anew")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course in which nbgrader's own command has graded every submission once."""
    course = classroom.Course(tmp_path_factory.mktemp("corpus"))
    course.grade_all()
    return course


@pytest.fixture(scope="session")
def ordinary(tmp_path_factory):
    """An ordinary course before grading, after nbgrader has graded it, and after some marks by hand and a second time."""
    folder = tmp_path_factory.mktemp("ordinary")
    ungraded, first = ordinary_course.stock(folder)
    again = first.copy(folder / "again")
    ordinary_course.grade_by_hand(again)
    for student in ordinary_course.AGAIN:
        again.nbgrader("autograde", ordinary_course.ASSIGNMENT, "--force", "--student", student)
    return SimpleNamespace(ungraded=ungraded, first=first, again=again)
