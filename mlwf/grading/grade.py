"""From a submission's folder to graded notebooks: read, mended, run, marked. One submission; knows nothing of the gradebook."""

import ast
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from mlwf.grading.course import Course
from mlwf.grading.errors import GradingError
from mlwf.grading.execute import Rules, execute
from mlwf.grading.inside.limits import MB
from mlwf.grading.key import NotebookKey
from mlwf.grading.mend import mend
from mlwf.grading.sandbox import Sandbox
from mlwf.grading.save import WHOLE, Graded
from mlwf.grading.submission import assign, read_submission, shown, without
from mlwf.grading.verify import Examiner, examiner_for
from mlwf.grading.walls import Ahead, World, usual_modules

NOTE = "for-the-instructor"
_CODE, _AS_CODE = re.compile("`([^`]*)`"), r"<code>\1</code>"


@dataclass(frozen=True)
class Paper:
    """A notebook of the assignment: what is known about it, and who marks it."""

    key: NotebookKey
    examiner: Examiner | None


class Grader:
    """Grades submissions of one assignment. A context manager: the sandboxes live as long as its block.

    Parameters
    ----------
    course : Course
    keys : mapping of str to NotebookKey
        The assignment's notebooks.
    given : mapping of str to bytes
        The instructor's own files, which are put over the student's.
    sealed : bool
        False: without walls, for what is trusted.
    ahead : Ahead, optional
        A zygote that was started before.

    Raises
    ------
    GradingError
        A notebook is not for Python, or the walls can't be put up.
    """

    def __init__(
        self,
        course: Course,
        keys: Mapping[str, NotebookKey],
        given: Mapping[str, bytes],
        *,
        sealed: bool = True,
        ahead: Ahead | None = None,
    ) -> None:
        self._course = course
        self._ahead = ahead
        self._given = given
        size = sum(map(len, given.values()))
        if size > course.limits.file_mb * MB:
            raise GradingError(
                f"the assignment's own files have {size / MB:.0f} MB, and a submission may have "
                f"{course.limits.file_mb}; set c.Sealed.file_mb in nbgrader_config.py"
            )
        self._rules = Rules(course.cell_seconds, course.timeout_error)
        self.papers = {name: Paper(key, _examiner(key)) for name, key in keys.items()}
        preload = tuple(dict.fromkeys([*usual_modules(), *_imports(self.papers.values())]))
        self._sandboxes = {
            stand_in: Sandbox(World(preload, stand_in, course.private_folders, sealed=sealed), course.limits)
            for stand_in in {paper.examiner.stand_in if paper.examiner else None for paper in self.papers.values()}
        }
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for sandbox in self._sandboxes.values():
                stack.callback(sandbox.close)
                sandbox.start(self._ahead)
            if self._ahead:
                self._ahead.close()  # nobody else will need it
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the sandboxes."""
        self._open.close()

    def wait(self) -> None:
        """Wait until submissions can be run; before that there is time for other work."""
        for sandbox in self._sandboxes.values():
            sandbox.wait()

    def share(self, is_shared: bool) -> None:
        """Say whether several submissions are graded at a time: then the end of a zygote is not the fault of each of them."""
        for sandbox in self._sandboxes.values():
            sandbox.is_shared = is_shared

    def sandbox_of(self, name: str) -> Sandbox:
        """Return where a notebook's cells run."""
        examiner = self.papers[name].examiner
        return self._sandboxes[examiner.stand_in if examiner else None]

    def mend_sandboxes(self) -> None:
        """Start again what has ended."""
        for sandbox in self._sandboxes.values():
            if not sandbox.is_alive:
                sandbox.close()
                sandbox.start()
                sandbox.wait()

    def grade(self, student: str, assignment: str) -> Graded:
        """Grade what a student has handed in.

        Parameters
        ----------
        student, assignment : str

        Raises
        ------
        GradingError
            A sandbox is gone.
        """
        files = read_submission(self._course, assignment, student)
        contents, renamed = assign(files, {name: paper.key for name, paper in self.papers.items()})
        beside, too_large = self.beside(files.others)
        notebooks: dict[str, NotebookNode] = {}
        flags = {WHOLE: (*files.flags, *renamed, *too_large)}
        for name, content in sorted(contents.items()):
            mended = mend(content, self.papers[name].key)
            found, left = self.run(mended.notebook, name, student, beside)
            beside = {**without(beside, left), **left}  # the next notebook may read what this one has written
            notebooks[name] = mended.notebook
            flags[name] = (*mended.flags, *found)
            add_note(mended.notebook, flags[name])
        return Graded(student, files.timestamp, notebooks, beside, {name: said for name, said in flags.items() if said})

    def beside(self, others: Mapping[str, bytes]) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """Return the files that lie beside a notebook: the instructor's, and the student's as far as there is room."""
        beside, said = dict(self._given), []
        room = self._course.limits.file_mb * MB - sum(map(len, beside.values()))
        for name, content in without(others, self._given).items():
            if len(content) <= room:
                room -= len(content)
                beside[name] = content
            else:
                said.append(f"file {shown(name)} is too large to be given to its cells (c.Sealed.file_mb)")
        return beside, tuple(said)

    def run(
        self, notebook: NotebookNode, name: str, student: str, beside: Mapping[str, bytes]
    ) -> tuple[tuple[str, ...], dict[str, bytes]]:
        """Run a mended notebook, and return what to tell the instructor and the files that it has written."""
        paper = self.papers[name]
        examiner = paper.examiner
        extra = {file: text.encode() for file, text in examiner.files(student).items()} if examiner else {}
        files = {**extra, **without(beside, extra)}
        with self.sandbox_of(name).session(student, paper.key.assignment, files) as session:
            said = (*_lost(session.lost), *execute(notebook, session, examiner, student, self._rules))
            left = session.left_behind()
        for step in (self._course.ignore_pattern, self._course.limit_output):
            step(notebook, {})
        return said, {file: content for file, content in left.items() if file not in self._given and file not in extra}


def add_note(notebook: NotebookNode, flags: Sequence[str]) -> bool:
    """Tell whoever opens the graded notebook what was found, in its first cell; return whether there is anything to tell."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.get("id") != NOTE or "nbgrader" in first.metadata:
        if not flags:
            return False
        first = new_markdown_cell("<p>For the instructor:</p>", id=NOTE)  # type: ignore[no-untyped-call]
        notebook.cells.insert(0, first)
    # Names that students chose may stand in it; in a block of HTML nothing is taken for Markdown.
    first.source += "".join(f"\n<p>{_CODE.sub(_AS_CODE, html.escape(flag, quote=False))}</p>" for flag in flags)
    return True


def _lost(names: Sequence[str]) -> tuple[str, ...]:
    """Tell of files that could not be laid beside a notebook."""
    if not names:
        return ()
    what = (
        f"file {shown(names[0])} was" if len(names) == 1 else f"{len(names):,} files, {shown(names[0])} the first, were"
    )
    return (f"{what} too much for its folder, and not given to its cells (c.Sealed.file_mb)",)


def _examiner(key: NotebookKey) -> Examiner | None:
    language = (key.kernelspec or {}).get("language", "python")
    if str(language).lower() != "python":
        raise GradingError(
            f"{key.name} is for {language}, and mlwf grades Python; use: nbgrader autograde {key.assignment}"
        )
    try:
        return examiner_for(key)
    except ValueError as error:
        raise GradingError(str(error)) from None


def _imports(papers: Iterable[Paper]) -> list[str]:
    """Modules that the given cells import, and what examiners name."""
    names: list[str] = []
    for paper in papers:
        names += paper.examiner.preload if paper.examiner else ()
        if paper.examiner and paper.examiner.stand_in:
            continue  # its modules are the stand-in's
        for given in paper.key.cells.values():
            if given.cell_type == "code":
                names += _imported(given.source)
    return names


def _imported(source: str) -> list[str]:
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
    except (SyntaxError, ValueError):
        return []
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.append(node.module)
    return names
