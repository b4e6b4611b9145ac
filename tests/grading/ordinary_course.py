"""An ordinary nbgrader course, in ordinary/, and its class: built in a folder, graded by nbgrader's own command."""

import datetime
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Base, Gradebook
from sqlalchemy import create_engine, select

from mlwf.course.environment import clean_environment
from mlwf.grading.save import Graded

HERE = Path(__file__).with_name("ordinary")
ASSIGNMENT = "weather"
COURSE = "weather_101"
DUE = datetime.datetime(2026, 5, 2, 12)
BY_HAND = ("chart", "memo", "revise", "why")
ROLES: dict[str, dict[str, Any]] = {
    "given": {"locked": True},
    "answer": {"solution": True},
    "test": {"grade": True, "locked": True},
    "manual": {"grade": True, "solution": True},
    "task": {"task": True, "locked": True},
}


@dataclass(frozen=True)
class Student:
    """What one student hands in; students.toml says what the fields mean."""

    id: str
    why: str
    solves: bool = False
    timestamp: str | None = None
    notebooks: tuple[str, ...] = ("readings", "trends")
    minor: int = 5
    writes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    after: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, float] = field(default_factory=dict)

    @property
    def points(self) -> dict[str, float]:
        """The points for each test, by hand."""
        tests = {cell["id"]: cell["points"] for cell in _cells() if cell.get("role") == "test"}
        return {name: points if self.solves else 0 for name, points in tests.items()} | {
            name: points for name, points in self.marks.items() if name not in BY_HAND
        }

    def write(self, course: Path) -> None:
        """Put the submission where nbgrader collects it."""
        folder = course / "submitted" / self.id / ASSIGNMENT
        shutil.copytree(HERE / "files", folder)  # fetched with the notebooks
        for name in self.notebooks:
            self._write(course, folder, name)
        if self.timestamp:
            (folder / "timestamp.txt").write_text(self.timestamp)
        for name, content in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)

    def _write(self, course: Path, folder: Path, name: str) -> None:
        notebook = nbformat.read(course / "release" / ASSIGNMENT / f"{name}.ipynb", as_version=4)
        solutions = {cell["id"]: _solution(cell["source"]) for cell in _cells(name) if "solution" in _role(cell)}
        written = (solutions if self.solves else {}) | self.writes.get(name, {})
        for cell in list(notebook.cells):
            cell.source = written.get(cell.id, cell.source)
            if added := self.after.get(name, {}).get(cell.id):
                at = notebook.cells.index(cell) + 1
                notebook.cells.insert(at, nbformat.v4.new_code_cell(added, id=f"after-{cell.id}"))
        if self.minor < 5:
            notebook.nbformat_minor = self.minor
            for cell in notebook.cells:
                del cell["id"]
        nbformat.write(notebook, folder / f"{name}.ipynb")


def students() -> list[Student]:
    """Everybody in the class."""
    entries = tomllib.loads((HERE / "students.toml").read_text())["student"]
    return [Student(**entry | {"notebooks": tuple(entry.get("notebooks", Student.notebooks))}) for entry in entries]


class OrdinaryCourse:
    """The course, generated, in `folder`.

    Parameters
    ----------
    folder : Path
        An empty folder.
    url : str, optional
        Where the gradebook is, if not in the folder.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.url = url or f"sqlite:///{folder / 'gradebook.db'}"
        home = folder.with_name(f"{folder.name}-home")
        self.environment = {
            name: value for name, value in clean_environment(home).items() if name != "PYTHONWARNINGS"
        } | {"HOME": str(home)}

    def build(self) -> None:
        """Write the source, and generate."""
        source = self.folder / "source" / ASSIGNMENT
        shutil.copytree(HERE / "files", source)
        for name in ("nbgrader_config.py", "late.py"):
            shutil.copy(HERE / name, self.folder)
        for notebook in _notebooks():
            nbformat.write(_source(notebook["cell"]), source / f"{notebook['name']}.ipynb")
        self.generate()

    def generate(self) -> None:
        """Have nbgrader make the release and the gradebook of the source."""
        self.nbgrader("generate_assignment", ASSIGNMENT)
        with self.gradebook() as gradebook:
            gradebook.update_or_create_assignment(ASSIGNMENT, duedate=DUE)

    def hand_in(self, chosen: Iterable[Student]) -> None:
        """Put submissions where nbgrader looks for them."""
        for student in chosen:
            student.write(self.folder)

    def copy(self, folder: Path) -> "OrdinaryCourse":
        """Make another course out of this one as it is now."""
        shutil.copytree(self.folder, folder)
        return OrdinaryCourse(folder)

    def nbgrader(self, *arguments: str) -> None:
        """Call nbgrader as its manual says."""
        said = self.run("nbgrader", *arguments)
        assert said.returncode == 0, said.stderr[-3000:]

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call a command of this environment in the course's folder."""
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )

    def gradebook(self) -> Gradebook:
        """Open the gradebook."""
        return Gradebook(self.url, COURSE)

    def rows(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Everything in the gradebook, each row under a name that does not depend on the ids drawn for it."""
        engine = create_engine(self.url)
        names: dict[tuple[str, Any], tuple[Any, ...]] = {}
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        with engine.connect() as connection:
            for table in Base.metadata.sorted_tables:
                for row in connection.execute(select(table)).mappings():
                    name = _name_of(table, row, names)
                    assert name not in rows, name
                    if "id" in row:
                        names[table.name, row["id"]] = name
                    rows[name] = {
                        column.name: row[column.name]
                        for column in table.columns
                        if column.name != "id" and not column.foreign_keys
                    }
        engine.dispose()
        return rows

    def autograded(self, student: str) -> dict[str, tuple[int, bytes]]:
        """Mode and content of everything in a graded submission; of folders the mode only."""
        folder = self.folder / "autograded" / student / ASSIGNMENT
        return {
            path.relative_to(folder.parent).as_posix(): (
                path.stat().st_mode,
                b"" if path.is_dir() else path.read_bytes(),
            )
            for path in [folder, *folder.rglob("*")]
        }

    def notebook(self, student: str, name: str) -> NotebookNode:
        """A graded notebook, without what says when its cells ran."""
        path = self.folder / "autograded" / student / ASSIGNMENT / f"{name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
        return notebook


def _name_of(table: Any, row: Mapping[str, Any], names: Mapping[tuple[str, Any], tuple[Any, ...]]) -> tuple[Any, ...]:
    """The names of the rows that a row refers to, its own and its kind."""
    parents = [names[key.column.table.name, row[key.parent.name]] for key in sorted(table.foreign_keys, key=str)]
    drawn = re.fullmatch(r"[0-9a-f]{32}", str(row.get("id", "")))
    own = row.get("name", None if drawn else row.get("id"))
    return (table.name, *parents, own, row.get("type"))


@cache
def _notebooks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((HERE / "notebooks.toml").read_text())["notebook"]
    return found


def _cells(name: str = "") -> list[dict[str, Any]]:
    return [cell for notebook in _notebooks() for cell in notebook["cell"] if notebook["name"] == name or not name]


def _role(cell: Mapping[str, Any]) -> dict[str, Any]:
    return ROLES.get(cell.get("role", ""), {})


def _source(cells: Iterable[Mapping[str, Any]]) -> NotebookNode:
    notebook = nbformat.v4.new_notebook()
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    for cell in cells:
        new = nbformat.v4.new_markdown_cell if cell.get("type") == "markdown" else nbformat.v4.new_code_cell
        tags = {"tags": cell["tags"]} if "tags" in cell else {}
        notebook.cells.append(made := new(cell["source"], id=cell["id"], metadata=tags))
        if role := _role(cell):
            points = {"points": cell["points"]} if "points" in cell else {}
            flags = {"grade": False, "solution": False, "locked": False, "task": False} | role
            made.metadata.nbgrader = {"grade_id": cell["id"], "schema_version": 3} | flags | points
    return notebook


def _solution(source: str) -> str:
    return re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", source, flags=re.MULTILINE).rstrip()


def ungraded(folder: Path) -> OrdinaryCourse:
    """The course before anybody is graded."""
    course = OrdinaryCourse(folder)
    course.build()
    course.hand_in(students())
    return course


def stock(course: OrdinaryCourse, folder: Path) -> OrdinaryCourse:
    """The course, graded by nbgrader."""
    graded = course.copy(folder)
    graded.nbgrader("autograde", ASSIGNMENT)
    return graded


def as_graded(course: OrdinaryCourse, whose: str, **changes: Any) -> Graded:
    """What nbgrader made of a submission, as if we had run it."""
    folder = course.folder / "autograded" / whose / ASSIGNMENT
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in folder.glob("*.ipynb")}
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".ipynb"
    }
    timestamp = files["timestamp.txt"].decode() if "timestamp.txt" in files else None
    return Graded(**{"student": whose, "timestamp": timestamp, "notebooks": notebooks, "files": files} | changes)


def grade_by_hand(course: OrdinaryCourse) -> None:
    """Do what a person does between two runs of the grader."""
    with course.gradebook() as gradebook:
        for cell, notebook, student, points in (
            ("memo", "readings", "ada", 4.0),
            ("mean-test", "readings", "fay", 1.5),
            ("revise", "readings", "cleo", 2.0),
            ("why", "trends", "ivo", 0.25),
        ):
            grade = gradebook.find_grade(cell, notebook, ASSIGNMENT, student)
            grade.manual_score = points
            grade.needs_manual_grade = False
        gradebook.find_grade("slope-test", "trends", ASSIGNMENT, "dora").extra_credit = 0.5
        gradebook.find_comment("memo", "readings", ASSIGNMENT, "ada").manual_comment = "Well put."
        gradebook.find_submission_notebook("readings", ASSIGNMENT, "cleo").flagged = True
        gradebook.db.commit()
        gradebook.grant_extension(ASSIGNMENT, "dora", hours=1)
        gradebook.grant_extension(ASSIGNMENT, "emil", days=30)


AGAIN = ("ada", "fay", "cleo", "ivo", "dora", "emil")
