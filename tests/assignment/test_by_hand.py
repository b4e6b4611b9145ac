"""What a notebook uses of the package beyond the given cells, seen in its text."""

import time

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from mlwf.assignment.by_hand import MOST, uses
from mlwf.assignment.parsing import LONGEST, parsed

USED = {
    "from mlwf.model import sunk_days, catch": "from mlwf.model import sunk_days, catch",
    "from mlwf.assignment import begin, own_case": "from mlwf.assignment import own_case",
    "if x:\n    import mlwf.model as m": "import mlwf.model",
    "import math, mlwf": "import mlwf",
    "import ｍlwf": "import mlwf",  # to Python the same name
    "!mlwf case ada --solution": "mlwf case ada --solution",
    "said = !mlwf cost 5": "mlwf cost 5",
    "for n in (1, 2):\n    !mlwf cost $n": "mlwf cost $n",
    "!!mlwf cost a=b": "mlwf cost a=b",
    "!python -c \\\n  'import mlwf'": "python -c    'import mlwf'",
    "%run -m mlwf cost 5": "-m mlwf cost 5",
    "x = %system mlwf cost 5": "mlwf cost 5",
    "%%bash\nmlwf cost 5": "mlwf cost 5",
    "%%time\nfrom mlwf import model": "from mlwf import model",
    "math?\n!mlwf cost 5": "mlwf cost 5",
    "subprocess.run(['mlwf', 'cost', '5'])": "mlwf",
    "eval('ml' 'wf.model')": "mlwf.model",
    "exec('import \\x6dlwf')": "import mlwf",
    "__import__('mlwf.model')": "mlwf.model",
}
NOTHING = [
    "from mlwf.assignment import begin, check, progress",
    "import mlwfit",
    "text = 'import mlwf'",
    "# import mlwf",
    "print('mlwf')",
    "from .mlwf import model",
    "import mlwf +",
    "!mlwf\nx = = 1",
    "%matplotlib inline",
    "7 % 2 == 1",
    "",
    "\0mlwf",
]


@pytest.mark.parametrize("cell", USED)
def test_what_is_used_is_named(cell):
    """Is it found in imports, magics, shell lines, and texts that are run?"""
    assert uses([cell, "x = 1", cell]) == [USED[cell]]


@pytest.mark.parametrize("cell", NOTHING)
def test_nothing_else_is_taken_for_a_use(cell):
    """Is what is given, only spoken of, or no Python, not held against anybody?"""
    assert uses([cell]) == []


@pytest.mark.parametrize("cell", [cell for cell in (*USED, *NOTHING) if not cell.startswith(("%%", "\0"))])
def test_cells_are_read_as_ipython_reads_them(cell):
    """Is a cell with magics Python exactly if IPython makes Python of it?"""
    try:
        compile(TransformerManager().transform_cell(cell), "cell", "exec")
    except SyntaxError:
        assert parsed(cell) is None
    else:
        assert parsed(cell) is not None


@pytest.mark.parametrize(
    "cell",
    [
        "!mlwf\n" * 10_000,
        "!mlwf " + " " * 90_000 + "x",
        "mlwf" + "=" * 90_000,
        " " * 90_000 + "mlwf?",
        "?" * 90_000 + "mlwf x",
        "%mlwf" + "\\\n" * 40_000 + "'",
        "mlwf." * 19_000 + "x",
        "-" * 90_000 + "mlwf",
        "(" * 90_000 + "mlwf",
        "mlwf(" * 80 + ")" * 80,
        "import mlwf" + " " * LONGEST,
    ],
    ids=lambda cell: cell[:12],
)
def test_nobody_holds_up_the_class(cell):
    """Is any cell that somebody may hand in looked at in no time, and a notebook of nothing else in seconds?"""
    start = time.process_time()
    uses([cell])
    assert time.process_time() - start < 3
    uses([cell] * 100)
    assert time.process_time() - start < 12


def test_what_is_found_can_be_read_and_written():
    """Is it short, whatever somebody writes to have it long?"""
    found = uses(["\n".join(f"import mlwf.{'a' * 1000}{n}" for n in range(90)), "eval('mlwf \\ud800')"])
    assert found == [f"import mlwf.{'a' * 188}", "mlwf \\ud800"]
    assert len(uses([f"import mlwf.x{n}" for n in range(1000)])) == 50


def test_a_long_cell_hides_nothing_in_the_others():
    """Are the other cells looked at all the same?"""
    assert uses(["mlwf" + "\n" * MOST, "import mlwf.model"]) == ["import mlwf.model"]
