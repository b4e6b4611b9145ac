"""Runs a copy of a notebook in a kernel of its own, as the grader would, and reads the data that its cells put out."""

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

SECONDS_PER_CELL = 20  # as in the course's nbgrader_config.py


class StoppedError(Exception):
    """What kept a notebook from being run to its end."""


def run(
    notebook: NotebookNode,
    folder: Path,
    environment: Mapping[str, str],
    say: Callable[[int, int], None] = lambda _done, _cells: None,
) -> NotebookNode:
    """Return a copy of `notebook` with what its cells put out when run from top to bottom.

    As in nbgrader, a cell that raises an error does not keep the next from running, and one that takes too long is interrupted.

    Parameters
    ----------
    notebook : NotebookNode
        Left as it is.
    folder : Path
        Where it runs.
    environment : mapping of str to str
        The kernel's environment variables.
    say : callable
        Is told how many of how many cells have run.

    Raises
    ------
    StoppedError
        The kernel did not start, ended in the middle, or could not be interrupted.
    """
    copy = deepcopy(notebook)
    cells = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in copy.cells)
    done = 0

    def count(**_: object) -> None:
        nonlocal done
        done += 1
        say(done, cells)

    client = NotebookClient(
        copy, kernel_name="python3", timeout=SECONDS_PER_CELL, interrupt_on_timeout=True, allow_errors=True, on_cell_executed=count,
        resources={"metadata": {"path": str(folder.resolve())}},
    )  # fmt: skip
    try:
        client.execute(env=dict(environment), stderr=subprocess.DEVNULL)  # the kernel's own remarks
    except (DeadKernelError, CellTimeoutError):
        raise StoppedError(f"cell {done + 1} ended the kernel, or would not end") from None
    except RuntimeError:
        client.create_kernel_manager()  # nbclient tidies up once more at exit, and fails without one
        raise StoppedError("its kernel did not start") from None
    return copy


def data(cells: Iterable[NotebookNode], mime: str) -> Iterator[Any]:
    """Yield what `cells` put out as `mime`, in their order."""
    for cell in cells:
        for output in cell.get("outputs", ()):
            if mime in output.get("data", {}):
                yield output.data[mime]
