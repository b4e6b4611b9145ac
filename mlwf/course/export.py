"""Marks as files that other systems import: plug-ins for `nbgrader export`.

``nbgrader export --exporter=mlwf.course.export.CanvasExporter --to canvas.csv`` works as well as `mlwf course export`.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.apps.baseapp import NbGrader
from nbgrader.plugins.export import ExportPlugin

from mlwf.course.files import CourseError, write_whole
from mlwf.course.gradebook import submission_of, total

Row = list[Any]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a cell begins with that a spreadsheet works out


class Exporter(ExportPlugin):  # type: ignore[misc]
    """Writes one CSV file; subclasses say which rows.

    Attributes
    ----------
    default : str
        The file's name where none is given.
    keys : frozenset of str
        Titles of the columns by which the importing system finds people, letter by letter: they are written as they are.
    keyless : list of str
        After `export`: ids of the students whom the importing system may not recognise.
    """

    default = "grades.csv"
    keys: frozenset[str] = frozenset()

    def export(self, gradebook: Any) -> None:  # noqa: ANN401 - nbgrader has no types
        """Write the marks of the chosen assignments and students, or of all.

        Raises
        ------
        CourseError
            The file can't be written. nbgrader's own command ends with its one line instead.
        """
        names = [str(name) for name in self.assignment]
        chosen = [str(name) for name in self.student]
        assignments = [each for each in gradebook.assignments if not names or each.name in names]
        students = [each for each in gradebook.students if not chosen or each.id in chosen]
        self.keyless = [student.id for student in students if not self.has_key(student)]
        # Titles stay as they are: Canvas finds an assignment by its name, and instructors chose them.
        titles, *rows = self.rows(gradebook, assignments, students)
        text = io.StringIO()
        csv.writer(text).writerow(titles)
        csv.writer(text).writerows(
            [cell if title in self.keys else defused(cell) for title, cell in zip(titles, row, strict=True)]
            for row in rows
        )
        try:
            write_whole(Path(self.to or self.default), text.getvalue())
        except CourseError as error:
            if isinstance(self.parent, NbGrader):
                self.parent.fail("%s", error)
            raise
        for student in self.keyless:
            self.log.warning("%s has no key", student)

    def has_key(self, student: Any) -> bool:  # noqa: ANN401
        """Tell whether the importing system can find the student."""
        return bool(student.id)

    def rows(self, gradebook: Any, assignments: list[Any], students: list[Any]) -> Iterator[Row]:  # noqa: ANN401
        """The file's rows, the header first."""
        raise NotImplementedError


class QuestionsExporter(Exporter):
    """One row for each student and question; who handed in nothing has one row without a question, and 0 points."""

    def rows(self, gradebook: Any, assignments: list[Any], students: list[Any]) -> Iterator[Row]:  # noqa: ANN401
        """The points of every graded cell."""
        yield ["assignment", "student", "question", "points", "max_points", "needs_manual_grade",
               "late_penalty", "total", "max_total", "submitted"]  # fmt: skip
        for assignment in assignments:
            for student in students:
                handed_in = submission_of(gradebook, assignment.name, student.id)
                if handed_in is None:
                    yield [assignment.name, student.id, "", 0, "", "", 0, 0, assignment.max_score, "no"]
                    continue
                end = [handed_in.late_submission_penalty, total(handed_in), assignment.max_score, "yes"]
                for notebook in handed_in.notebooks:
                    for grade in notebook.grades:
                        yield [assignment.name, student.id, grade.name, grade.score, grade.max_score,
                               "yes" if grade.needs_manual_grade else "no", *end]  # fmt: skip


class CanvasExporter(Exporter):
    """Canvas's gradebook import, keyed by Canvas's own ID, else by the login.

    Who handed in nothing has an empty field, for which Canvas keeps what it has.
    """

    default = "canvas.csv"
    keys = frozenset({"ID", "SIS User ID", "SIS Login ID"})

    def has_key(self, student: Any) -> bool:  # noqa: ANN401
        """Canvas's ID is nbgrader's `lms_user_id`; the id may be the login, but nobody has said so."""
        return bool(student.lms_user_id)

    def rows(self, gradebook: Any, assignments: list[Any], students: list[Any]) -> Iterator[Row]:  # noqa: ANN401
        """A row for each student, after one with the points possible."""
        yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(each.name for each in assignments)]
        yield ["    Points Possible", "", "", "", "", *(each.max_score for each in assignments)]
        for student in students:
            name = ", ".join(filter(None, (student.last_name, student.first_name))) or student.id
            yield [name, student.lms_user_id or "", "", student.id, "",
                   *(_mark(gradebook, each, student) for each in assignments)]  # fmt: skip


class MoodleExporter(Exporter):
    """Moodle's grade import; who imports it maps one of ID number, username and email address.

    Who handed in nothing has an empty field, which Moodle reads as no grade.
    """

    default = "moodle.csv"
    keys = frozenset({"ID number", "Username", "Email address"})

    def has_key(self, student: Any) -> bool:  # noqa: ANN401
        """Moodle's ID number is nbgrader's `lms_user_id`."""
        return bool(student.lms_user_id or student.email)

    def rows(self, gradebook: Any, assignments: list[Any], students: list[Any]) -> Iterator[Row]:  # noqa: ANN401
        """A row for each student, with a mark and a remark for each assignment."""
        marks = [title for each in assignments for title in (each.name, f"{each.name} feedback")]
        yield ["ID number", "Username", "Email address", *marks]
        for student in students:
            row = [student.lms_user_id or "", student.id, student.email or ""]
            for each in assignments:
                row += [_mark(gradebook, each, student), _remark(gradebook, each, student)]
            yield row


EXPORTERS: dict[str, type[Exporter]] = {"csv": QuestionsExporter, "canvas": CanvasExporter, "moodle": MoodleExporter}


def defused(cell: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    """Return a cell that a spreadsheet shows as it stands: a text that begins like a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _mark(gradebook: Any, assignment: Any, student: Any) -> float | str:  # noqa: ANN401
    handed_in = submission_of(gradebook, assignment.name, student.id)
    return "" if handed_in is None else total(handed_in)


def _remark(gradebook: Any, assignment: Any, student: Any) -> str:  # noqa: ANN401
    handed_in = submission_of(gradebook, assignment.name, student.id)
    if handed_in is None:
        return "Nothing was handed in."
    said = f"{total(handed_in):g} of {assignment.max_score:g} points."
    if handed_in.late_submission_penalty:
        said += f" {handed_in.late_submission_penalty:g} off for being late."
    return f"{said} A part is still to be read." if handed_in.needs_manual_grade else said
