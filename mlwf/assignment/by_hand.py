"""What of the reference package a notebook's cells use beyond what they are given: seen in the text, without running it.

A terminal, another notebook, or a text that is put together and run, can't be seen; the docs say so.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from mlwf.assignment.parsing import parsed

#: What the released cells import.
GIVEN = frozenset({"begin", "check", "progress"})
MOST = 300_000  # characters of all cells
LONGEST, MANY = 200, 50  # characters of a text, and texts, that somebody will read
_PACKAGE = re.compile(r"\bmlwf\b")
#: Functions that can import or run what their text names.
_RUNNERS = frozenset(
    {"system", "getoutput", "run_line_magic", "run_cell_magic", "run", "Popen", "call", "check_call", "check_output", "popen",
     "import_module", "__import__", "exec", "eval", "run_module", "run_path", "find_spec"}
)  # fmt: skip
#: Without one of these in its text a cell uses nothing, and need not be parsed.
_SIGNS = ("mlwf", *sorted(name for name in _RUNNERS if not any(other in name for other in _RUNNERS - {name})))


def uses(cells: Iterable[str]) -> list[str]:
    """Return what the cells use of `mlwf` beyond the given functions, each once, as a short text; no more than fifty.

    Parameters
    ----------
    cells : iterable of str
        Sources of code cells, magics and shell lines included; one that does not parse uses nothing.
    """
    perhaps = affordable(cell for cell in cells if _may_use(cell))
    found = dict.fromkeys(use[:LONGEST] for cell in perhaps for use in _uses(cell))
    return [use.encode(errors="backslashreplace").decode() for use in islice(found, MANY)]


def _may_use(cell: str) -> bool:
    # Python reads some letters as others, so that mlwf can be written without one of ASCII.
    return not cell.isascii() or any(sign in cell for sign in _SIGNS)


def affordable(cells: Iterable[str]) -> Iterator[str]:
    """Yield those of the cells that can be parsed without anybody having to wait for it: no more than a long notebook has."""
    left = MOST
    for cell in cells:
        if len(cell) <= left:
            left -= len(cell)
            yield cell


def _uses(cell: str) -> Iterator[str]:
    tree = parsed(cell)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            yield from (f"import {alias.name}" for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_ours(node.module or ""):
            names = [alias.name for alias in node.names if node.module != "mlwf.assignment" or alias.name not in GIVEN]
            if names:
                yield f"from {node.module} import {', '.join(names)}"
        elif isinstance(node, ast.Call) and _name(node.func) in _RUNNERS:
            texts = [
                part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            yield from (text.strip()[:60] for text in texts if _PACKAGE.search(text))


def _is_ours(module: str) -> bool:
    return module == "mlwf" or module.startswith("mlwf.")


def _name(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
