"""A notebook of the assignment as a file: what stands in its cells, without running it."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlwf.assignment.parsing import parsed

if TYPE_CHECKING:
    from nbformat import NotebookNode


class NotebookError(Exception):
    """What keeps a file from being read as a notebook, as one line."""


@dataclass(frozen=True)
class Text:
    """What a notebook says.

    Attributes
    ----------
    code : tuple of str
        Sources of the code cells, in order.
    memo : str or None
        The memo; None if its cell is gone.
    course : str
        The course's key that `begin` is given; empty without one.
    by_hand : str
        The policy that `begin` is given.
    """

    code: tuple[str, ...]
    memo: str | None
    course: str
    by_hand: str


def read(path: Path) -> "NotebookNode":
    """Return the notebook at `path`.

    Raises
    ------
    NotebookError
        There is none, or it is no notebook.
    """
    import nbformat  # takes longer to load than all that a student's kernel needs

    try:
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call,no-any-return]
    except FileNotFoundError:
        raise NotebookError(f"there is no notebook {path}") from None
    except OSError as error:
        raise NotebookError(f"{path} can't be read: {error.strerror}") from None
    except Exception as error:  # noqa: BLE001 - nbformat raises whatever its parts do
        raise NotebookError(f"{path} is no Jupyter notebook: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:120]


def text_of(notebook: "NotebookNode") -> Text:
    """Return what `notebook` says."""
    code = tuple(cell.source for cell in notebook.cells if cell.cell_type == "code")
    memos = [cell.source for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "memo"]
    begin = arguments_of_begin(code) or {}
    return Text(
        code,
        memos[0] if memos else None,
        literal(begin.get("course")) or "",
        literal(begin.get("by_hand")) or "note",
    )


def solutions(notebook: "NotebookNode") -> dict[str, str]:
    """Return what stands in the solution cells, by `grade_id`, without the lines that mark the solution."""
    marked = [(cell.metadata.get("nbgrader", {}), cell.source) for cell in notebook.cells]
    return {
        data["grade_id"]: "\n".join(line for line in text.splitlines() if not line.strip().startswith("### "))
        for data, text in marked
        if data.get("solution")
    }


def arguments_of_begin(code: Iterable[str]) -> dict[str, ast.expr] | None:
    """Return what the first call of `begin` is given, by name; None if there is none."""
    for tree in map(parsed, (cell for cell in code if "begin" in cell)):
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "begin":
                given = dict(zip(("course", "student", "by_hand"), node.args, strict=False))
                return given | {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    return None


def literal(expression: ast.expr | None) -> str | None:
    """Return the text that stands there as such; None if it is anything else, or missing."""
    is_text = isinstance(expression, ast.Constant) and isinstance(expression.value, str)
    return expression.value if is_text else None  # type: ignore[union-attr]
