"""Where a course's marks are kept: nbgrader's gradebook, opened with one-line errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry

from mlwf.course.files import CourseError
from mlwf.grading.course import Course
from mlwf.grading.errors import GradingError


@contextmanager
def opened(course: Path) -> Iterator[Any]:
    """Open the gradebook of the course in a folder, wherever its configuration says that it is.

    Raises
    ------
    CourseError
        There is none.
    """
    try:
        gradebook = Course(course).open_gradebook()
    except GradingError as error:
        raise CourseError(f"{error}; another course's folder is named with --course DIR") from error
    with gradebook:
        yield gradebook


def graded(gradebook: Any, name: str | None) -> Any:  # noqa: ANN401 - nbgrader has no types
    """Return an assignment that has submissions; without a name the only one there is.

    Raises
    ------
    CourseError
        There is no such assignment, or nothing of it has been graded.
    """
    names = sorted(assignment.name for assignment in gradebook.assignments)
    if not names:
        raise CourseError("the gradebook has no assignment yet; run: nbgrader generate_assignment NAME")
    if name is None and len(names) > 1:
        raise CourseError(f"which assignment? Name one of: {', '.join(names)}")
    try:
        assignment = gradebook.find_assignment(name or names[0])
    except MissingEntry:
        raise CourseError(f"there is no assignment {name!r}; there is: {', '.join(names)}") from None
    if not gradebook.assignment_submissions(assignment.name):
        raise CourseError(f"nothing of {assignment.name} is graded yet; run: nbgrader autograde {assignment.name}")
    return assignment


def submission_of(gradebook: Any, assignment: str, student: str) -> Any | None:  # noqa: ANN401
    """Return a student's submission, or None."""
    try:
        return gradebook.find_submission(assignment, student)
    except MissingEntry:
        return None


def total(submission: Any) -> float:  # noqa: ANN401
    """What a submission is worth: marks by machine and by hand, less what it lost for being late."""
    return max(0.0, float(submission.score) - float(submission.late_submission_penalty or 0))
