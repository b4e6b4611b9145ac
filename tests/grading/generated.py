"""What nbgrader itself makes of a submitted notebook before it runs it, and a small course to try it with."""

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.nbgraderformat import MetadataValidator

from mlwf.course.environment import clean_environment
from mlwf.grading.key import NotebookKey, assignment_key

HIDDEN = "### BEGIN HIDDEN TESTS\nassert double(21) == 42\n### END HIDDEN TESTS"

VALIDATOR = MetadataValidator()


class Generated:
    """An assignment of one notebook, as ``nbgrader generate_assignment`` left it.

    Parameters
    ----------
    folder : Path
        The course.
    name : str
        Of the assignment and of its notebook.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.url = f"sqlite:///{folder / 'gradebook.db'}"
        self.released = (folder / "release" / name / f"{name}.ipynb").read_bytes()
        with Gradebook(self.url) as gradebook:
            keys = assignment_key(gradebook, name, folder / "release" / name, folder / "source" / name)
        self.key: NotebookKey = keys[name]

    def sanitized(self, content: bytes) -> dict[str, Any]:
        """Return the notebook as nbgrader would run it."""
        notebook = nbformat.reads(content.decode(), as_version=4)
        resources = {"nbgrader": {"notebook": self.name, "assignment": self.name, "db_url": self.url}}
        for preprocessor in Autograde.sanitize_preprocessors.default_args[0]:
            notebook, resources = preprocessor().preprocess(notebook, resources)
        return as_written(notebook)

    def document(self) -> dict[str, Any]:
        """Return what was given out, as plain data to be changed."""
        return deepcopy(json.loads(self.released))


def as_written(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Return what stands in the file."""
    return json.loads(nbformat.writes(notebook))


def check(notebook: nbformat.NotebookNode, key: NotebookKey) -> None:
    """Check all that grading takes for granted about a mended notebook."""
    before = as_written(notebook)
    nbformat.validate(notebook)
    VALIDATOR.validate_nb(notebook)
    assert as_written(notebook) == before, "nbformat has to repair it"
    nbformat.writes(notebook).encode()
    names = [cell.metadata.nbgrader.get("grade_id") for cell in notebook.cells if "nbgrader" in cell.metadata]
    names = [name for name in names if name]
    assert sorted(names) == sorted(key.cells)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        given = key.cells.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if given:
            assert cell.cell_type == given.cell_type
            if given.locked:
                assert cell.source == given.source
            # nbgrader leaves it as it is, if these two are missing or a test is not said to be locked.
            found = {"task": False, "cell_type": given.cell_type} | cell.metadata.nbgrader | {"locked": given.locked}
            made = {name: value for name, value in key.metadata(given).items() if value is not None}
            assert found == made


def _marked(grade_id: str, **roles: Any) -> dict[str, Any]:
    data = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": data | {"grade_id": grade_id} | roles}


def small_source() -> nbformat.NotebookNode:
    """Return a notebook with a cell of every sort that nbgrader knows."""
    cells = [
        new_markdown_cell("# A small problem set", metadata=_marked("title", locked=True)),
        new_code_cell("import math", metadata=_marked("imports", locked=True)),
        new_code_cell("# scratch", metadata=_marked("left-over", points=None)),
        new_code_cell(
            "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
            metadata=_marked("double", solution=True),
        ),
        new_code_cell(
            f"assert double(1) == 2\n{HIDDEN}", metadata=_marked("test-double", grade=True, locked=True, points=2)
        ),
        new_code_cell("double(3)"),
        new_markdown_cell("Why?", metadata=_marked("why", grade=True, solution=True, points=3)),
        new_markdown_cell("Draw something.", metadata=_marked("draw", task=True, locked=True, points=1.5)),
        new_markdown_cell("The end", metadata=_marked("end", locked=True)),
    ]
    del cells[2].metadata.nbgrader["points"]
    names = ("title", "imports", "left-over", "double", "test-double", "free", "why", "draw", "end")
    for cell, name in zip(cells, names, strict=True):
        cell.id = f"id-{name}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def generate_small(folder: Path) -> Generated:
    """Make a course with the small notebook in an empty folder."""
    path = folder / "source" / "small" / "small.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(small_source(), path)
    home = folder / "home"
    said = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "small", "--course-dir", str(folder)],
        cwd=folder,
        env=clean_environment(home) | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert said.returncode == 0, said.stderr
    return Generated(folder, "small")
