"""``pytest tests/grading --refresh-golden`` takes the marks as they are now for right; review them as a diff."""

import classroom
import pytest


def pytest_addoption(parser):
    parser.addoption("--refresh-golden", action="store_true", help="write tests/grading/golden/ anew")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course in which nbgrader's own command has graded every submission once."""
    course = classroom.Course(tmp_path_factory.mktemp("corpus"))
    course.grade_all()
    return course
