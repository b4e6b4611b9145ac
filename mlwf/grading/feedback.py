"""Feedback pages for a class, as ``nbgrader generate_feedback`` makes them, in a fraction of its time.

nbgrader's own converter decides what is made anew, where it goes and who may read it, and the course's exporter writes the page.
What is different: the gradebook is read once for the whole class, several processes share the work, what is the same on each
page is made once, a page is in its place as a whole or not at all, and the markers around hidden tests stay away from it.
"""

import gc
import logging
import multiprocessing
import os
import shutil
import warnings
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbconvert.writers.files import FilesWriter
from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    GradeCell,
    MissingEntry,
    Notebook,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from nbgrader.converters import GenerateFeedback, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests, GetGrades, NbGraderPreprocessor
from sqlalchemy.exc import SQLAlchemyError
from traitlets import TraitError
from traitlets.config import Config

from mlwf.grading import worker
from mlwf.grading.course import Course
from mlwf.grading.errors import GradingError, one_line
from mlwf.grading.quick import QuickStyles, quick

MADE, SKIPPED, FAILED = "made", "skipped", "failed"


@dataclass(frozen=True)
class Outcome:
    """What became of one student's pages.

    Attributes
    ----------
    student : str
    state : str
        "made", "skipped" where pages are as new as the submission, or "failed".
    reason : str
        Of a failure, in one line.
    """

    student: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Record:
    """What the gradebook knows about a student's notebook.

    Attributes
    ----------
    score, most : float
    penalty : float or None
        For being late.
    grades : mapping of str to tuple of float
        By the cell's name: points, and the most there are.
    comments : mapping of str to str or None
        By the cell's name.
    unread : frozenset of str
        Cells that wait for a person.
    """

    score: float
    most: float
    penalty: float | None
    grades: dict[str, tuple[float, float]] = field(default_factory=dict)
    comments: dict[str, str | None] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()


Records = Mapping[tuple[str, str], Record]  # by student and notebook
Submission = tuple[str, list[str]]  # its folder and its notebooks


def make_feedback(
    course: Course,
    assignment: str,
    *,
    students: Sequence[str] = (),
    workers: int | None = None,
    force: bool = False,
    say: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Outcome]:
    """Make the feedback pages of an assignment.

    Parameters
    ----------
    course : Course
    assignment : str
    students : sequence of str
        Whose; nbgrader's patterns are allowed. All if empty.
    workers : int, optional
        How many processes; as many as there are cores if not given.
    force : bool
        Make pages anew that are there.
    say : callable
        Is told how many of how many students are done.

    Returns
    -------
    list of Outcome
        One for each student, sorted.

    Raises
    ------
    GradingError
        There is nothing to do, or the course's configuration or gradebook can't be used.
    """
    order = _Order(course.config, str(course.root), assignment, force)
    outcomes = []
    with _in_course(course):
        submissions = _submissions(order, students)
        with course.open_gradebook() as gradebook:
            order.records = _records(gradebook, assignment)
        count = min(workers or _cores(), len(submissions))
        with closing(_made(order, submissions, count)) as made:
            for outcome in made:
                outcomes.append(outcome)
                say(len(outcomes), len(submissions))
    return sorted(outcomes, key=lambda outcome: outcome.student)


@dataclass
class _Order:
    """What a worker has to know."""

    config: Config
    root: str
    assignment: str
    force: bool
    records: Records = field(default_factory=dict)

    def directory(self, student: str = "") -> CourseDirectory:
        directory = CourseDirectory(config=self.config)
        directory.root, directory.assignment_id = self.root, self.assignment
        if student:
            directory.student_id = student
        return directory


@contextmanager
def _in_course(course: Course) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(course.root)
    try:
        yield
    except TraitError as error:
        raise GradingError(f"nbgrader_config.py asks for what nbgrader does not take: {one_line(error)}") from error
    except SQLAlchemyError as error:
        raise GradingError(f"the gradebook can't be read: {one_line(error)}") from error
    finally:
        os.chdir(before)


def _cores() -> int:
    """How many processes run at a time."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # where processes are not bound to cores
        return os.cpu_count() or 1


def _submissions(order: _Order, students: Iterable[str]) -> dict[str, list[str]]:
    """The graded submissions' folders with their notebooks, as nbgrader finds them."""
    found: dict[str, list[str]] = {}
    for student in students or ("",):
        finder = _Converter(order, student)
        try:
            _Log(finder)
            finder.init_notebooks()
        except NbGraderException:
            whose = f" of {student}" if student else ""
            raise GradingError(
                f"there is no graded submission{whose} for {order.assignment!r} in {order.root}; "
                f"autograde it first, or name another course's folder with --course"
            ) from None
        found |= finder.assignments
    return dict(sorted(found.items()))


def _records(gradebook: Any, assignment: str) -> Records:  # noqa: ANN401 - nbgrader has no types
    """What the gradebook says about everybody's notebooks, in few queries."""

    def of_assignment(*columns: Any) -> Any:  # noqa: ANN401
        return (
            gradebook.db.query(SubmittedNotebook.id, *columns)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .filter(Assignment.name == assignment)
        )

    notebooks = gradebook.db.query(Notebook.id, Notebook.name, Notebook.max_score)
    names = {key: (name, most) for key, name, most in notebooks}
    cells = {
        key: (name, most or 0.0)
        for kind in (GradeCell, TaskCell)
        for key, name, most in gradebook.db.query(kind.id, kind.name, kind.max_score)
    }
    commented = {key: name for kind in (SolutionCell, TaskCell) for key, name in gradebook.db.query(kind.id, kind.name)}
    grades: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    unread: dict[str, set[str]] = defaultdict(set)
    for key, cell, score, waits in of_assignment(Grade.cell_id, Grade.score, Grade.needs_manual_grade).join(
        Grade, Grade.notebook_id == SubmittedNotebook.id
    ):
        name, most = cells[cell]
        grades[key][name] = (score, most)
        if waits:
            unread[key].add(name)
    comments: dict[str, dict[str, str | None]] = defaultdict(dict)
    for key, cell, comment in of_assignment(Comment.cell_id, Comment.comment).join(
        Comment, Comment.notebook_id == SubmittedNotebook.id
    ):
        comments[key][commented[cell]] = comment
    about = of_assignment(
        SubmittedNotebook.notebook_id,
        SubmittedAssignment.student_id,
        SubmittedNotebook.late_submission_penalty,
    )
    records = {}
    for key, notebook, student, penalty in about:
        name, most = names[notebook]
        total = sum(score for score, _ in grades[key].values())
        records[student, name] = Record(total, most, penalty, grades[key], comments[key], frozenset(unread[key]))
    return records


def _made(order: _Order, submissions: Mapping[str, list[str]], workers: int) -> Generator[Outcome, None, None]:
    """Make the pages, the first here: whatever it needs for the first time the other processes then have, too."""
    global _worker
    try:
        _worker = _Worker(order)
    except Exception as error:  # it imports what the configuration names
        raise GradingError(f"nbgrader_config.py asks for what can't be made: {one_line(error)}") from error
    try:
        first, *others = submissions.items()
        yield _worker.make(first)
        yield from _together(order, others, workers) if workers > 1 else map(_worker.make, others)
    finally:
        _worker = None


_worker: "_Worker | None" = None  # of this process; one that was forked has it already


def _begin(order: _Order) -> None:
    """Prepare a process of the pool."""
    worker.begin()  # the page at hand is finished; the parent says that there is no other
    os.chdir(order.root)
    global _worker
    if _worker is None:
        _worker = _Worker(order)


def _make(submission: Submission) -> Outcome:
    assert _worker is not None
    return _worker.make(submission)


def _together(order: _Order, submissions: Sequence[Submission], workers: int) -> Iterator[Outcome]:
    """Make pages in several processes."""
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context(method), _begin, (order,))
    waiting, lost = {}, []
    try:
        with worker.uninterrupted():  # a process that is just beginning
            gc.freeze()  # or looking for rubbish would copy what is shared
            for submission in submissions:
                try:
                    waiting[pool.submit(_make, submission)] = submission
                except BrokenProcessPool:
                    lost.append(submission)
        for future in as_completed(waiting):
            try:
                yield future.result()
            except BrokenProcessPool:  # one ended, and took the others with it
                lost.append(waiting[future])
    finally:
        pool.shutdown(cancel_futures=True)
    for submission in lost:
        if len(submissions) > 1:
            yield from _together(order, [submission], 1)
        else:
            yield _Converter(order).give_up(submission[0])


class _Worker:
    """Makes pages, one student after the other."""

    def __init__(self, order: _Order) -> None:
        self.converter = _Converter(order)
        self.log = _Log(self.converter)
        self.converter.prepare()  # parts take their log from it

    def make(self, submission: Submission) -> Outcome:
        """Make one student's pages."""
        folder, notebooks = submission
        student = self.converter.student(folder)
        self.log.begin()
        self.converter.assignments, self.converter.count = {folder: notebooks}, 0
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # nobody reads what nbconvert thinks of a student's HTML
                self.converter.convert_notebooks()
        except NbGraderException as error:
            return Outcome(student, FAILED, self.log.reason(error))
        except Exception as error:  # noqa: BLE001 - an exporter is a program, and so is a hook
            return Outcome(student, FAILED, one_line(error))
        return Outcome(student, MADE if self.converter.count else SKIPPED)


class _Log(logging.Handler):
    """Keeps what nbgrader logs as an error, for its exceptions only point at it."""

    def __init__(self, converter: "_Converter") -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []
        log = logging.Logger("mlwf.grading.feedback", logging.ERROR)  # of its own: nobody else hears it
        log.addHandler(self)
        converter.log = converter.coursedir.log = log

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def begin(self) -> None:
        """Forget what was kept."""
        self.texts.clear()

    def reason(self, error: Exception) -> str:
        """The line that says what went wrong: that of the first traceback, else the first error."""
        tracebacks = [text for text in self.texts if text.startswith("Traceback")]
        text = (tracebacks or self.texts or [one_line(error)])[0].strip()
        return text.splitlines()[-1 if tracebacks else 0]


class _Converter(GenerateFeedback):  # type: ignore[misc] # nbgrader has no types
    """nbgrader's converter, whose steps are taken one student at a time."""

    def __init__(self, order: _Order, student: str = "") -> None:
        super().__init__(coursedir=order.directory(student), config=order.config)
        if order.force:
            self.force = True
        self.records = order.records
        self.count = 0

    def prepare(self) -> None:
        """Make writer and exporter, as `start` does."""
        self.writer = _Whole(parent=self, config=self.config)  # type: ignore[no-untyped-call]
        self.exporter = quick(self.exporter_class)(parent=self, config=self.config)
        quicker: dict[Any, Callable[..., Any]] = {
            GetGrades: partial(_Recorded, self.records),
            CSSHTMLHeaderPreprocessor: QuickStyles,
        }
        names = {f"{kind.__module__.split('.')[0]}.preprocessors.{kind.__name__}": kind for kind in quicker}
        for preprocessor in self.preprocessors:
            kind = names.get(preprocessor, preprocessor) if isinstance(preprocessor, str) else preprocessor
            make = quicker.get(kind)
            self.exporter.register_preprocessor(make(parent=self.exporter) if make else kind)
        self.exporter.register_preprocessor(_NoMarkers(parent=self.exporter))

    def student(self, folder: str) -> str:
        """Whose submission is in a folder."""
        found: str = self.init_single_notebook_resources(str(Path(folder) / "any.ipynb"))["nbgrader"]["student"]
        return found

    def give_up(self, folder: str) -> Outcome:
        """Remove what a process has left that ended before it was done."""
        student = self.student(folder)
        shutil.rmtree(self._format_dest(self.coursedir.assignment_id, student), ignore_errors=True)
        return Outcome(student, FAILED, "the process that made the page ended")

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Tell whether a student's pages are to be made; where one was never finished, other than in nbgrader, they are."""
        if super().init_destination(assignment_id, student_id):
            return True
        if student_id in self.coursedir.student_id_exclude.split(","):
            return False
        made = Path(self._format_dest(assignment_id, student_id))
        pages = [f"{Path(notebook).stem}{self.exporter.file_extension}" for notebook in self.notebooks]
        return not all((made / page).exists() for page in pages)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Make a page."""
        super().convert_single_notebook(notebook_filename)
        self.count += 1


class _Whole(FilesWriter):
    """Puts a page into its place when all of it is written."""

    def write(self, output: Any, resources: Any, notebook_name: str | None = None, **kw: Any) -> Path:  # noqa: ANN401
        name = f".{notebook_name}-{os.getpid()}"
        written = Path(super().write(output, resources, notebook_name=name, **kw))  # type: ignore[no-untyped-call]
        return written.replace(written.with_name(f"{notebook_name}{resources.get('output_extension') or ''}"))


class _Recorded(GetGrades):  # type: ignore[misc]
    """`GetGrades` that knows already what is in the gradebook."""

    def __init__(self, records: Records, **kw: Any) -> None:  # noqa: ANN401 - traitlets'
        super().__init__(**kw)
        self.records = records

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:  # noqa: ANN401 - nbconvert's
        about = resources["nbgrader"]
        whose = f"{about['assignment']}/{about['notebook']} for {about['student']}"
        record = self.records.get((about["student"], about["notebook"]))
        if record is None:
            raise MissingEntry(f"No such submitted notebook: {whose}")
        self._record = record
        for index, cell in enumerate(nb.cells):
            try:
                nb.cells[index], resources = self.preprocess_cell(cell, resources, index)
            except KeyError as error:
                raise MissingEntry(f"No such grade or comment: {error.args[0]} in {whose}") from None
        penalty = record.penalty or 0
        about["score"], about["max_score"], about["late_penalty"] = record.score - penalty, record.most, penalty
        about["unread"] = record.unread  # for an exporter that would otherwise ask the gradebook
        return nb, resources

    def _get_comment(self, cell: NotebookNode, resources: Any) -> None:  # noqa: ANN401
        data = cell.metadata.nbgrader
        data["comment"] = self._record.comments[data["grade_id"]]

    def _get_score(self, cell: NotebookNode, resources: Any) -> None:  # noqa: ANN401
        data = cell.metadata.nbgrader
        data["score"], data["points"] = self._record.grades[data["grade_id"]]


class _NoMarkers(NbGraderPreprocessor):  # type: ignore[misc]
    """Leaves out the lines that mark hidden tests, in cells and in what they put out, as tracebacks do."""

    def __init__(self, **kw: Any) -> None:  # noqa: ANN401 - traitlets'
        super().__init__(**kw)
        clear = ClearHiddenTests(parent=self.parent)
        self._markers = (clear.begin_test_delimeter, clear.end_test_delimeter)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:  # noqa: ANN401 - nbconvert's
        for cell in nb.cells:
            cell.source = self._without(cell.source)
            for output in cell.get("outputs", ()):
                for holder in (output, output.get("data", {})):
                    for name, text in holder.items():
                        holder[name] = self._without(text)
        return nb, resources

    def _without(self, text: Any) -> Any:  # noqa: ANN401 - what JSON can hold
        if isinstance(text, list):
            return [self._without(line) for line in text]
        if not isinstance(text, str) or not any(marker in text for marker in self._markers):
            return text
        return "\n".join(line for line in text.split("\n") if not any(marker in line for marker in self._markers))
