"""The hostile corpus: what somebody may do to a grader, as data. In tricks/*.toml what cells do, in tampered.py what files are.

Every trick is harmless where no walls are: the process ends before it begins unless it is sealed in, and bombs are bounded
for the case that only some wall is missing. Fields of a trick:

why          what this one is about
base         where it starts: "solved"; "wrong": every answer is wrong; "bob": right for another student; "empty": as fetched
code         a cell of its own, which stands after the cell `after`; `then` is one more, right after it
probe        the same as the body of a function: if it returns anything, that takes the place of the answer `sunk`
each         the same trick once for each of these, which stands for @EACH@; `copies`: that many times
answers      question = what its answer cell holds
others       file beside the notebook = its text; `beside` names several files with the same `text`
expects      question = points, where they are not those of the base
lost_from    the question from which on there are no points, since the process is gone
may_go_on    true: the process may as well live on, to the end or for a while
harms        true: whoever does it may spoil other answers of the own from `lost_from` on
flag         what the instructor is told, as a regular expression; without it nothing, unless the process is gone
slow         true: takes seconds
"""

import json
import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat
from corpus import COURSE, NAME, SOLUTIONS

from mlwf.assignment import QUESTIONS, own_case
from mlwf.assignment.marks import grade
from mlwf.assignment.questions import truth

FUNCTIONS = [question.id for question in QUESTIONS.values() if question.inputs]
WRONG = 7.654321  # an answer to no question of anybody's
ENDED = "its process is gone"
VARIABLE = "MLWF_CANARY"  # in the grader's environment, and to be in no other
TRICKS = Path(__file__).with_name("tricks")
PRELUDE = f'''
import os
def sealed(where=os.getcwd()):
    return os.getpid() < 50 and where.startswith("/autograded/") and "{VARIABLE}" not in os.environ
if not sealed(): os._exit(1)
def canary():
    import re
    return re.compile(rb"mlwf-canar[y]-\\w+-@KEY@")
def syscall(number, *arguments):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.syscall(*(ctypes.c_long(value) for value in (number, *arguments)))
    return got if got >= 0 else -ctypes.get_errno()
def patched(name, value):
    import sys
    frame, found = sys._getframe(), False
    while frame:
        if name in frame.f_globals and frame.f_globals is not globals():
            frame.f_globals[name], found = value, True
        frame = frame.f_back
    return found
def inside(*names):
    import sys
    frame = sys._getframe(1)
    while frame and not all(name in frame.f_locals for name in names): frame = frame.f_back
    return frame
'''
PROBE = """
def attempt():
{body}
try:
    reached = attempt()
except BaseException:
    reached = None
if reached:
    sunk = f"reached: {{reached}}"
"""


@dataclass(frozen=True)
class Trick:
    """What one submission does; the fields are told above, and two more that only Python can hold.

    Attributes
    ----------
    tamper : callable, optional
        Changes the notebook, or returns other bytes for it; None: there is no notebook.
    lay : callable, optional
        Changes the submission's folder once it is written.
    student : str
        The id, where it is not the trick's name.
    """

    name: str
    why: str
    base: str = "solved"
    code: str = ""
    then: str = ""
    probe: str = ""
    after: str = "sunk-answer"
    each: tuple[str, ...] = ()
    copies: int = 1
    answers: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    text: str = ""
    expects: Mapping[str, float | None] = field(default_factory=dict)
    lost_from: str = ""
    may_go_on: bool = False
    harms: bool = False
    flag: str = ""
    slow: bool = False
    tamper: Callable[[Any], Any] | None = None
    lay: Callable[[Path, "Places"], None] | None = None
    student: str = ""

    @property
    def who(self) -> str:
        """The student's id."""
        return self.student or self.name

    @property
    def runs(self) -> bool:
        """Whether a cell of its own runs."""
        return bool(self.code or self.probe)

    def points(self, lost_from: str = "") -> dict[str, float | None]:
        """The points for each question; from `lost_from` on the process is gone."""
        if self.base == "bob":  # who has the right answers for somebody else may have one of the own among them
            case, answers = own_case(COURSE, self.who), _answers_of_bob() | {name: [] for name in FUNCTIONS}
            points: dict[str, float | None] = {verdict.question: verdict.points for verdict in grade(case, answers)}
        else:
            points = {q.id: float(q.points) if self.base == "solved" else 0.0 for q in QUESTIONS.values()}
        points |= self.expects
        names = list(points)
        if lost_from:
            points |= dict.fromkeys(names[names.index(lost_from) :], 0.0)
        return points

    @property
    def accepted(self) -> list[dict[str, float | None]]:
        """The points that are right: one way, or one for each question at which the process may have been lost."""
        if not self.lost_from:
            return [self.points()]
        names = list(QUESTIONS)
        later = names[names.index(self.lost_from) :] if self.may_go_on else [self.lost_from]
        return [*([self.points()] if self.may_go_on else []), *map(self.points, later)]

    def write(self, places: "Places") -> Path:
        """Hand it in, and return the folder."""
        folder = places.submitted / self.who / NAME.parent
        folder.mkdir(parents=True)
        content = self._notebook(places)
        if content is not None:
            (folder / NAME.name).write_bytes(content)
        for name, text in {**dict.fromkeys(self.beside, self.text), **self.others}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        if self.lay:
            self.lay(folder, places)
        return folder

    def _notebook(self, places: "Places") -> bytes | None:
        notebook = nbformat.read(places.release / NAME, as_version=4)
        written = _answers(self.base) | {f"{name}-answer": text.strip() for name, text in self.answers.items()}
        if self.base == "solved" and "multiplier" not in self.answers:
            # Where a trick runs without walls this says so, whatever else happens.
            written["multiplier-answer"] += (
                f'\nimport os\nif os.getpid() > 50 or "{VARIABLE}" in os.environ: multiplier = "not sealed"'
            )
        for cell in notebook.cells:
            cell.source = places.fill(written.get(cell.id, cell.source), self)
        if self.runs:
            at = next(index for index, cell in enumerate(notebook.cells) if cell.id == self.after) + 1
            texts = [PRELUDE, self._cell(), *filter(None, [self.then])]
            notebook.cells[at:at] = [
                nbformat.v4.new_code_cell(places.fill(text.strip(), self), id=f"trick-{number}")
                for number, text in enumerate(texts)
            ]
        changed = self.tamper(notebook) if self.tamper else notebook
        return changed if changed is None or isinstance(changed, bytes) else json.dumps(changed).encode()

    def _cell(self) -> str:
        return PROBE.format(body=textwrap.indent(self.probe.strip(), "    ")) if self.probe else self.code


@dataclass(frozen=True)
class Places:
    """Where things are while the corpus is graded, and what stands for them in a trick.

    Attributes
    ----------
    course, canary, home : Path
        The course; a folder that everybody may read and write; the grader's home.
    key : str
        Ends every secret: ``mlwf-canary-WHAT-KEY``.
    tcp, udp, ipc : int
        Ports that somebody listens on, and the key of a piece of shared memory.
    abstract : str
        The name of a socket that is no file.
    """

    course: Path
    canary: Path
    home: Path
    key: str
    tcp: int = 0
    udp: int = 0
    ipc: int = 0
    abstract: str = ""

    @property
    def submitted(self) -> Path:
        return self.course / "submitted"

    @property
    def release(self) -> Path:
        return self.course / "release"

    def secret(self, what: str) -> str:
        """What must be found by nobody."""
        return f"mlwf-canary-{what}-{self.key}"

    def fill(self, text: str, trick: Trick) -> str:
        """Put in what the @NAMES@ in a trick stand for."""
        meant = {
            "COURSE": self.course, "CANARY": self.canary, "HOME": self.home, "KEY": self.key, "TCP": self.tcp, "UDP": self.udp,
            "IPC": self.ipc, "ABSTRACT": self.abstract, "NAME": trick.name, "LONG": "x" * 5_000_000 if "@LONG@" in text else "",
        }  # fmt: skip
        for name, value in meant.items():
            text = text.replace(f"@{name}@", str(value))
        return text


def _answers_of_bob() -> dict[str, Any]:
    case = own_case(COURSE, "bob")
    return {q.id: q.solve(case, truth(q, case)) for q in QUESTIONS.values() if not q.inputs}


def _answers(base: str) -> dict[str, str]:
    if base == "solved":
        return dict(SOLUTIONS)
    if base == "empty":
        return {}
    values = _answers_of_bob() if base == "bob" else dict.fromkeys(QUESTIONS, WRONG)
    return {
        f"{name}-answer": f"def {name}(*_, **__): return {WRONG}"
        if name in FUNCTIONS
        else f"{QUESTIONS[name].name} = {values[name]!r}"
        for name in QUESTIONS
    }


def _read() -> Iterator[Trick]:
    for path in sorted(TRICKS.glob("*.toml")):
        for entry in tomllib.loads(path.read_text())["trick"]:
            lists = {name: tuple(entry[name]) for name in ("each", "beside") if name in entry}
            trick = Trick(**{**entry, **lists})
            if trick.each:
                for number, one in enumerate(trick.each, 1):
                    yield replace(
                        trick,
                        name=f"{trick.name}-{number}",
                        code=trick.code.replace("@EACH@", one),
                        why=f"{trick.why}: {one[:60]}",
                    )
            else:
                for number in range(1, trick.copies + 1):
                    yield replace(trick, name=f"{trick.name}-{number}" if trick.copies > 1 else trick.name)


CELLS = tuple(_read())
