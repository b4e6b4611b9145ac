"""How fast a class is graded: ``python -m benchmarks.grade``, from the project's root, with the extras lab and course.

Both sides are whole commands, start-up included, on the same class and a fresh gradebook: `nbgrader autograde` as nbgrader comes,
in kernels, on the first of the class, and `mlwf grade`, sealed, on all of it. The rounds alternate. The marks that both have
given are compared cell by cell. Then it is shown where the time of one submission goes, beside a bare sealed fork.
"""

import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import click
import nbformat

from mlwf.assignment.notebook import read, solutions
from mlwf.course.environment import clean_environment
from mlwf.course.students import ASSIGNMENT, STUDENTS
from mlwf.grading.course import Course
from mlwf.grading.execute import Rules, execute
from mlwf.grading.grade import Grader
from mlwf.grading.key import read_keys
from mlwf.grading.mend import mend
from mlwf.grading.save import Graded, Saver, stage
from mlwf.grading.submission import read_files

ROOT = Path(__file__).parents[1]
#: An endless loop would only measure the time limit.
KINDS = [student for student in STUDENTS if student.id != "endless"]
STOCK = """
for name in ("exporter_class", "sanitize_preprocessors", "autograde_preprocessors"):
    del c.Autograde[name]
"""
MARKS = """
    SELECT student_id, base_cell.name, auto_score, needs_manual_grade FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
"""


@click.command()
@click.option("--stock", "few", type=click.IntRange(1), default=20, show_default=True, help="Submissions for nbgrader.")
@click.option(
    "--class", "many", type=click.IntRange(1), default=200, show_default=True, help="Submissions for mlwf grade."
)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
def main(few: int, many: int, rounds: int) -> None:
    """Time nbgrader autograde and mlwf grade in turns, and compare their marks."""
    with tempfile.TemporaryDirectory(prefix="bench-grade-") as place:
        ours, theirs = Path(place, "mlwf"), Path(place, "nbgrader")
        _make_course(ours, many)
        _make_course(theirs, few)
        with (theirs / "nbgrader_config.py").open("a") as config:
            config.write(STOCK)
        ratios = []
        for number in range(rounds):
            slow = _timed(theirs, [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, "--log-level=ERROR"])
            fast = _timed(ours, [sys.executable, "-m", "mlwf", "grade", ASSIGNMENT, "--json"])
            different = _differences(theirs, ours)
            ratios.append((many / fast) / (few / slow))
            click.echo(
                f"round {number + 1}: nbgrader autograde {few} in {slow:.1f} s ({few / slow:.2f}/s), "
                f"mlwf grade {many} in {fast:.1f} s ({many / fast:.1f}/s), ratio {ratios[-1]:.0f}, "
                f"marks {'equal' if not different else 'DIFFERENT: ' + ', '.join(different)}"
            )
        click.echo(f"median ratio {statistics.median(ratios):.0f}")
        _parts(ours)


def _make_course(folder: Path, size: int) -> None:
    """Make a course with submissions of all kinds by turns, and keep its gradebook as it is before grading."""
    shutil.copytree(ROOT / "source", folder / "source")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    _run(folder, [sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT])
    shutil.copy(folder / "gradebook.db", folder / "ungraded.db")
    name = f"{ASSIGNMENT}.ipynb"
    solved = solutions(read(folder / "source" / ASSIGNMENT / name))
    for number, kind in enumerate(islice(cycle(KINDS), size)):
        notebook = read(folder / "release" / ASSIGNMENT / name)
        written = (solved if kind.solves else {}) | dict(kind.answers)
        for cell in notebook.cells:
            cell.source = written.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
        path = folder / "submitted" / f"s{number:04}" / ASSIGNMENT / name
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def _run(folder: Path, command: list[str]) -> int:
    environment = clean_environment(folder / "home")
    said = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if said.returncode not in (0, 1):
        sys.exit(f"{' '.join(command[1:])} failed: {said.stderr[-500:]}")
    return said.returncode


def _timed(folder: Path, command: list[str]) -> float:
    shutil.rmtree(folder / "autograded", ignore_errors=True)
    shutil.copy(folder / "ungraded.db", folder / "gradebook.db")
    start = time.perf_counter()
    _run(folder, command)
    return time.perf_counter() - start


def _differences(theirs: Path, ours: Path) -> list[str]:
    """Name the students whose marks are not the same in both, cell by cell."""
    rows = []
    for folder in (theirs, ours):
        with sqlite3.connect(folder / "gradebook.db") as gradebook:
            rows.append({row[:2]: row[2:] for row in gradebook.execute(MARKS)})
    if not rows[0]:
        return ["nothing was graded"]
    return sorted({student for (student, cell), marks in rows[0].items() if rows[1].get((student, cell)) != marks})


class _Clock:
    """Keeps how many milliseconds each step took."""

    def __init__(self, took: dict[str, list[float]]) -> None:
        self._took = took

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._took.setdefault(step, []).append(1000 * (time.perf_counter() - start))


def _parts(folder: Path) -> None:
    """Print the milliseconds of each step of grading one submission, by itself, and of a bare sealed fork."""
    course = Course(folder)
    shutil.copy(folder / "ungraded.db", folder / "gradebook.db")
    with course.open_gradebook() as gradebook:
        keys = read_keys(course, ASSIGNMENT)
        key = keys[ASSIGNMENT]
        rules = Rules(course.cell_seconds, course.timeout_error)
        took: dict[str, list[float]] = {}
        clock = _Clock(took)
        with Grader(course, keys, {}) as grader:
            grader.wait()
            sandbox, examiner = grader.sandbox_of(ASSIGNMENT), grader.papers[ASSIGNMENT].examiner
            saver = Saver(course, gradebook, ASSIGNMENT)
            staged = []
            for student in course.students(ASSIGNMENT)[:60]:
                with clock("a bare sealed fork"), sandbox.session("nobody", ASSIGNMENT) as session:
                    session.values(())
                with clock("read the folder"):
                    files = read_files(course.submitted(ASSIGNMENT, student), course.ignored)
                with clock("mend"):
                    mended = mend(files.notebooks[ASSIGNMENT], key)
                with clock("fork, run and mark"), sandbox.session(student, ASSIGNMENT) as session:
                    execute(mended.notebook, session, examiner, student, rules)
                with clock("write autograded"):
                    staged.append(
                        stage(Graded(student, files.timestamp, {ASSIGNMENT: mended.notebook}), course, ASSIGNMENT)
                    )
            with clock("gradebook, for all of them"):
                saver.save(staged)
    for step, times in took.items():
        click.echo(f"{step}: {statistics.median(times):.1f} ms")


if __name__ == "__main__":
    main()
