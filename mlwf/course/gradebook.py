"""Where a course's marks are kept: nbgrader's gradebook, opened with one-line errors, and files that are written whole."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry


class CourseError(Exception):
    """What keeps a command from its work, as one line that says what to do."""


@contextmanager
def opened(course: Path) -> Iterator[Any]:
    """Open the gradebook of the course in a folder.

    Raises
    ------
    CourseError
        There is none.
    """
    path = course / "gradebook.db"
    if not path.is_file():  # nbgrader would make an empty one
        raise CourseError(f"there is no gradebook.db in {course}; name the course's folder with --course DIR")
    try:
        gradebook = Gradebook(f"sqlite:///{path.resolve()}")
    except Exception as error:
        raise CourseError(f"{path} can't be read: {str(error).splitlines()[0]}") from error
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


def write_whole(path: Path, text: str) -> None:
    """Put `text` into a file, all of it or nothing.

    Raises
    ------
    CourseError
        The folder is missing, or can't be written to.
    """
    if not path.parent.is_dir():
        raise CourseError(f"there is no folder {path.parent}; make it, or name another file with --to FILE")
    if path.is_dir():
        raise CourseError(f"{path} is a folder; name a file with --to FILE")
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        raise CourseError(f"{path} can't be written: {error.strerror}; name another with --to FILE") from error
