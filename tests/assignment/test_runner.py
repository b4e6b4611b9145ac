"""A notebook that is run: what comes out of it, and what becomes of one that does not come to its end."""

import os
import subprocess
import sys

import nbformat
import pytest

from mlwf.assignment import runner
from mlwf.assignment.runner import StoppedError, data, run

MIME = "application/x+json"


def notebook(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def show(value):
    return f"display({{{MIME!r}: {value}}}, raw=True)"


def test_data_comes_out_and_the_notebook_stays_as_it_was(tmp_path):
    """Do cells after one with an error run too, where and with what they should, and is only a copy filled in?"""
    before = notebook(
        "1 / 0", "", "import os, pathlib", show("[os.environ['WHO'], pathlib.Path.cwd().name]"), show("[2]")
    )
    told = []
    after = run(before, tmp_path, os.environ | {"WHO": "ada"}, lambda *counts: told.append(counts))
    assert list(data(after.cells, MIME)) == [["ada", tmp_path.name], [2]]
    assert list(data(before.cells, MIME)) == []
    assert told == [(done, 4) for done in (1, 2, 3, 4)]


def test_a_cell_that_never_ends_is_interrupted(monkeypatch, tmp_path):
    """Does a student's endless loop cost its own answer and not all that follow, as under nbgrader?"""
    monkeypatch.setattr(runner, "SECONDS_PER_CELL", 1)
    after = run(notebook("while True: pass", show("[1]")), tmp_path, os.environ)
    assert list(data(after.cells, MIME)) == [[1]]


def test_a_cell_that_ends_the_kernel_is_named(tmp_path):
    """Is it said which cell took the kernel with it?"""
    with pytest.raises(StoppedError, match="cell 2 ended the kernel, or would not end"):
        run(notebook("1", "import os; os._exit(0)"), tmp_path, os.environ)


def test_a_kernel_that_does_not_start_is_one_line(tmp_path):
    """Is no cell blamed where there was no kernel, and is nothing else said, not even when the process ends?"""
    start = (
        "import os, pathlib, nbformat; from mlwf.assignment.runner import StoppedError, run\n"
        "try: run(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell('1')]), pathlib.Path(), "
        "os.environ | {'PYTHONHOME': 'nowhere'})\n"
        "except StoppedError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", start], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("its kernel did not start\n", "")
