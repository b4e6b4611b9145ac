"""The demo: runs the cycle in a process of its own, and compares the marks with the key.

Needs nothing but the standard library and psutil, so that the command starts at once.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from mlwf.course.environment import clean_environment
from mlwf.course.students import ASSIGNMENT, answer_key

CHECKOUT = Path(__file__).parents[2]


class DemoError(Exception):
    """The demo could not be finished; the message is one line."""


@dataclass(frozen=True)
class Progress:
    """What is being done.

    Attributes
    ----------
    step : str
    student : str or None
        None for a step of the instructor's.
    done, steps : int
        Steps finished, of how many.
    """

    step: str
    student: str | None
    done: int
    steps: int


@dataclass(frozen=True)
class Result:
    """What came out.

    Attributes
    ----------
    folder : Path
        The course, the exchange and the students' folders; it is kept.
    scores : list of dict
        `student`, `question`, `score` and `max` of every cell that is graded by machine.
    feedback : list of str
        Paths of the feedback pages.
    """

    folder: Path
    scores: list[dict[str, Any]]
    feedback: list[str]


def has_source(course: Path) -> bool:
    """Tell whether `course` holds the assignment that the demo's class works on."""
    return (course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").is_file()


def run(course: Path = CHECKOUT, say: Callable[[Progress], None] = lambda _: None) -> Result:
    """Take a small class through the course in a fresh temporary folder.

    Parameters
    ----------
    course : Path
        The folder that holds `source`; nothing in it is changed.
    say : callable
        Is told of every step as it begins.

    Returns
    -------
    Result

    Raises
    ------
    DemoError
        A step failed. The folder is kept then too, for it holds the log; on Ctrl-C it is removed.
    """
    folder = Path(tempfile.mkdtemp(prefix="mlwf-course-demo-")).resolve()
    log = folder / "nbgrader.log"
    last: dict[str, Any] = {}
    try:
        with log.open("w") as stream, _cycle(course.resolve(), folder, stream) as reports:
            for report in reports:
                last = report
                if "step" in report:
                    say(Progress(**report))
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if "scores" in last:
        return Result(folder, last["scores"], last["feedback"])
    raise DemoError(f"{last.get('failed') or _last_words(log)} (log: {log})")


def differences(scores: list[dict[str, Any]]) -> list[str]:
    """Where `scores` are not what the key says, one line each; empty if all is as it should be."""
    key = answer_key()
    got = {(row["student"], row["question"]): (row["score"], row["max"]) for row in scores}
    return [
        f"{student} {question}: {_marks(got.get((student, question)))}, expected {_marks(key.get((student, question)))}"
        for student, question in [*key, *(cell for cell in got if cell not in key)]
        if got.get((student, question)) != key.get((student, question))
    ]


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    return f"nbgrader ended unexpectedly: {next((line for line in reversed(lines) if line.strip()), 'it said nothing')}"


def _marks(marks: tuple[float | None, float] | None) -> str:
    return "nothing" if marks is None or marks[0] is None else f"{marks[0]:g} of {marks[1]:g}"


@contextmanager
def _cycle(course: Path, folder: Path, log: Any) -> Iterator[Iterator[dict[str, Any]]]:  # noqa: ANN401 - an open file
    """Start the cycle; leaving the block ends it, with every kernel that it has started."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mlwf.course.cycle", str(course), str(folder)],
        cwd=folder,
        env=clean_environment(folder / "home"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,  # Ctrl-C reaches us alone, and we end it properly
    )
    assert process.stdout is not None
    try:
        with process.stdout as lines:
            yield (json.loads(line) for line in lines)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End a process, if it still runs, and all that it has started; kernels live in sessions of their own."""
    started: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        started += psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    process.wait()
    # A kernel that was started in between notices by itself that its parent has gone.
    for child in started:
        with suppress(psutil.NoSuchProcess):
            child.kill()
