"""A notebook of the assignment as a file: what stands in its cells, without running it."""

import ast
from dataclasses import dataclass
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager


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


def read(path: Path) -> nbformat.NotebookNode:
    """Return the notebook at `path`.

    Raises
    ------
    NotebookError
        There is none, or it is no notebook.
    """
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


def text_of(notebook: nbformat.NotebookNode) -> Text:
    """Return what `notebook` says."""
    code = tuple(cell.source for cell in notebook.cells if cell.cell_type == "code")
    memos = [cell.source for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "memo"]
    begins = _given_to_begin(code)
    return Text(code, memos[0] if memos else None, begins.get("course", ""), begins.get("by_hand", "note"))


def solutions(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Return what stands in the solution cells, by `grade_id`, without the lines that mark the solution."""
    marked = [(cell.metadata.get("nbgrader", {}), cell.source) for cell in notebook.cells]
    return {
        data["grade_id"]: "\n".join(line for line in text.splitlines() if not line.strip().startswith("### "))
        for data, text in marked
        if data.get("solution")
    }


def _given_to_begin(code: tuple[str, ...]) -> dict[str, str]:
    """The texts that the first call of `begin` is given by name."""
    for cell in code:
        if "begin" not in cell:
            continue
        try:
            tree = ast.parse(TransformerManager().transform_cell(cell))  # type: ignore[no-untyped-call]
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "begin":
                return {
                    given.arg: given.value.value
                    for given in node.keywords
                    if given.arg and isinstance(given.value, ast.Constant) and isinstance(given.value.value, str)
                }
    return {}
