"""Puts graded submissions where nbgrader would: marks and comments into the gradebook, files into ``autograded``.

Workers mark a submission and write its files under a temporary name (`stage`); one process writes the gradebook, a batch
in one transaction, and then gives the folders their names (`Saver`). Whatever ends the run in between, a folder is there
only if its marks are, and what is missing is graded again next time.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    Base,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.utils import compute_checksum, determine_grade
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from mlwf.grading.course import Course, parse_timestamp
from mlwf.grading.data import is_whole
from mlwf.grading.errors import GradingError, one_line
from mlwf.grading.text import notebook_bytes
from mlwf.grading.worker import uninterrupted

WHOLE = ""  # the key of flags that are about a submission, and not about one notebook
_NO_ANSWER = "No response."


@dataclass(frozen=True)
class Graded:
    """A submission that has been run.

    Attributes
    ----------
    student : str
    timestamp : str or None
        The text of ``timestamp.txt``, if it is a time.
    notebooks : Mapping
        By name, with outputs; one that was not handed in is absent.
    files : Mapping
        What lies beside them in the end: relative path, with forward slashes, and content. Of two that can't both be there
        the later one is.
    flags : Mapping
        Sentences for the instructor by the notebook's name; under `WHOLE` those about all of it.
    """

    student: str
    timestamp: str | None
    notebooks: Mapping[str, NotebookNode]
    files: Mapping[str, bytes] = field(default_factory=dict)
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Marks:
    """What the outputs of one notebook are worth.

    Attributes
    ----------
    scores : Mapping
        Points by grade cell; None: somebody has to look.
    comments : Mapping
        nbgrader's own comment by solution and task cell.
    flags : tuple of str
        Scores that make no sense.
    """

    scores: Mapping[str, float | None]
    comments: Mapping[str, str | None]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Staged:
    """A submission ready to be put in place.

    Attributes
    ----------
    student : str
    timestamp : datetime or None
        In UTC.
    marks : Mapping
        By notebook.
    flags : Mapping
        As in `Graded`, with what was found while marking.
    folder : Path
        Its files, under a temporary name.
    """

    student: str
    timestamp: datetime | None
    marks: Mapping[str, Marks]
    flags: Mapping[str, tuple[str, ...]]
    folder: Path


def mark(notebook: NotebookNode) -> Marks:
    """Read the marks off a notebook's outputs, as nbgrader does.

    Parameters
    ----------
    notebook : NotebookNode

    Returns
    -------
    Marks
    """
    scores: dict[str, float | None] = {}
    comments: dict[str, str | None] = {}
    flags = []
    for cell in notebook.cells:
        ours = cell.metadata.get("nbgrader")
        if not ours:
            continue
        name = str(ours.get("grade_id"))
        if ours.get("grade"):
            try:
                scores[name], _ = determine_grade(cell)
            except (ValueError, KeyError, TypeError):
                # More than there is to be had, or a result without a text: nbgrader gives up the whole submission.
                scores[name] = None
                flags.append(f"cell `{name}` ended with a value that is no mark: mark it by hand")
        if ours.get("task"):
            comments[name] = None
        elif ours.get("solution"):
            comments[name] = _NO_ANSWER if ours.get("checksum") == compute_checksum(cell) else None
    return Marks(scores, comments, tuple(flags))


def stage(graded: Graded, course: Course, assignment: str) -> Staged:
    """Mark a submission and write its files beside the place where they belong. For workers: the gradebook isn't touched.

    Parameters
    ----------
    graded : Graded
    course : Course
    assignment : str

    Returns
    -------
    Staged
        To be given to `Saver.save`, or to `discard`.
    """
    marks = {name: mark(notebook) for name, notebook in graded.notebooks.items()}
    flags = dict(graded.flags)
    for name, found in marks.items():
        if found.flags:
            flags[name] = (*flags.get(name, ()), *found.flags)
    timestamp = parse_timestamp(graded.timestamp) if graded.timestamp else None
    files = dict(graded.files)
    files |= {f"{name}.ipynb": notebook_bytes(notebook) for name, notebook in graded.notebooks.items()}
    target = course.autograded(assignment, graded.student)
    folder = _temporary(target, "new")
    target.parent.mkdir(parents=True, exist_ok=True)
    # nbgrader leaves making the folder to nbconvert, which is stricter, if there is nothing to copy.
    folder.mkdir(mode=0o777 if graded.files else 0o755)
    try:
        for name, content in files.items():
            _write(folder, name, content, course.permissions)
        if course.groupshared:
            for parent, _, _ in os.walk(folder):
                _share(Path(parent))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Staged(graded.student, timestamp, marks, flags, folder)


def discard(staged: Staged) -> None:
    """Remove the files of a submission that is not to be saved.

    Parameters
    ----------
    staged : Staged
    """
    shutil.rmtree(staged.folder, ignore_errors=True)


class _PenaltyError(Exception):
    """The instructor's own program can't say what being late costs somebody."""

    def __init__(self, student: str, why: str) -> None:
        super().__init__(why)
        self.student = student


class Saver:
    """Writes to the gradebook and to ``autograded``; there should be one at a time.

    Parameters
    ----------
    course : Course
    gradebook : Gradebook
        Of that course, open; the saver commits what is pending in it.
    assignment : str

    Raises
    ------
    GradingError
        The gradebook can't be read or does not know the assignment.
    """

    def __init__(self, course: Course, gradebook: Gradebook, assignment: str) -> None:
        self.course = course
        self.assignment = assignment
        self._gradebook = gradebook
        self._db = gradebook.db
        with self._in_one_sentence():
            found = self._db.execute(
                select(Assignment.id, Assignment.duedate).where(Assignment.name == assignment)
            ).one_or_none()
            if found is None:
                raise GradingError(f"the gradebook has no assignment {assignment}: generate it first")
            self._id, self._due = found
            self._cells = self._read_cells()

    def refused(self, students: Iterable[str]) -> dict[str, str]:
        """Say who can't be saved, so that nobody needs to grade them.

        Parameters
        ----------
        students : iterable of str

        Returns
        -------
        dict
            A sentence by student.
        """
        with self._in_one_sentence():
            refused = self._refuse(list(students))
            self._db.rollback()
        return refused

    def tidy(self, students: Iterable[str]) -> None:
        """Remove what a run that was ended has left of these students' submissions.

        Parameters
        ----------
        students : iterable of str
        """
        names: dict[Path, list[Path]] = {}
        for student in students:
            target = self.course.autograded(self.assignment, student)
            if target.parent not in names:
                names[target.parent] = list(target.parent.iterdir()) if target.parent.is_dir() else []
            for path in names[target.parent]:
                if path.name.startswith((f".{target.name}.new-", f".{target.name}.old-")):
                    _remove(path)
            with suppress(OSError):  # it isn't there, or not empty
                target.parent.rmdir()

    def save(self, batch: Sequence[Staged]) -> dict[str, str]:
        """Save submissions, all of them or none.

        Parameters
        ----------
        batch : sequence of Staged
            Not two of one student.

        Returns
        -------
        dict
            A sentence for each student who was refused.

        Raises
        ------
        GradingError
            The gradebook is locked or can't be written, or a folder can't be put in place.
        """
        failed: dict[str, str] = {}
        while True:
            try:
                return failed | self._save([staged for staged in batch if staged.student not in failed])
            except _PenaltyError as error:
                failed[error.student] = str(error)
                for staged in batch:
                    if staged.student == error.student:
                        discard(staged)

    def _save(self, batch: Sequence[Staged]) -> dict[str, str]:
        old: dict[Path, Path] = {}
        with self._in_one_sentence(), ExitStack() as saving:
            try:
                self._lock()
                refused = self._refuse([staged.student for staged in batch])
                accepted = [staged for staged in batch if staged.student not in refused]
                self._write_marks(accepted)
                # The old ones go first: what is missing is graded again, what is there counts as graded.
                for staged in accepted:
                    target = self.course.autograded(self.assignment, staged.student)
                    if os.path.lexists(target):
                        old[target] = _temporary(target, "old")
                        target.rename(old[target])
                saving.enter_context(uninterrupted())  # from here on to the last folder
                self._db.commit()
            except BaseException:
                self._db.rollback()
                for target, former in old.items():
                    if former.exists():
                        former.rename(target)
                raise
            for staged in accepted:
                staged.folder.rename(self.course.autograded(self.assignment, staged.student))
            saving.close()
            for former in old.values():
                _remove(former)
            for staged in batch:
                if staged.student in refused:
                    discard(staged)
            if self.course.groupshared:
                _share(self.course.autograded(".", "."))
        return refused

    @contextmanager
    def _in_one_sentence(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            said = one_line(error)
            if "locked" in said or "lock timeout" in said:  # SQLite's word and PostgreSQL's
                raise GradingError(
                    "the gradebook is locked: something else has been writing to it all the time; nothing was saved, so grade again"
                ) from error
            if "no such" in said or "does not exist" in said:
                raise GradingError(
                    f"the gradebook is not of this nbgrader ({said}): copy it and run `nbgrader db upgrade`"
                ) from error
            raise GradingError(f"the gradebook can't be written: {said}") from error
        except OSError as error:
            raise GradingError(f"{error.filename} can't be put in place: {error.strerror}") from error

    def _read_cells(self) -> dict[str, "_Cells"]:
        rows = self._db.execute(
            select(Notebook.id, Notebook.name).where(Notebook.assignment_id == self._id).order_by(Notebook.name)
        ).all()
        cells = {row.id: _Cells(row.id) for row in rows}
        base = BaseCell.__table__
        for row in self._db.execute(
            select(base.c.id, base.c.name, base.c.notebook_id, base.c.type).where(base.c.notebook_id.in_(cells))
        ):
            if row.type != "SolutionCell":
                cells[row.notebook_id].grades[row.id] = row.name
            if row.type != "GradeCell":
                cells[row.notebook_id].comments[row.id] = row.name
        return {row.name: cells[row.id] for row in rows}

    def _lock(self) -> None:
        """Keep others from writing from here on, so that no manual mark comes in between reading and writing.

        SQLite locks all of the gradebook by this. PostgreSQL keeps out other graders of the assignment; `_known` locks the rest.
        """
        table = Assignment.__table__
        self._db.execute(update(table).where(table.c.id == self._id).values(name=self.assignment))

    def _unknown(self, students: Sequence[str]) -> list[str]:
        table = Student.__table__
        known = set(self._db.execute(select(table.c.id).where(table.c.id.in_(students))).scalars())
        return [student for student in students if student not in known]

    def _refuse(self, students: Sequence[str]) -> dict[str, str]:
        # A folder's name need not be text, what is in a database must; and PostgreSQL takes no more letters than its column has.
        most = None if self._db.get_bind().dialect.name == "sqlite" else Student.__table__.c.id.type.length
        refused = {
            student: f"{student!a} is no name that a gradebook can hold: rename the folder"
            for student in students
            if not is_whole(student) or (most and len(student) > most)
        }
        if not self.course.creates_students:
            says = "is not in the gradebook, and c.Autograde.create_student is off"
            for student in self._unknown([student for student in students if student not in refused]):
                refused[student] = f"{student if student.isprintable() else ascii(student)} {says}"
        return refused

    def _write_marks(self, batch: Sequence[Staged]) -> None:
        changes = _Changes()
        changes.new[Student] += [{"id": student} for student in self._unknown([staged.student for staged in batch])]
        known = self._known([staged.student for staged in batch])
        late: dict[str, tuple[str, float]] = {}
        for staged in batch:
            submission = self._submission(staged, known, changes)
            seconds = self._seconds_late(submission)
            for name, cells in self._cells.items():
                notebook = known.notebooks.get((submission["id"], cells.notebook))
                if notebook is None:
                    notebook = {
                        "id": uuid4().hex,
                        "notebook_id": cells.notebook,
                        "assignment_id": submission["id"],
                        "flagged": False,
                        "late_submission_penalty": None,
                    }
                    changes.new[SubmittedNotebook].append(notebook)
                marks = staged.marks.get(name)
                if marks is not None:
                    if seconds > 0:
                        late[notebook["id"]] = (staged.student, seconds)
                    changes.change(SubmittedNotebook, notebook, late_submission_penalty=None)
                if staged.flags.get(name) or staged.flags.get(WHOLE):
                    changes.change(SubmittedNotebook, notebook, flagged=True)
                self._grades(notebook["id"], cells, marks, known, changes)
                self._comments(notebook["id"], cells, marks, known, changes)
        changes.write(self._gradebook)
        self._penalties(late)

    def _known(self, students: Sequence[str]) -> "_Known":
        """Everything that the gradebook has on these students' submissions, as plain rows; nobody else changes it meanwhile."""
        submitted, notebook = SubmittedAssignment.__table__, SubmittedNotebook.__table__
        ours = (submitted.c.assignment_id == self._id) & submitted.c.student_id.in_(students)
        known = _Known()
        # SQLite, which has locked everything, knows no FOR UPDATE, and SQLAlchemy leaves it away there.
        for row in self._db.execute(select(submitted).where(ours).with_for_update(of=submitted)).mappings():
            known.submissions[row["student_id"]] = dict(row)
        if not known.submissions:
            return known
        with_submission = notebook.join(submitted, notebook.c.assignment_id == submitted.c.id)
        chosen = select(notebook).select_from(with_submission).where(ours).with_for_update(of=notebook)
        for row in self._db.execute(chosen).mappings():
            known.notebooks[row["assignment_id"], row["notebook_id"]] = dict(row)
        for model, rows in ((Grade, known.grades), (Comment, known.comments)):
            table = model.__table__
            joined = table.join(with_submission, table.c.notebook_id == notebook.c.id)
            chosen = select(table).select_from(joined).where(ours).with_for_update(of=table)
            for row in self._db.execute(chosen).mappings():
                rows[row["notebook_id"], row["cell_id"]] = dict(row)
        return known

    def _submission(self, staged: Staged, known: "_Known", changes: "_Changes") -> dict[str, Any]:
        submission = known.submissions.get(staged.student)
        if submission is None:
            submission = {
                "id": uuid4().hex,
                "assignment_id": self._id,
                "student_id": staged.student,
                "timestamp": staged.timestamp,
                "extension": None,
            }
            changes.new[SubmittedAssignment].append(submission)
        elif staged.timestamp is not None:
            changes.change(SubmittedAssignment, submission, timestamp=staged.timestamp)
        return submission

    def _seconds_late(self, submission: Mapping[str, Any]) -> float:
        if submission["timestamp"] is None or self._due is None:
            return 0.0
        due = self._due + (submission["extension"] or timedelta())
        return float(max(0.0, (submission["timestamp"] - due).total_seconds()))

    def _grades(
        self, notebook: str, cells: "_Cells", marks: Marks | None, known: "_Known", changes: "_Changes"
    ) -> None:
        for cell, name in cells.grades.items():
            grade = known.grades.get((notebook, cell))
            if grade is None:
                grade = {
                    "id": uuid4().hex,
                    "notebook_id": notebook,
                    "cell_id": cell,
                    "auto_score": None,
                    "manual_score": None,
                    "extra_credit": None,
                    "needs_manual_grade": True,
                }
                changes.new[Grade].append(grade)
            if marks is None:  # not handed in
                changes.change(Grade, grade, auto_score=0.0, needs_manual_grade=False)
            elif name in marks.scores:  # a task cell has no score of its own
                score = marks.scores[name]
                by_hand = score is None or grade["manual_score"] is not None
                changes.change(Grade, grade, auto_score=score, needs_manual_grade=by_hand)

    def _comments(
        self, notebook: str, cells: "_Cells", marks: Marks | None, known: "_Known", changes: "_Changes"
    ) -> None:
        for cell, name in cells.comments.items():
            comment = known.comments.get((notebook, cell))
            if comment is None:
                comment = {
                    "id": uuid4().hex,
                    "notebook_id": notebook,
                    "cell_id": cell,
                    "auto_comment": None,
                    "manual_comment": None,
                }
                changes.new[Comment].append(comment)
            if marks is not None and name in marks.comments:
                changes.change(Comment, comment, auto_comment=marks.comments[name])

    def _penalties(self, late: Mapping[str, tuple[str, float]]) -> None:
        plugin = self.course.late_penalties if late else None
        if plugin is None:
            return
        # Added up by the database, as nbgrader has it: the last digit depends on who adds.
        scores = self._db.execute(
            select(Grade.notebook_id, func.coalesce(func.sum(Grade.score), 0.0))
            .where(Grade.notebook_id.in_(late))
            .group_by(Grade.notebook_id)
        )
        known = {notebook: float(score) for notebook, score in scores}
        penalties = []
        for notebook, (student, seconds) in late.items():
            score = known.get(notebook, 0.0)
            try:
                penalty = plugin.late_submission_penalty(student, score, seconds)
                if penalty is not None:
                    penalties.append({"row": notebook, "late_submission_penalty": min(max(penalty, 0.0), score)})
            except Exception as error:  # the instructor's own program
                raise _PenaltyError(
                    student,
                    f"the course's late penalty ({type(plugin).__name__} in c.AssignLatePenalties.plugin_class) stops for it "
                    f"with {type(error).__name__}: {one_line(error)}; mend it, and grade again",
                ) from error
        _update(self._gradebook, SubmittedNotebook, penalties)


@dataclass
class _Cells:
    """The cells of a notebook that have marks or comments: name by the id of the row."""

    notebook: str
    grades: dict[str, str] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)


@dataclass
class _Known:
    """Rows of the gradebook: submissions by student, and the rest by the two ids that tell them apart."""

    submissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    notebooks: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    grades: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    comments: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


# In this order, since each refers to the one before.
_MODELS = (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)


class _Changes:
    """Rows to insert and to update, so that each kind takes one statement."""

    def __init__(self) -> None:
        self.new: dict[type, list[dict[str, Any]]] = {model: [] for model in _MODELS}
        self._changed: dict[tuple[type, tuple[str, ...]], dict[str, dict[str, Any]]] = {}

    def change(self, model: type, row: dict[str, Any], **values: str | float | bool | datetime | None) -> None:
        """Change a row; one that is so already needs no statement."""
        if any(row[name] != value for name, value in values.items()):
            row.update(values)
            self._changed.setdefault((model, tuple(values)), {})[row["id"]] = row

    def write(self, gradebook: Gradebook) -> None:
        for model in _MODELS:
            if rows := self.new[model]:
                gradebook.db.execute(insert(model.__table__), rows)
        new = {row["id"] for rows in self.new.values() for row in rows}
        for (model, names), changed in self._changed.items():
            values = [{"row": key} | {name: row[name] for name in names} for key, row in changed.items()]
            _update(gradebook, model, [value for value in values if value["row"] not in new])


def _update(gradebook: Gradebook, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Set columns by name, in the rows with the ids that are called "row"."""
    if rows:
        table = model.__table__
        gradebook.db.execute(update(table).where(table.c.id == bindparam("row")), rows)


def _temporary(target: Path, what: str) -> Path:
    """A name beside the folder; hidden, so that nbgrader's globs pass it by."""
    return target.with_name(f".{target.name}.{what}-{uuid4().hex[:12]}")


def _write(folder: Path, name: str, content: bytes, permissions: int) -> None:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise ValueError(f"{name!r} is not below the submission's folder")
    path = folder / relative
    for parent in [folder / part for part in reversed(relative.parents)][1:]:
        if not parent.is_dir():
            parent.unlink(missing_ok=True)
            parent.mkdir()
    if path.is_dir():
        shutil.rmtree(path)
    path.write_bytes(content)
    path.chmod(permissions)


def _share(folder: Path) -> None:
    """Let other instructors write here, if it is ours to say."""
    mode = folder.stat().st_mode
    if mode & 0o2770 != 0o2770:
        with suppress(PermissionError):
            folder.chmod((mode | 0o2770) & 0o2777)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
