"""Is a course ready for its term? Looks at the machine, the settings, the notebooks and the gradebook, and changes nothing."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import chdir, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.apps.baseapp import NbGrader
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory
from nbgrader.exchange.default.exchange import Exchange
from packaging.requirements import Requirement
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from mlwf.assignment import QUESTIONS
from mlwf.assignment.notebook import NotebookError, read, text_of
from mlwf.assignment.runner import StoppedError, data, run
from mlwf.assignment.showing import VERDICT
from mlwf.course.students import ASSIGNMENT
from mlwf.grading.course import Course
from mlwf.grading.errors import GradingError, one_line
from mlwf.grading.sandbox import EndedError, Sandbox
from mlwf.grading.walls import HOW_TO_SEAL, World

SOLUTION = "### BEGIN SOLUTION"
KEY_OF_THE_SOURCE = "constraint-tax"


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what came out.

    Attributes
    ----------
    what : str
    is_well : bool
    says : str
        What was found; where it is not well, also what to do.
    """

    what: str
    is_well: bool
    says: str


class _Trouble(Exception):
    """Something is not well; the message says what it is and what to do."""


def examine(course: Path) -> Iterator[Finding]:
    """Look at the course in a folder, one thing after the other.

    Parameters
    ----------
    course : Path
        The folder that holds `source` and `nbgrader_config.py`.

    Yields
    ------
    Finding
    """
    notebooks: dict[str, nbformat.NotebookNode] = {}
    settings = Config()

    def load() -> str:
        settings.merge(_settings(course))
        return f"the course is called {CourseDirectory(config=settings).course_id}"

    def read_both() -> str:
        for folder in ("source", "release"):
            notebooks[folder] = _notebook(course, folder)
        return f"source/{ASSIGNMENT} and release/{ASSIGNMENT} can be read"

    looks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("packages", _packages),
        ("settings", load),
        ("notebooks", read_both),
        ("questions", lambda: _questions(notebooks)),
        ("release", lambda: _release(notebooks)),
        ("numbers", lambda: _numbers(notebooks)),
        ("solution", lambda: _marks(notebooks, "source", course)),
        ("empty notebook", lambda: _marks(notebooks, "release", course)),
        ("gradebook", lambda: _gradebook(course, settings, notebooks)),
        ("exchange", lambda: _exchange(settings)),
        ("sealing", lambda: _sealing(course, settings)),
    )
    for what, look in looks:
        try:
            yield Finding(what, is_well=True, says=look())
        except _Trouble as trouble:
            yield Finding(what, is_well=False, says=str(trouble))


def _packages() -> str:
    wrong = []
    for text in requires("mlwf") or ():
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate({"extra": "course"}):
            continue
        try:
            if not requirement.specifier.contains(found := version(requirement.name), prereleases=True):
                wrong.append(f"{requirement.name} is {found}, needed is {requirement.specifier}")
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
    if wrong:
        raise _Trouble(f"{'; '.join(wrong)}. Install them with: pip install 'mlwf[course]'")
    if shutil.which("alembic") is None:
        raise _Trouble("nbgrader calls alembic by name, and it isn't on PATH. Activate the environment that it is in.")
    return f"nbgrader {version('nbgrader')}, and what it needs"


def _settings(course: Path) -> Config:
    """What `nbgrader` would read when it is started in the course's folder."""
    if not (course / "nbgrader_config.py").is_file():
        raise _Trouble(f"there is no nbgrader_config.py in {course}. Take the project's.")
    app = NbGrader(raise_config_file_errors=True, log_level=logging.CRITICAL)
    try:
        with chdir(course):
            app.load_config_file()
    except Exception as error:  # a configuration file is a program
        raise _Trouble(f"nbgrader_config.py stops with {type(error).__name__}: {error}. Mend it.") from error
    if not CourseDirectory(config=app.config).course_id:
        raise _Trouble('nbgrader_config.py gives the course no name. Add: c.CourseDirectory.course_id = "…"')
    return Config(app.config)


def _notebook(course: Path, folder: str) -> nbformat.NotebookNode:
    try:
        return read(course / folder / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    except NotebookError as error:
        cure = "Run make assignment." if folder == "release" else "Take the project's."
        raise _Trouble(f"{error}. {cure}") from error


def _cells(notebook: nbformat.NotebookNode | None) -> dict[str, Any]:
    if notebook is None:
        raise _Trouble("can't be looked at without the notebooks.")
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if "nbgrader" in cell.metadata}


def _questions(notebooks: dict[str, nbformat.NotebookNode]) -> str:
    cells = _cells(notebooks.get("source"))
    tests = {name: cell for name, cell in cells.items() if cell.cell_type == "code" and cell.metadata.nbgrader.grade}
    wrong = [f"{name} is no question" for name in tests if name not in QUESTIONS]
    for name, question in QUESTIONS.items():
        if name not in tests:
            wrong.append(f"{name} has no test cell")
        elif tests[name].metadata.nbgrader.points != question.points:
            wrong.append(
                f"{name} is worth {tests[name].metadata.nbgrader.points:g} there and {question.points} in questions.py"
            )
        elif tests[name].source.strip() != f'check("{name}")':
            wrong.append(f'{name}\'s test cell should be check("{name}")')
    if wrong:
        raise _Trouble(f"in source/: {'; '.join(wrong)}. Edit one or the other.")
    return f"{len(tests)} questions, the same in the notebook and in questions.py"


def _release(notebooks: dict[str, nbformat.NotebookNode]) -> str:
    source, release = _cells(notebooks.get("source")), _cells(notebooks.get("release"))
    leaks = [name for name, cell in release.items() if SOLUTION in cell.source]
    if leaks:
        raise _Trouble(f"release/ shows the solution of {', '.join(leaks)}. Run make assignment.")
    texts = {
        name: (cell.source, cell.metadata.nbgrader.get("points"))
        for name, cell in source.items()
        if cell.metadata.nbgrader.locked
    }
    old = [
        name
        for name in texts
        if name not in release or texts[name] != (release[name].source, release[name].metadata.nbgrader.get("points"))
    ]
    if old or source.keys() != release.keys():
        raise _Trouble(f"release/ is older than source/ ({', '.join(old) or 'other cells'}). Run make assignment.")
    return "follows the source, and shows no solution"


def _numbers(notebooks: dict[str, nbformat.NotebookNode]) -> str:
    _cells(notebooks.get("release"))
    text = text_of(notebooks["release"])
    if not text.course:
        return f"the published lab's for everybody; by hand: {text.by_hand}"
    advice = "; choose a key of your own for each term" if text.course == KEY_OF_THE_SOURCE else ""
    return f"everybody's own, by the key {text.course}{advice}; by hand: {text.by_hand}"


def _marks(notebooks: dict[str, nbformat.NotebookNode], folder: str, course: Path) -> str:
    """Run a notebook as nbgrader would, and compare its points with what it should have."""
    _cells(notebooks.get(folder))
    environment = os.environ | {"NBGRADER_EXECUTION": "autograde", "MLWF_STUDENT": "somebody"}
    try:
        verdicts = list(data(run(notebooks[folder], course / folder / ASSIGNMENT, environment).cells, VERDICT))
    except StoppedError as error:
        raise _Trouble(f"{folder}/ did not run to its end: {error}. Run it in JupyterLab.") from error
    total = sum(question.points for question in QUESTIONS.values())
    got = sum(verdict["points"] for verdict in verdicts)
    should = total if folder == "source" else 0
    if len(verdicts) != len(QUESTIONS) or got != should:
        short = [
            verdict["question"] for verdict in verdicts if verdict["points"] != (verdict["max_points"] if should else 0)
        ]
        missing = [name for name in QUESTIONS if name not in {verdict["question"] for verdict in verdicts}]
        raise _Trouble(
            f"gets {got:g} of {total} points, not {should} ({', '.join([*short, *missing])}). Run {folder}/ in JupyterLab."
        )
    return f"gets {got:g} of {total} points"


def _present(settings: Config) -> Config:
    if not settings:
        raise _Trouble("can't be looked at without the settings.")
    return settings


def _gradebook(course: Path, settings: Config, notebooks: dict[str, nbformat.NotebookNode]) -> str:
    cells = _cells(notebooks.get("source"))
    try:
        found = Course(course, _present(settings))
        file = found.gradebook_file
        if file and not file.is_file():
            raise _Trouble("is not there yet. Run make assignment, which makes it.")
        with found.open_gradebook() as gradebook:
            points = gradebook.find_assignment(ASSIGNMENT).max_score
            students, due = len(gradebook.students), gradebook.find_assignment(ASSIGNMENT).duedate
    except MissingEntry:
        raise _Trouble(f"does not know {ASSIGNMENT}. Run make assignment.") from None
    except GradingError as error:
        raise _Trouble(f"{error}. Mend that, or restore the gradebook from a copy.") from error
    except SQLAlchemyError as error:  # it can be opened, and is not what it should be
        raise _Trouble(f"can't be read ({one_line(error)[:100]}). Restore it from a copy.") from error
    should = sum(cell.metadata.nbgrader.get("points", 0) for cell in cells.values() if cell.metadata.nbgrader.grade)
    if points != should:
        raise _Trouble(f"has {points:g} points for {ASSIGNMENT}, the source has {should:g}. Run make assignment.")
    return f"{points:g} points, {students} students, due {f'{due:%Y-%m-%d %H:%M} UTC' if due else 'at no given time'}"


def _sealing(course: Path, settings: Config) -> str:
    """Seal in a submission of nothing, and ask behind which walls it stands."""
    try:
        with Sandbox(World(), Course(course, _present(settings)).limits) as sandbox:
            layers = sandbox.layers()
    except (GradingError, EndedError) as error:
        raise _Trouble(f"{error}.") from error
    missing = [name for name, says in layers.items() if not says]
    if missing:
        cure = "Install libseccomp2 for system calls." if missing == ["system calls"] else HOW_TO_SEAL
        raise _Trouble(f"submissions are sealed in, but not as to {', '.join(missing)}. {cure}")
    return "; ".join(f"{name}: {says}" for name, says in layers.items())


def _exchange(settings: Config) -> str:
    factory = ExchangeFactory(config=_present(settings))
    if not issubclass(factory.exchange, Exchange):
        return _answer(factory, settings)
    root = Path(Exchange(config=_present(settings)).root)
    cure = f"Make it with: sudo install -d -m 777 {root}; or set c.Exchange.root in everybody's nbgrader_config.py."
    if not root.is_dir():
        raise _Trouble(f"{root} does not exist. {cure}")
    if root.stat().st_mode & 0o007 != 0o007:
        raise _Trouble(f"{root} can't be written by everybody, so students could not submit. {cure}")
    with suppress(OSError):
        return f"{root}, {shutil.disk_usage(root).free / 2**30:.0f} GiB free"
    return str(root)


def _answer(factory: ExchangeFactory, settings: Config) -> str:
    """Ask an exchange that is no folder what is released: what goes wrong there is only logged."""
    name = factory.exchange.__module__.partition(".")[0]
    wrong: list[str] = []

    class Listen(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            wrong.append(str((record.exc_info or (None, None))[1] or record.getMessage()).splitlines()[0])

    log = logging.Logger(name)
    log.addHandler(Listen(logging.ERROR))
    parts = {"coursedir": CourseDirectory(config=settings), "authenticator": Authenticator(config=settings)}
    cure = "Ask in a terminal of JupyterLab; the hub's log may say more."
    try:
        released = factory.List(config=settings, log=log, **parts).start()
    except Exception as error:  # another exchange may say it in another way
        raise _Trouble(f"{name} does not answer: {error}. {cure}") from error
    if wrong:
        raise _Trouble(f"{name} does not answer: {wrong[0].rstrip('.')}. {cure}")
    return f"{name} answers; assignments released: {len(released)}"
