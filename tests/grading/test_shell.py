"""Which cells are left as they are: only those that IPython would leave as they are, too."""

import nbformat
import pytest
from corpus import NAME, ROOT, SOLUTIONS
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from mlwf.grading.inside.shell import is_plain

PIECES = st.sampled_from(
    ["x", "y.z", " ", "  ", "\n", "\n    ", "= ", "== ", "(", ")", "[", "]", "'a'", '"""', "#", "%", "%%", "!", "!!", "?", "??",
     ">>> ", "... ", "In [1]: ", "/", ",", ";", "\\\n", "def f():", "return ", "if x:", "1", "%time ", "ls", "cd ..", "\t", "\r\n", "\x0c"]
)  # fmt: skip


def by_ipython(cell):
    return TransformerManager().transform_cell(cell)


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_a_plain_cell_is_what_ipython_makes_of_it(cell):
    """Whatever a cell is put together from, is it never taken for plain where IPython would change it?"""
    if is_plain(cell):
        assert by_ipython(cell) == (cell if cell.endswith("\n") else f"{cell}\n")


@pytest.mark.parametrize(
    "text",
    [
        "ls",
        "exit",
        "pwd\n",
        "f 1",
        "?x",
        "x?",
        "%time x",
        "!ls",
        "%%bash\nls",
        " x = 1",
        ">>> x = 1\n>>> y",
        "x == y",
        "",
    ],
)
def test_what_may_be_a_command_is_left_to_ipython(text):
    """Is a line that may be a command, even one without a sign, never taken for plain?"""
    assert not is_plain(text)


def test_the_assignments_cells_are_plain():
    """Does the shortcut serve: are most cells of the assignment, as handed out and as solved, plain?"""
    notebook = nbformat.read(ROOT / "release" / NAME, as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    texts = [text for text in (*cells, *SOLUTIONS.values()) if text and not text.startswith(("check(", "*"))]
    assert sum(map(is_plain, texts)) > 0.8 * len(texts)
