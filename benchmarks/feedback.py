"""Feedback pages for a class, by ``mlwf feedback`` and by ``nbgrader generate_feedback``: ``python -m benchmarks.feedback``.

A few submissions are graded by nbgrader, and copied for a class in which everybody's code and memo are their own. Both commands
then make the pages in turn, each as a whole process from start to end, and every file has to be the same to the byte. Once with
our page, once with nbgrader's. Prints a line for each run, the medians, and how many times as fast we are; by the clock, and in seconds of
the processor, which other work on the machine changes less.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from sqlalchemy import text

from mlwf.assignment.notebook import read, solutions
from mlwf.course.environment import clean_environment

ROOT = Path(__file__).parents[1]
NAME = "constraint_tax"
EXPORTERS = {"our page": "mlwf.course.feedback.FeedbackExporter", "nbgrader's page": "nbconvert.exporters.HTMLExporter"}
STOCK = (sys.executable, "-m", "nbgrader", "generate_feedback", NAME, "--log-level=ERROR")
OURS = (sys.executable, "-c", "from mlwf.cli import main; main()", "feedback", NAME, "--course", ".")


def main() -> None:
    """Measure both commands and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=200, help="how many are in the class")
    parser.add_argument("--graded", type=int, default=7, help="how many of them nbgrader grades; the others are copies")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlwf-bench-feedback-") as folder:
        course = _Course(Path(folder) / "course", Path(folder) / "home")
        _say(f"grading {chosen.graded} submissions, and copying them to {chosen.students}")
        course.fill(chosen.graded, chosen.students)
        for page, exporter in EXPORTERS.items():
            course.use(exporter)
            took: dict[str, list[tuple[float, float]]] = {"nbgrader": [], "mlwf": []}
            for number in range(chosen.rounds):
                contenders = [("nbgrader", STOCK), ("mlwf", OURS)]
                made = {}
                for name, command in contenders if number % 2 == 0 else reversed(contenders):
                    seconds, made[name] = course.make(command)
                    took[name].append(seconds)
                    _say(f"{page}, round {number + 1}, {name}: {seconds[0]:.2f} s, processor {seconds[1]:.2f} s")
                if made["nbgrader"] != made["mlwf"] or len(made["mlwf"]) < chosen.students:
                    sys.exit(f"bench-feedback: {page} differs")
            for what, which in (("by the clock", 0), ("processor", 1)):
                nbgrader, mlwf = (statistics.median(each[which] for each in took[name]) for name in took)
                _say(
                    f"{page}, {chosen.students} students, {what}: nbgrader {nbgrader:.2f} s, mlwf {mlwf:.2f} s, "
                    f"{nbgrader / mlwf:.1f} times as fast"
                )
            _say(f"{page}: all files are the same")


class _Course:
    """A course in a folder of its own."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.environment = clean_environment(home) | {"HOME": str(home), "PYTHONPATH": str(ROOT)}
        shutil.copytree(ROOT / "source", folder / "source")
        self.config = (ROOT / "nbgrader_config.py").read_text()
        self.use(EXPORTERS["our page"])

    def use(self, exporter: str) -> None:
        """Choose who makes the pages."""
        line = f'\nc.GenerateFeedback.exporter_class = "{exporter}"\n'
        (self.folder / "nbgrader_config.py").write_text(self.config + line)

    def fill(self, graded: int, students: int) -> None:
        """Have some submissions graded, and copy them until there are enough."""
        self._run((sys.executable, "-m", "nbgrader", "generate_assignment", NAME))
        answers = solutions(read(ROOT / "source" / NAME / f"{NAME}.ipynb"))
        for number in range(graded):
            notebook = read(ROOT / "release" / NAME / f"{NAME}.ipynb")
            for position, cell in enumerate(cell for cell in notebook.cells if cell.id in answers):
                # One student in seven has it all right, the others leave every seventh question out.
                if number % 7 == 0 or position % 7 != number % 7:
                    cell.source = answers[cell.id]
            self._write("submitted", _student(number), notebook)
        self._run((sys.executable, "-m", "nbgrader", "autograde", NAME))
        with (
            Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}", "constraint_tax_course") as book,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # SQLAlchemy warns of how nbgrader adds a submission
            book.db.execute(text("PRAGMA synchronous = OFF"))
            for number in range(students):
                self._copy(book, _student(number % graded), _student(number))
            book.db.commit()

    def make(self, command: tuple[str, ...]) -> tuple[tuple[float, float], Mapping[str, bytes]]:
        """Have all pages made from nothing; return the seconds by the clock and of the processor, and all files."""
        pages = self.folder / "feedback"
        shutil.rmtree(pages, ignore_errors=True)
        start, used = time.perf_counter(), _processor()
        self._run(command)
        seconds = time.perf_counter() - start, _processor() - used
        return seconds, {str(path.relative_to(pages)): path.read_bytes() for path in pages.rglob("*") if path.is_file()}

    def _copy(self, book: Gradebook, student: str, copy: str) -> None:
        notebook = nbformat.read(self.folder / "autograded" / student / NAME / f"{NAME}.ipynb", as_version=4)
        for cell in _answers(notebook):
            cell.source += f"\n# as {copy} sees it" if cell.cell_type == "code" else f"\n\nSigned: {copy}"
        if copy != student:
            book.add_student(copy)
            book.add_submission(NAME, copy)
            theirs, own = (book.find_submission_notebook(NAME, NAME, name) for name in (student, copy))
            grades = {grade.name: grade for grade in theirs.grades}
            for grade in own.grades:
                grade.auto_score = grades[grade.name].auto_score
                grade.needs_manual_grade = grades[grade.name].needs_manual_grade
        self._write("autograded", copy, notebook)

    def _write(self, step: str, student: str, notebook: nbformat.NotebookNode) -> None:
        path = self.folder / step / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # nbgrader's are for reading only
        nbformat.write(notebook, path)

    def _run(self, command: tuple[str, ...]) -> None:
        said = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if said.returncode:
            sys.exit(f"bench-feedback: {' '.join(command[2:])} failed: {said.stderr[-2000:]}")


def _answers(notebook: nbformat.NotebookNode) -> Iterator[nbformat.NotebookNode]:
    return (cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution"))


def _processor() -> float:
    """Seconds that all processes took that we have started and seen end, and those that they have started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _student(number: int) -> str:
    return f"student-{number:04}"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
