"""One assignment's way through nbgrader: source, release, exchange, grades, feedback.

Runs as a process of its own (``python -m mlwf.course.cycle COURSE FOLDER``), so that whoever started it can end it at
any time together with the kernels it has started. It says what it does in JSON lines on stdout; nbgrader's log goes to
stderr.
"""

import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

from mlwf.assignment.notebook import read, solutions
from mlwf.course.students import ASSIGNMENT, STUDENTS, Student

SECONDS_PER_CELL = 5
Step = tuple[str, str | None, Callable[[], None]]


class CycleError(Exception):
    """A step that failed, as one line."""


class Cycle:
    """A course in a folder of its own.

    Parameters
    ----------
    course : Path
        The course whose `source` and `nbgrader_config.py` are used; nothing in it is changed.
    folder : Path
        Where everything is put: `course`, `exchange`, and a folder for each of `students`.
    """

    def __init__(self, course: Path, folder: Path) -> None:
        self.source, self.folder = course / "source" / ASSIGNMENT, folder
        self.course = folder / "course"
        self.config = _course_config(course)
        self.config.CourseDirectory.root = str(self.course)
        self.config.CourseDirectory.course_id = "demo"
        self.config.CourseDirectory.assignment_id = ASSIGNMENT
        self.config.CourseDirectory.db_url = f"sqlite:///{self.course / 'gradebook.db'}"
        self.config.Exchange.root = str(folder / "exchange")
        self.config.ExchangeCollect.check_owner = False  # the whole class is one user of this machine
        self.config.Execute.timeout = SECONDS_PER_CELL

    def steps(self) -> Iterator[Step]:
        """What has to be done, in order: the step's name, the student it is done for, and how."""
        yield "generate", None, self._generate
        yield "release", None, partial(self._exchange, ExchangeReleaseAssignment)
        for student in STUDENTS:
            yield "fetch", student.id, partial(self._exchange, ExchangeFetchAssignment, student)
            yield "answer", student.id, partial(self._answer, student)
            yield "submit", student.id, partial(self._exchange, ExchangeSubmit, student)
        yield "collect", None, partial(self._exchange, ExchangeCollect)
        for student in STUDENTS:
            yield "autograde", student.id, partial(self._convert, Autograde, student)
        yield "generate feedback", None, partial(self._convert, GenerateFeedback)
        yield "release feedback", None, partial(self._exchange, ExchangeReleaseFeedback)
        for student in STUDENTS:
            yield "fetch feedback", student.id, partial(self._fetch_feedback, student)

    def scores(self) -> list[dict[str, Any]]:
        """What the gradebook holds for the cells that are graded by machine."""
        with self._gradebook() as gradebook:
            return [
                {"student": student.id, "question": grade.name, "score": grade.auto_score, "max": grade.max_score}
                for student in STUDENTS
                for notebook in gradebook.find_submission(ASSIGNMENT, student.id).notebooks
                for grade in notebook.grades
                if grade.cell_type == "code"
            ]

    def feedback(self) -> list[str]:
        """The feedback pages, one for each student."""
        return [str(page) for student in STUDENTS for page in self._pages(student)]

    def _generate(self) -> None:
        shutil.copytree(self.source, self.course / "source" / ASSIGNMENT)
        self._convert(GenerateAssignment)

    def _answer(self, student: Student) -> None:
        """Write the student's answers into the notebook that was fetched."""
        notebook = self._home(student) / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        written = dict(student.answers)
        if student.solves:
            written = solutions(read(self.source / notebook.name)) | written
        content = read(notebook)
        for cell in content.cells:
            answer = written.pop(cell.metadata.get("nbgrader", {}).get("grade_id"), None)
            if answer is not None:
                cell.source = answer
        if written:
            raise CycleError(f"the notebook has no cell {' and no cell '.join(sorted(written))} to answer in")
        nbformat.write(content, notebook)  # type: ignore[no-untyped-call]

    def _fetch_feedback(self, student: Student) -> None:
        self._exchange(ExchangeFetchFeedback, student)
        sent = [page.read_bytes() for page in self._pages(student)]
        got = [page.read_bytes() for page in (self._home(student) / ASSIGNMENT / "feedback").glob("*/*.html")]
        if not sent or got != sent:
            raise CycleError("the feedback did not arrive")

    def _pages(self, student: Student) -> list[Path]:
        return sorted((self.course / "feedback" / student.id / ASSIGNMENT).glob("*.html"))

    def _home(self, student: Student) -> Path:
        return self.folder / "students" / student.id

    def _convert(self, converter: type[Any], student: Student | None = None) -> None:
        config = self._config_for(student)
        converter(coursedir=CourseDirectory(config=config), config=config).start()

    def _exchange(self, action: type[Any], student: Student | None = None) -> None:
        config = self._config_for(student)
        coursedir, authenticator = CourseDirectory(config=config), Authenticator(config=config)
        action(coursedir=coursedir, authenticator=authenticator, config=config).start()

    def _config_for(self, student: Student | None) -> Config:
        """The settings of the instructor, or those of one student."""
        config = deepcopy(self.config)
        if student:
            home = self._home(student)
            home.mkdir(parents=True, exist_ok=True)
            config.CourseDirectory.student_id = student.id
            config.Exchange.assignment_dir = str(home)
            # One cache for all would hand every student everybody's feedback.
            config.Exchange.cache = str(self.folder / "caches" / student.id)
        return config

    @contextmanager
    def _gradebook(self) -> Iterator[Any]:
        with Gradebook(self.config.CourseDirectory.db_url, self.config.CourseDirectory.course_id) as gradebook:
            yield gradebook


def _course_config(course: Path) -> Config:
    """The course's own settings, without those that say where things are and who is who."""
    try:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    except ConfigFileNotFound:
        return Config()
    for elsewhere in ("CourseDirectory", "Exchange", "ExchangeFactory", "Authenticator"):
        config.pop(elsewhere, None)
    return config


class _Errors(logging.Handler):
    """Keeps what nbgrader logs as errors, for its exceptions only point at them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())

    def reason(self, error: Exception) -> str:
        """The line that says what went wrong: that of the first traceback, else the first error, else the exception."""
        tracebacks = [text for text in self.texts if text.startswith("Traceback")]
        text = (tracebacks or self.texts or [str(error)])[0].strip() or type(error).__name__
        return text.splitlines()[-1 if tracebacks else 0]


def _log_to_stderr() -> _Errors:
    errors, log = _Errors(), logging.getLogger("traitlets")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(logging.StreamHandler(sys.stderr))
    log.addHandler(errors)
    return errors


def main(course: str, folder: str) -> int:
    """Run the cycle and report to whoever started it."""
    reports = os.fdopen(os.dup(1), "w")  # kernels don't inherit it, so its end tells the reader that we have gone
    os.dup2(2, 1)  # whatever else is printed belongs to the log

    def report(**values: Any) -> None:  # noqa: ANN401 - anything that JSON can hold
        print(json.dumps(values), file=reports, flush=True)

    errors = _log_to_stderr()
    name, student = "begin", None
    try:
        cycle = Cycle(Path(course), Path(folder))
        steps = list(cycle.steps())
        for done, (name, student, action) in enumerate(steps):
            report(step=name, student=student, done=done, steps=len(steps))
            action()
        name, student = "read the gradebook", None
        report(scores=cycle.scores(), feedback=cycle.feedback())
    except Exception as error:  # the caller turns it into one line
        logging.getLogger("traitlets").error("%s failed", name, exc_info=error)
        report(failed=f"{name}{f' ({student})' if student else ''}: {errors.reason(error)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
