"""What the gradebook and the release know about an assignment's notebooks: the cells that the instructor made, in order."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, BaseCell, Gradebook, GradeCell, Notebook, SourceCell, TaskCell
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3
from sqlalchemy import select
from sqlalchemy.engine import Row

from mlwf.grading.course import SKIP, Course
from mlwf.grading.errors import GradingError


@dataclass(frozen=True)
class Given:
    """A cell that the instructor made, as the gradebook knows it.

    Attributes
    ----------
    name : str
        nbgrader's ``grade_id``.
    cell_type : {"code", "markdown"}
    source : str
        The instructor's version, hidden tests included; of an answer cell what students start from.
    locked, grade, solution, task : bool
    points : float or None
        None, where there are no points to be had.
    checksum : str or None
    id : str
        The cell's id in the release; empty where it has none.
    released : str
        What the students were given, without hidden tests; `source`, where there is no release.
    skipped : bool
        The instructor tagged it so that it does not run.
    """

    name: str
    cell_type: str
    source: str
    locked: bool
    grade: bool
    solution: bool
    task: bool
    points: float | None
    checksum: str | None
    id: str
    released: str
    skipped: bool


@dataclass(frozen=True)
class NotebookKey:
    """What is known about one notebook.

    Attributes
    ----------
    name : str
        Without ``.ipynb``.
    assignment : str
    kernelspec : Mapping or None
        What every submission's kernelspec becomes; None where the source named none.
    cells : Mapping
        The cells by name, in the notebook's order.
    """

    name: str
    assignment: str
    kernelspec: Mapping[str, Any] | None
    cells: Mapping[str, Given]

    def metadata(self, given: Given) -> dict[str, Any]:
        """Say what belongs under ``nbgrader`` in that cell's metadata.

        Parameters
        ----------
        given : Given

        Returns
        -------
        dict
            Its own, to be changed at will.
        """
        points = {} if given.points is None else {"points": given.points}
        return {
            "cell_type": given.cell_type,
            "checksum": given.checksum,
            "grade": given.grade,
            "grade_id": given.name,
            "locked": given.locked,
            **points,
            "schema_version": MetadataValidatorV3.schema_version,
            "solution": given.solution,
            "task": given.task,
        }


def assignment_key(
    gradebook: Gradebook, assignment: str, release: Path | None, source: Path | None
) -> dict[str, NotebookKey]:
    """Read the keys of an assignment's notebooks.

    Parameters
    ----------
    gradebook : Gradebook
    assignment : str
    release, source : Path or None
        The assignment's own folders. What is missing in both has its cells in the gradebook's order.

    Returns
    -------
    dict
        By the notebook's name, in the order of the names.

    Raises
    ------
    GradingError
        The gradebook has no such assignment, or a notebook in the folders can't be read.
    """
    # Three queries, however many cells there are: nbgrader's own relations ask once for every cell.
    notebooks = gradebook.db.execute(
        select(Notebook.id, Notebook.name, Notebook.kernelspec)
        .join(Assignment, Notebook.assignment_id == Assignment.id)
        .where(Assignment.name == assignment)
        .order_by(Notebook.name)
    ).all()
    if not notebooks:
        raise GradingError(
            f"the gradebook has no notebooks of {assignment}: run `nbgrader generate_assignment {assignment}` first"
        )
    ids = [row.id for row in notebooks]
    roles = _roles(gradebook, ids)
    cells: dict[str, list[Row[Any]]] = {notebook: [] for notebook in ids}
    table = SourceCell.__table__
    for row in gradebook.db.execute(select(table).where(table.c.notebook_id.in_(ids))):
        cells[row.notebook_id].append(row)
    return {
        row.name: NotebookKey(
            row.name,
            assignment,
            json.loads(row.kernelspec or "null") or None,
            _in_order(cells[row.id], roles[row.id], _released(row.name, release, source)),
        )
        for row in notebooks
    }


def read_keys(course: Course, assignment: str) -> dict[str, NotebookKey]:
    """Read the keys of an assignment of a course, from its own gradebook and folders; see `assignment_key`."""
    with course.open_gradebook() as gradebook:
        return assignment_key(gradebook, assignment, course.release(assignment), course.source(assignment))


@dataclass
class _Role:
    """What there is to be had for a cell."""

    grade: bool = False
    solution: bool = False
    task: bool = False
    points: float | None = None


@dataclass(frozen=True)
class _Written:
    """A cell as it stands in the release or the source."""

    id: str
    source: str | None  # None: in the source it holds the solution
    points: float | None
    skipped: bool


def _roles(gradebook: Gradebook, notebooks: list[str]) -> dict[str, dict[str, _Role]]:
    base, grade, task = BaseCell.__table__, GradeCell.__table__, TaskCell.__table__
    roles: dict[str, dict[str, _Role]] = {notebook: {} for notebook in notebooks}
    for row in gradebook.db.execute(
        select(
            base.c.notebook_id,
            base.c.name,
            base.c.type,
            grade.c.max_score.label("grade_points"),
            task.c.max_score.label("task_points"),
        )
        .select_from(base.outerjoin(grade, grade.c.id == base.c.id).outerjoin(task, task.c.id == base.c.id))
        .where(base.c.notebook_id.in_(notebooks))
    ):
        role = roles[row.notebook_id].setdefault(row.name, _Role())
        if row.type == "GradeCell":
            role.grade, role.points = True, row.grade_points
        elif row.type == "TaskCell":
            role.task, role.points = True, row.task_points
        else:
            role.solution = True
    return roles


def _in_order(
    rows: Iterable[Row[Any]], roles: Mapping[str, _Role], written: Mapping[str, _Written]
) -> dict[str, Given]:
    stored = {row.name: row for row in rows}
    order = [name for name in written if name in stored]
    order += [name for name in stored if name not in written]
    return {name: _given(stored[name], roles.get(name, _Role()), written.get(name)) for name in order}


def _given(row: Row[Any], role: _Role, written: _Written | None) -> Given:
    source = row.source or ""
    points = role.points
    if written and written.points == points:
        points = written.points  # 2 and not 2.0, as in every notebook that was handed in
    return Given(
        name=row.name,
        cell_type=row.cell_type,
        source=source,
        locked=row.locked,
        grade=role.grade,
        solution=role.solution,
        task=role.task,
        points=points,
        checksum=row.checksum,
        id=written.id if written else "",
        released=source if written is None or written.source is None else written.source,
        skipped=bool(written and written.skipped),
    )


def _released(name: str, release: Path | None, source: Path | None) -> dict[str, _Written]:
    for folder in (release, source):
        if folder is not None and (path := folder / f"{name}.ipynb").is_file():
            return dict(_written(path, is_release=folder is release))
    return {}


def _written(path: Path, *, is_release: bool) -> Iterator[tuple[str, _Written]]:
    # As plain JSON: nbformat would validate it, which takes longer than all the rest.
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for cell in cells:
            ours = cell["metadata"].get("nbgrader", {})
            if name := ours.get("grade_id"):
                text = "".join(cell["source"])
                skipped = SKIP in cell["metadata"].get("tags", ())
                yield name, _Written(cell.get("id", ""), text if is_release else None, ours.get("points"), skipped)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise GradingError(f"{path} can't be read as a notebook ({type(error).__name__}): generate it anew") from error
