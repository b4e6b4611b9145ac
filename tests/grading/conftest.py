"""``pytest tests/grading --refresh-golden`` takes the marks as they are now for right; review them as a diff."""

from types import SimpleNamespace

import classroom
import ordinary_course
import pytest


def pytest_addoption(parser):
    parser.addoption("--refresh-golden", action="store_true", help="write tests/grading/golden/ anew")


@pytest.fixture(scope="session")
def stock(tmp_path_factory):
    """A course in which nbgrader by itself has graded every submission, each in a kernel."""
    course = classroom.Course(tmp_path_factory.mktemp("stock"), sealed=False)
    course.grade_all()
    return course


@pytest.fixture(scope="session")
def sealed(tmp_path_factory):
    """A course in which `mlwf grade` has graded every submission, and what it said."""
    course = classroom.Course(tmp_path_factory.mktemp("sealed"))
    course.hand_in()
    return course, course.grade()


@pytest.fixture(scope="session")
def by_nbgrader(tmp_path_factory):
    """A course in which nbgrader's command has graded every submission, with our steps in the place of its own."""
    course = classroom.Course(tmp_path_factory.mktemp("by-nbgrader"))
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
