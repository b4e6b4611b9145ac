"""The syntax tree of a cell, magics and shell lines included, without running it and without IPython.

The grader looks at the text of whatever is handed in, and nobody should hold up the class by it: IPython's own way takes seconds
for a cell of a few hundred shell lines, and Python's parser a second for a megabyte.
"""

import ast
import re
import warnings

LONGEST = 100_000  # characters of a cell that somebody writes
_CELL_MAGIC = re.compile(r"\s*%%(\w+)(.*)\n?((?s:.*))\Z")
_LINE = re.compile(r"^([ \t]*+)(?:[^=\n'\"#!%]*+=[ \t]*+)?+(!!?|%)((?:[^\\\n]|\\[\s\S])*+\\?)$", re.MULTILINE)
_HELP = re.compile(r"^([ \t]*+)(?:\?.*|[^\n'\"#]*\?)[ \t]*$", re.MULTILINE)


def parsed(cell: str) -> ast.Module | None:
    """Return the tree of a cell's source; None if it is no Python, or far too long.

    A magic or a shell line becomes the call that IPython makes of it, such as ``system("ls")``.
    """
    return None if len(cell) > LONGEST else _tree(cell) or _tree(_without_magics(cell))


def _tree(source: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd escapes in a student's text are the student's
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _without_magics(cell: str) -> str:
    if found := _CELL_MAGIC.match(cell):
        name, line, body = found.groups()
        return f"run_cell_magic({name!r}, {line.strip()!r}, {body!r})"
    return _HELP.sub(r"\1pass", _LINE.sub(_called, cell))


def _called(line: re.Match[str]) -> str:
    indent, mark, said = line.groups()
    said = said.replace("\\\n", " ")
    if mark != "%":
        return f"{indent}system({said.strip()!r})"
    name, _, rest = said.strip().partition(" ")
    return f"{indent}run_line_magic({name!r}, {rest.strip()!r})"
