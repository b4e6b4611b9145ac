"""A nbgrader course in a folder: its configuration, where everything is, and what the sandbox allows."""

import logging
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from dataclasses import fields
from datetime import datetime
from functools import cached_property
from glob import escape, glob
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

from jupyter_core.application import JupyterApp
from nbgrader.api import Assignment, Gradebook
from nbgrader.apps.autogradeapp import AutogradeApp
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default.exchange import Exchange
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import AssignLatePenalties, Execute, IgnorePattern, LimitOutput
from nbgrader.utils import find_all_files, parse_utc
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from traitlets import Int, TraitError
from traitlets.config import Config, Configurable

from mlwf.grading.errors import GradingError, one_line
from mlwf.grading.inside.limits import Limits

# A zone's name would otherwise be looked up as a file, wherever it points to.
_TIMESTAMP = re.compile(r"\S+ \S+( [A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*)?|\S+")
SKIP = "skip-execution"  # nbclient's tag for a cell that does not run
# nbgrader's own steps, whose work is done here too, and ours for nbgrader's loop.
_STEPS = frozenset(
    {"ClearOutput", "DeduplicateIds", "OverwriteKernelspec", "OverwriteCells", "CheckCellMetadata", "Execute", "IgnorePattern",
     "ClearMetadataPreprocessor", "LimitOutput", "SaveAutoGrades", "AssignLatePenalties", "RunSealed"}
)  # fmt: skip
_ALWAYS = ("OverwriteCells", "Execute", "SaveAutoGrades")  # are done here whether or not they are named
# What changes marks, and only nbgrader's loop can do: settings, with what they are by default.
_ONLY_THERE: Mapping[str, Mapping[str, Any]] = {
    **{name: {"enabled": True} for name in _ALWAYS},
    "Execute": {
        "enabled": True, "allow_errors": True, "extra_arguments": [], "force_raise_errors": False, "kernel_name": "",
        "skip_cells_with_tag": SKIP, "timeout_func": None,
    },
    **{
        f"{name}Preprocessor": {"enabled": False}
        for name in ("ClearMetadata", "ClearOutput", "TagRemove", "RegexRemove", "ExtractOutput", "ExtractAttachments")
    },
}  # fmt: skip
# Seconds to wait for somebody else who writes to the gradebook; formgrader takes far less than one.
PATIENCE = 60


class Sealed(Configurable):
    """What one submission may use while it is graded; set in ``nbgrader_config.py`` as ``c.Sealed.memory_mb = 2048``."""

    memory_mb = Int(
        1024, min=64, help="Megabytes of memory for all processes of one submission, and for each of them."
    ).tag(config=True)
    cpu_seconds = Int(
        300, min=1, help="Seconds of processor time for one notebook; a single cell is stopped by c.Execute.timeout."
    ).tag(config=True)
    wall_seconds = Int(600, min=1, help="Seconds by the clock for one notebook, whatever it waits for.").tag(
        config=True
    )
    processes = Int(64, min=1, help="Processes and threads that one submission may have at a time.").tag(config=True)
    file_mb = Int(64, min=1, help="Megabytes for one file that it writes, and for all of them.").tag(config=True)
    open_files = Int(256, min=16, help="Files that one process may have open at a time.").tag(config=True)
    output_kb = Int(
        1024, min=1, help="Kilobytes of output of one cell, pictures included; what is beyond is cut off."
    ).tag(config=True)


class Course:
    """A course, configured as ``nbgrader`` would be when it is started in its folder.

    Parameters
    ----------
    folder : Path
    config : Config, optional
        What is configured already, where nbgrader itself is running; else the folder's configuration files are read.

    Attributes
    ----------
    config : Config
        All that the configuration files say.
    root : Path
        The folder that nbgrader's paths start from.
    directory : CourseDirectory
        nbgrader's own, which knows where everything is.
    sealed : Sealed
        What a submission may use.

    Raises
    ------
    GradingError
        There is no such folder, or its configuration stops or says what nbgrader does not take.
    """

    def __init__(self, folder: Path, config: Config | None = None) -> None:
        if not folder.is_dir():
            raise GradingError(f"there is no folder {folder}")
        with _refused_plainly(), chdir(folder):
            self.config = _configuration() if config is None else config
            self.directory = CourseDirectory(config=self.config)
            self.root = Path(self.directory.root)  # here, as nbgrader takes the folder it is in when first asked
            self.sealed = Sealed(config=self.config)
            self._autograde = Autograde(coursedir=self.directory, config=self.config)
            self._execute = Execute(config=self.config)

    def submitted(self, assignment: str, student: str) -> Path:
        """Say where a student's submission is.

        Parameters
        ----------
        assignment, student : str

        Returns
        -------
        Path
        """
        return self._path(self.directory.submitted_directory, assignment, student)

    def autograded(self, assignment: str, student: str) -> Path:
        """Say where the graded submission belongs.

        Parameters
        ----------
        assignment, student : str

        Returns
        -------
        Path
        """
        return self._path(self.directory.autograded_directory, assignment, student)

    def source(self, assignment: str) -> Path:
        """Say where the instructor's version is.

        Parameters
        ----------
        assignment : str

        Returns
        -------
        Path
        """
        return self._path(self.directory.source_directory, assignment, ".")

    def release(self, assignment: str) -> Path:
        """Say where the students' version is.

        Parameters
        ----------
        assignment : str

        Returns
        -------
        Path
        """
        return self._path(self.directory.release_directory, assignment, ".")

    def students(self, assignment: str) -> list[str]:
        """Say who submitted an assignment; those whom ``c.CourseDirectory`` excludes are left out.

        Parameters
        ----------
        assignment : str

        Returns
        -------
        list of str
            Sorted. A submission is a folder; whether anything is in it is another question.
        """
        excluded = set(self.directory.student_id_exclude.split(","))
        # nbgrader's own pattern, as it matches a path that it has found with its glob.
        pattern = re.compile(
            self.directory.format_path(
                re.escape(self.directory.submitted_directory), "(?P<student>.*)", re.escape(assignment), escape=True
            ),
            re.DOTALL,
        )
        names = self.directory.directory_structure.format(
            nbgrader_step=escape(self.directory.submitted_directory),
            student_id=self.directory.student_id,
            assignment_id=escape(assignment),
        )
        # Path.glob would find hidden folders too.
        folders = [self.root / name for name in glob(names, root_dir=self.root)]  # noqa: PTH207
        matches = [pattern.fullmatch(str(folder)) for folder in folders if folder.is_dir()]
        return sorted({match["student"] for match in matches if match} - excluded)

    def given_files(self, assignment: str) -> dict[str, bytes]:
        """Read the files that the instructor puts beside every submission, over the student's own of the same name.

        Parameters
        ----------
        assignment : str

        Returns
        -------
        dict
            Relative path, with forward slashes, and content.
        """
        folder = self.source(assignment)
        left_out = set(self._autograde.exclude_overwriting.get(assignment, ()))
        files = {}
        for name in find_all_files(str(folder), [*self.ignored, "*.ipynb"]):
            relative = Path(name).relative_to(folder).as_posix()
            if relative not in left_out:
                try:
                    files[relative] = Path(name).read_bytes()
                except OSError as error:
                    raise GradingError(f"{name} can't be read ({error.strerror})") from error
        return files

    def timestamp(self, folder: Path) -> datetime | None:
        """Say when a submission was handed in, by the file in its folder; None if it does not say."""
        try:
            file = os.open(folder / "timestamp.txt", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            is_file = stat.S_ISREG(os.fstat(file).st_mode)
            return parse_timestamp(os.read(file, 200).decode(errors="replace").strip()) if is_file else None
        finally:
            os.close(file)

    def refuse_other_steps(self) -> None:
        """Say of steps of the course's own that only nbgrader's loop takes.

        Raises
        ------
        GradingError
            There are some, and marks without them might be others.
        """
        names = [
            getattr(step, "__name__", str(step)).rpartition(".")[2]
            for step in (*self._autograde.sanitize_preprocessors, *self._autograde.autograde_preprocessors)
        ]
        hooks = [name for name in ("pre_convert_hook", "post_convert_hook") if getattr(self._autograde, name)]
        own = [name for name in names if name not in _STEPS] + hooks
        if own:
            raise GradingError(
                f"nbgrader_config.py has steps of its own for c.Autograde ({', '.join(own)}), "
                "which mlwf grade does not take; use nbgrader autograde"
            )
        if "RunSealed" in names:
            return  # ours in nbgrader's loop do all that is to be done
        missing = [name for name in _ALWAYS if name not in names]
        changed = [
            f"c.{step}.{name} = {self.config[step][name]!r}"
            for step, usual in _ONLY_THERE.items()
            for name, value in usual.items()
            if step in self.config and self.config[step].get(name, value) != value
        ]
        if missing or changed:
            what = [f"leaves {name} out of c.Autograde's steps" for name in missing]
            what += [f"sets {setting}" for setting in changed]
            raise GradingError(
                f"nbgrader_config.py {' and '.join(what)}, which mlwf grade does not follow; use nbgrader autograde"
            )

    @property
    def limits(self) -> Limits:
        """What a submission may use."""
        return Limits(**{each.name: getattr(self.sealed, each.name) for each in fields(Limits)})

    @property
    def private_folders(self) -> tuple[Path, ...]:
        """Folders of which no submission may see anything."""
        exchange = Exchange(config=self.config).root
        return (self.root, *([Path(exchange)] if exchange else ()))

    @property
    def ignored(self) -> list[str]:
        """Globs of names that nbgrader leaves alone wherever it copies a folder."""
        return list(self.directory.ignore)

    @property
    def creates_students(self) -> bool:
        """Whether somebody whom the gradebook does not know is added to it."""
        return bool(self._autograde.create_student)

    @property
    def groupshared(self) -> bool:
        """Whether other instructors of the group may write."""
        return bool(self.directory.groupshared)

    @property
    def permissions(self) -> int:
        """The mode of every file in ``autograded``."""
        return int(str(self._autograde.permissions), 8)

    @property
    def cell_seconds(self) -> float | None:
        """``c.Execute.timeout``; None for no limit."""
        timeout = self._execute.timeout
        return None if timeout is None or timeout < 0 else float(timeout)

    @property
    def timeout_error(self) -> dict[str, Any]:
        """What stands in the output of a cell that took longer: ``ename``, ``evalue`` and ``traceback``."""
        return dict(self._execute.error_on_timeout)

    @cached_property
    def limit_output(self) -> LimitOutput:
        """nbgrader's preprocessor that cuts long output."""
        return LimitOutput(config=self.config)

    @cached_property
    def ignore_pattern(self) -> IgnorePattern:
        """nbgrader's preprocessor that drops harmless lines on stderr."""
        return IgnorePattern(config=self.config)

    @cached_property
    def late_penalties(self) -> BasePlugin | None:
        """The plugin that says what being late costs; None where the configuration switches it off."""
        with _refused_plainly(), chdir(self.root):
            preprocessor = AssignLatePenalties(config=self.config)
            preprocessor.init_plugin()
        names = [getattr(used, "__name__", str(used)) for used in self._autograde.autograde_preprocessors]
        is_used = preprocessor.enabled and any(name.endswith("AssignLatePenalties") for name in names)
        return preprocessor.plugin_inst if is_used else None

    @property
    def gradebook_url(self) -> str:
        """Where the gradebook is, password included; a database waits for others who write to it, but not for ever."""
        try:
            url = make_url(self.directory.db_url)
        except (ArgumentError, ValueError):  # neither shown nor kept: a password may be in it
            raise GradingError(
                "c.CourseDirectory.db_url is no address of a database; one looks like sqlite:////folder/gradebook.db "
                "or postgresql+psycopg://user@host/gradebook"
            ) from None
        if file := _file(url):
            url = url.set(database=str(self.root / file))
        url = url.update_query_dict({name: value for name, value in _waits(url).items() if name not in url.query})
        return url.render_as_string(hide_password=False)

    @property
    def gradebook_file(self) -> Path | None:
        """The file that the gradebook is in; None if a database server keeps it."""
        file = _file(make_url(self.gradebook_url))
        return Path(file) if file else None

    def open_gradebook(self) -> Gradebook:
        """Open the gradebook.

        Returns
        -------
        Gradebook
            To be closed; it is a context manager.

        Raises
        ------
        GradingError
            There is none, or it can't be opened.
        """
        url, file = self.gradebook_url, self.gradebook_file
        try:
            if not (file.is_file() if file else _has_tables(url)):  # nbgrader would make an empty one
                raise GradingError(
                    f"there is no gradebook {file or f'in {_shown(url)}'}: run `nbgrader generate_assignment` first"
                )
            return Gradebook(url, self.directory.course_id)
        except ImportError as error:
            raise GradingError(
                f"the gradebook can't be opened: {one_line(error)}; install the database's driver "
                "(for postgresql+psycopg: pip install 'mlwf[postgres]')"
            ) from error
        except (SQLAlchemyError, ValueError, OSError, SubprocessError) as error:
            advice = "" if file else f"; see that {_shown(url)} is right and its server runs"
            raise GradingError(f"the gradebook can't be opened: {one_line(error)}{advice}") from error

    def _path(self, step: str, assignment: str, student: str) -> Path:
        return Path(os.path.normpath(self.directory.format_path(step, student, assignment)))


def parse_timestamp(text: str) -> datetime | None:
    """Read a time as nbgrader writes it.

    Returns
    -------
    datetime or None
        In UTC, without a zone; None if it is no time.
    """
    try:
        found: datetime | None = parse_utc(text) if _TIMESTAMP.fullmatch(text) else None
    except (ValueError, OverflowError, TypeError, AttributeError):
        return None
    return found


@contextmanager
def _refused_plainly() -> Iterator[None]:
    try:
        yield
    except GradingError:
        raise
    except TraitError as error:
        raise GradingError(f"nbgrader_config.py asks for what nbgrader does not take: {one_line(error)}") from error
    except Exception as error:  # a configuration file is a program, and so is a plugin
        raise GradingError(f"nbgrader_config.py stops with {type(error).__name__}: {one_line(error)}") from error


def _configuration() -> Config:
    """What ``nbgrader autograde`` would read when it is started here."""
    here = str(Path.cwd())
    if (
        here not in sys.path
    ):  # for plugins that lie beside the configuration; after the installed, unlike nbgrader's own
        sys.path.append(here)
    app = AutogradeApp(raise_config_file_errors=True, log_level=logging.CRITICAL)
    app.load_config_file()
    root = CourseDirectory(config=app.config).root
    if root != here:  # the configuration names another folder, which may have one of its own
        super(JupyterApp, app).load_config_file("nbgrader_config.py", path=root)
    return Config(app.config)


def _file(url: URL) -> str | None:
    """The file that a SQLite database is in."""
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return url.database if is_file else None


def _waits(url: URL) -> dict[str, str]:
    """What a database's driver is told of waiting, unless the course's own address says otherwise; PostgreSQL's waits for ever."""
    if url.get_backend_name() == "sqlite":
        return {"timeout": str(PATIENCE)}
    if url.drivername in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        return {"connect_timeout": "10", "options": f"-c lock_timeout={PATIENCE * 1000:.0f}"}
    return {}


def _has_tables(url: str) -> bool:
    """Tell whether nbgrader has been here."""
    engine = create_engine(url)
    try:
        return inspect(engine).has_table(Assignment.__tablename__)
    finally:
        engine.dispose()


def _shown(url: str) -> str:
    """A database's address as it may be read by anybody: its options may hold a password, too."""
    whole = make_url(url)
    options = {name: value for name, value in whole.query.items() if name == "service"}
    return whole.set(query=options).render_as_string(hide_password=True)
