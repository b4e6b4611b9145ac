"""nbgrader's own doors: with these in `nbgrader_config.py`, `nbgrader autograde` and formgrader's button grade as `mlwf grade` does.

    c.Autograde.exporter_class = "mlwf.grading.doors.Submission"
    c.Autograde.sanitize_preprocessors = ["nbgrader.preprocessors.CheckCellMetadata"]
    c.Autograde.autograde_preprocessors = ["mlwf.grading.doors.RunSealed", …]  # in place of Execute

nbgrader's loop stays as it is: one submission after the other. It is given copies of what was handed in, of plain files only.
"""

import atexit
import fnmatch
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor

from mlwf.grading.course import Course
from mlwf.grading.errors import GradingError
from mlwf.grading.grade import Grader, add_note
from mlwf.grading.key import NotebookKey, read_keys
from mlwf.grading.mend import mend
from mlwf.grading.submission import NOTEBOOK, assign, read_submission, shown, without, write_files

IDLE_SECONDS = 60.0  # after that a server like formgrader's keeps no sandbox
Resources = Mapping[str, Any]


class Submission(NotebookExporter):
    """Reads what a student has handed in, whatever it is, and puts the instructor's cells back."""

    def __init__(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401 - its base's
        super().__init__(*arguments, **more)  # type: ignore[no-untyped-call]
        self._keys: Mapping[str, NotebookKey] = {}
        self._handed_in: Mapping[str, bytes | None] = {}
        self._flags: tuple[str, ...] = ()
        if isinstance(self.parent, Autograde):
            # nbgrader makes an exporter when it has looked who there is, and before it goes through them.
            self._convert, self.parent.convert_notebooks = self.parent.convert_notebooks, self._one_by_one

    def _one_by_one(self) -> None:
        """Let nbgrader convert one student's notebooks after the other's, so that what stops it stops nobody else's."""
        directory: Any = self.parent.coursedir  # type: ignore[union-attr]
        assignment, asked, submitted = directory.assignment_id, directory.student_id, directory.submitted_directory
        failed = []
        try:
            course = Course(Path(directory.root), self.config)
            if not str(directory.directory_structure).startswith("{nbgrader_step}"):
                raise GradingError(
                    "its folders are not sorted by nbgrader's steps first (c.CourseDirectory.directory_structure); use mlwf grade"
                )
            course.directory.student_id = "*"
            self._keys, given = read_keys(course, assignment), course.given_files(assignment)
            everybody = course.students(assignment)
            for student in [asked] if asked in everybody else fnmatch.filter(everybody, asked):
                with TemporaryDirectory(prefix="mlwf-submitted-") as folder:
                    directory.submitted_directory = folder
                    try:
                        self._convert_copy(course, student, given)
                    except NbGraderException:
                        failed.append(shown(student))
        except GradingError as error:
            failed.append(f"{assignment} ({error})")
        finally:
            directory.submitted_directory = submitted
        if failed:
            self.log.error("Not graded: %s", ", ".join(failed))
            raise NbGraderException(failed)

    def _convert_copy(self, course: Course, student: str, given: Mapping[str, bytes]) -> None:
        """Let nbgrader convert a copy of plain files: it would follow links, wait at pipes and copy what is far too large."""
        converter: Any = self.parent
        directory = converter.coursedir
        files = read_submission(course, directory.assignment_id, student)
        self._handed_in, renamed = assign(files, self._keys)
        self._flags = (*files.flags, *renamed)
        copy = Path(directory.format_path(directory.submitted_directory, student, directory.assignment_id))
        # Of notebooks nbgrader asks whether they are there; what is in them has been read.
        names = [f"{name}{NOTEBOOK}" for name in self._handed_in or self._keys]
        write_files(copy, {**without(files.others, given), **dict.fromkeys(names, b"")})
        asked = fnmatch.filter(names, f"{directory.notebook_id}{NOTEBOOK}")
        converter.assignments = {str(copy): [str(copy / name) for name in asked]} if asked else {}
        self._convert()

    def from_filename(self, filename: str, resources: Any = None, **more: Any) -> Any:  # noqa: ANN401 - nbconvert's own
        """Export a notebook; one in `submitted` is mended first."""
        converter: Any = self.parent
        if not Path(filename).is_relative_to(converter.coursedir.submitted_directory):
            return super().from_filename(filename, resources=resources, **more)
        about = resources["nbgrader"]
        key = self._keys[about["notebook"]]
        mended = mend(self._handed_in.get(about["notebook"]), key)
        flags = (*self._flags, *mended.flags)
        for flag in flags:
            self.log.warning("%s: %s", about["student"], flag)
        add_note(mended.notebook, flags)
        return self.from_notebook_node(mended.notebook, resources=resources, **more)  # type: ignore[no-untyped-call]


class RunSealed(NbGraderPreprocessor):  # type: ignore[misc]
    """Runs a notebook behind the walls instead of in a kernel, and marks outside what can be marked outside."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Fill in the outputs."""
        about = resources["nbgrader"]
        assignment, student, name = about["assignment"], about["student"], about["notebook"]
        course = Course(Path(self.parent.parent.coursedir.root), self.config)
        given = course.given_files(assignment)
        grader, left = _graders.get(course, assignment, given)
        others = dict(read_submission(course, assignment, student).others)
        for whose in [whose for whose in left if whose[0] != student or whose[1] >= name]:
            del left[whose]  # somebody else's, or of an earlier grading
        for before in left.values():
            others = {**without(others, before), **before}
        beside, too_large = grader.beside(others)
        said, found = grader.run(nb, name, student, beside)
        flags = (*too_large, *said)
        left[student, name] = found
        for flag in flags:
            self.log.warning("%s: %s", student, flag)
        if add_note(nb, flags):
            _flag(course, assignment, name, student)
        _leave(course.autograded(assignment, student), found)
        return nb, resources


def _flag(course: Course, assignment: str, name: str, student: str) -> None:
    """Set formgrader's flag on a notebook."""
    with course.open_gradebook() as gradebook:
        gradebook.find_submission_notebook(name, assignment, student).flagged = True
        gradebook.db.commit()


def _leave(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files that cells have written where a kernel would have left them."""
    for name, content in files.items():
        path = folder / name
        with suppress(OSError):  # there is a folder where a file was written, or a file where a folder
            if path.parent.resolve().is_relative_to(folder.resolve()):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.unlink(missing_ok=True)
                path.write_bytes(content)


class _Graders:
    """The grader that was used last, kept for a while: nbgrader comes with one notebook at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._for: tuple[Any, ...] | None = None
        self._grader: Grader | None = None
        self._left: dict[tuple[str, str], dict[str, bytes]] = {}
        self._timer: threading.Timer | None = None
        atexit.register(self.close)

    def get(
        self, course: Course, assignment: str, given: Mapping[str, bytes]
    ) -> tuple[Grader, dict[tuple[str, str], dict[str, bytes]]]:
        """Return a grader for an assignment as it is now, and what cells have left behind, by student and notebook."""
        keys = read_keys(course, assignment)
        wanted = (course.root, course.config, assignment, keys, given)
        with self._lock:
            if self._grader is None or self._for != wanted:
                self._close()
                grader = Grader(course, keys, given)
                grader.__enter__()
                try:
                    grader.wait()
                except BaseException:
                    grader.close()
                    raise
                self._for, self._grader, self._left = wanted, grader, {}
            self._grader.mend_sandboxes()
            self._restart_timer()
            return self._grader, self._left

    def close(self) -> None:
        """End the sandboxes."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._grader:
            self._grader.close()
        self._grader = self._for = self._timer = None

    def _restart_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = threading.Timer(IDLE_SECONDS, self.close)
        self._timer.daemon = True
        self._timer.start()


_graders = _Graders()
