"""A course that is handed the whole hostile corpus at once, with honest submissions in between, and graded in one run."""

import ctypes
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from corpus import NAME, ROOT
from hostile import VARIABLE, Places, Trick

from mlwf.assignment import QUESTIONS
from mlwf.assignment.showing import VERDICT
from mlwf.course.environment import clean_environment

HONEST_EVERY = 8  # tricks to an honest neighbour
CELL_SECONDS, ALL_SECONDS = 4, 25
LIMITS = f"""
c.Execute.timeout = {CELL_SECONDS}
c.Sealed.wall_seconds = {ALL_SECONDS}
"""
GIVEN = "given.txt"
SET_CHILD_SUBREAPER = 36


class Siege:
    """The course, and what became of it.

    Parameters
    ----------
    tricks : iterable of Trick
    settings : str
        More of the course's configuration.

    Attributes
    ----------
    said : CompletedProcess
        What the last command that graded has said.
    marks : dict
        What the gradebook holds then, by student and question.
    outcomes : dict
        What `mlwf grade --json` says of each student.
    left_running, contacts : list of str
        Processes that are left, and who called at the machine's doors.
    before, after : dict
        Checksums of what grading must not change.
    """

    def __init__(self, tricks: Iterable[Trick], settings: str = "") -> None:
        self.tricks = tuple(tricks)
        # Not where pytest keeps its folders: everybody may look in here.
        self.folder = Path(tempfile.mkdtemp(prefix="mlwf-siege-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.listeners = Listeners()
        self.places = Places(
            *(self.folder / name for name in ("course", "canary", "home")),
            key=os.urandom(6).hex(), tcp=self.listeners.tcp, udp=self.listeners.udp, ipc=self.listeners.ipc,
            abstract=self.listeners.abstract,
        )  # fmt: skip
        self._lay_out(settings)
        self.honest = self._hand_in()
        self.before = self._outside()

    def _lay_out(self, settings: str) -> None:
        places = self.places
        shutil.copytree(ROOT / "source", places.course / "source")
        source = places.course / "source" / NAME
        notebook = json.loads(source.read_text())
        for cell in notebook["cells"]:
            if cell["id"] == "multiplier-answer":
                text = "".join(cell["source"])
                cell["source"] = text.replace("### END SOLUTION", f"# {places.secret('solution')}\n### END SOLUTION")
        source.write_text(json.dumps(notebook))
        (source.parent / GIVEN).write_text("given to everybody")
        configuration = (ROOT / "nbgrader_config.py").read_text()
        (places.course / "nbgrader_config.py").write_text(configuration + LIMITS + settings)
        places.canary.mkdir()
        places.canary.chmod(0o777)
        (places.canary / "secret.txt").write_text(places.secret("file"))
        self.listeners.listen_at(places.canary / "socket")
        (places.home / ".ssh").mkdir(parents=True)
        (places.home / ".ssh" / "id_ed25519").write_text(places.secret("key"))
        self.environment = clean_environment(places.home) | {
            "HOME": str(places.home),
            VARIABLE: places.secret("environment"),
        }
        self.environment["MPLCONFIGDIR"] = os.environ.get("MPLCONFIGDIR", str(Path.home() / ".cache" / "matplotlib"))
        said = self.command("nbgrader", "generate_assignment", NAME.stem, "--course-dir", str(places.course))
        assert said.returncode == 0, said.stderr

    def _hand_in(self) -> list[Trick]:
        """Hand in all tricks, and return the honest neighbours that stand between them."""
        places = self.places
        honest = [Trick("honest", "nothing is wrong", then=f"# {places.secret('neighbour')}", code="pass")]
        honest[0].write(places)
        names = sorted(trick.who for trick in self.tricks)
        for name in names[::HONEST_EVERY]:
            plain = re.sub("[^A-Za-z0-9]", "-", name[:180])
            honest.append(Trick("honest", "nothing is wrong", student=f"{plain}-zz-neighbour"))
            honest[-1].write(places)
        for trick in self.tricks:
            trick.write(places)
        return honest

    def command(self, module: str, *arguments: str, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run a command as whoever grades would; `before` it stands what else is needed for that."""
        command = [*before, sys.executable, "-m", module, *arguments]
        return subprocess.run(
            command,
            cwd=self.places.course,
            env=self.environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=3600,
        )

    def grade(self, module: str, *arguments: str, before: Sequence[str] = ()) -> None:
        """Grade everything once, and remember what was said and who was left."""
        with self.watched():
            self.said = self.command(module, *arguments, before=before)
        self.outcomes = self._outcomes() if "--json" in arguments else {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Remember what has become of marks, of the outside and of processes, when everything has been graded."""
        with everybody_is_ours() as left:
            yield
        self.left_running = left
        self.after = self._outside()
        self.marks = self._marks()
        self._verdicts: dict[str, list[Any]] = {}
        self.contacts = self.listeners.contacts

    def close(self) -> None:
        """Take everything away."""
        self.listeners.close()
        subprocess.run(["rm", "-rf", os.fspath(self.folder)], check=False)  # shutil gives up on the deepest folders

    # What came of it -------------------------------------------------------------------------------------------------

    def _outcomes(self) -> dict[str, dict[str, Any]]:
        """What `mlwf grade --json` says of each student."""
        assert self.said.stdout, self.said.stderr[-3000:]
        return {row["student"]: row for row in json.loads(self.said.stdout)["submissions"]}

    def _marks(self) -> dict[str, dict[str, float | None]]:
        """What the gradebook holds by student and question."""
        query = """
            select assignment.student_id, cell.name, grade.auto_score from grade
            join submitted_notebook notebook on notebook.id = grade.notebook_id
            join submitted_assignment assignment on assignment.id = notebook.assignment_id
            join base_cell cell on cell.id = grade.cell_id
        """
        found: dict[str, dict[str, float | None]] = {}
        with sqlite3.connect(self.places.course / "gradebook.db") as gradebook:
            for student, question, score in gradebook.execute(query):
                found.setdefault(student, {})[question] = score
        return found

    def autograded(self, trick: Trick) -> Path:
        """Where the graded submission is."""
        return self.places.course / "autograded" / trick.who / NAME.parent

    def verdicts(self, trick: Trick) -> list[Any]:
        """All verdicts as data in the graded notebook."""
        if trick.who not in self._verdicts:
            path = self.autograded(trick) / NAME.name
            cells = json.loads(path.read_bytes())["cells"] if path.is_file() else []
            outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", ())]
            self._verdicts[trick.who] = [data[VERDICT] for data in outputs if VERDICT in data]
        return self._verdicts[trick.who]

    def wrong(self, trick: Trick) -> dict[str, Any]:
        """Where the marks are not those that were to be expected, with the message; empty if all is well."""
        got = self.marks.get(trick.who, {})
        ways = [
            {name: (got.get(name), points) for name, points in way.items() if got.get(name) != points}
            for way in trick.accepted
        ]
        if trick.harms:
            spoilt = list(QUESTIONS)[list(QUESTIONS).index(trick.lost_from) :]
            ways = [{name: pair for name, pair in way.items() if name not in spoilt or pair[0] is None} for way in ways]
        if not all(ways):
            return {}
        least = min(ways, key=len)
        said = {
            verdict["question"]: verdict.get("message") for verdict in self.verdicts(trick) if isinstance(verdict, dict)
        }
        return {name: (*pair, said.get(name)) for name, pair in least.items()}

    def is_gone(self, trick: Trick) -> bool:
        """Whether the process was gone before the notebook's end, going by the marks."""
        got = self.marks.get(trick.who, {})
        return bool(trick.lost_from) and trick.base == "solved" and got.get(list(QUESTIONS)[-1]) == 0

    def _outside(self) -> dict[str, str]:
        """Checksums of all that grading must not change."""
        places = self.places
        roots = [
            places.course / "source",
            places.course / "release",
            places.submitted,
            places.canary,
            places.home / ".ssh",
        ]
        found = {}
        for root in roots:
            for path, status in walked(root):
                kind = f"{status.st_mode:o} {status.st_uid} {status.st_nlink}"
                if (status.st_mode & 0o170000) == 0o100000 and status.st_size < 1 << 30:
                    with Path(os.fsdecode(path)).open("rb") as file:
                        kind += f" {hashlib.file_digest(file, 'blake2b').hexdigest()}"
                elif (status.st_mode & 0o170000) == 0o120000:
                    kind += f" {Path(os.fsdecode(path)).readlink()}"
                found[os.fsdecode(path)] = kind
        for path in (
            "/tmp/hostile-note",
            "/dev/shm/hostile-note",
            "/dev/hostile-note",
            "/run/hostile-note",
            "/hostile-note",
        ):
            if os.path.lexists(path):
                found[path] = "there"
        found["host name"] = socket.gethostname()
        return found


def walked(root: Path) -> Iterator[tuple[bytes, os.stat_result]]:
    """Everything below a folder, links not followed, as far down as a path can say."""
    folders = [os.fsencode(root)]
    while folders:
        with suppress(OSError):  # the path is too long
            for entry in sorted(os.scandir(folders.pop()), key=lambda entry: entry.name):
                yield entry.path, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)


class Listeners:
    """Somebody at each of the machine's doors, who writes down who comes."""

    def __init__(self) -> None:
        self.contacts: list[str] = []
        self.abstract = f"mlwf-hostile-{os.getpid()}-{os.urandom(4).hex()}"
        self._sockets: list[tuple[str, socket.socket]] = []
        tcp = socket.socket()
        tcp.bind(("0.0.0.0", 0))
        self.tcp: int = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("0.0.0.0", 0))
        self.udp: int = udp.getsockname()[1]
        unnamed = socket.socket(socket.AF_UNIX)
        unnamed.bind(f"\0{self.abstract}")
        for name, one in (("tcp", tcp), ("udp", udp), ("abstract", unnamed)):
            self._watch(name, one)
        self.ipc = 0x6D6C7700 | os.urandom(1)[0]
        self._libc = ctypes.CDLL(None)
        self._shared = self._libc.shmget(self.ipc, 4096, 0o1666)

    def listen_at(self, path: Path) -> None:
        """Listen at a path, too."""
        one = socket.socket(socket.AF_UNIX)
        one.bind(os.fspath(path))
        path.chmod(0o777)
        self._watch("path", one)

    def _watch(self, name: str, one: socket.socket) -> None:
        self._sockets.append((name, one))
        threading.Thread(target=self._wait, args=(name, one), daemon=True).start()

    def _wait(self, name: str, one: socket.socket) -> None:
        is_stream = one.type == socket.SOCK_STREAM
        with suppress(OSError):
            if is_stream:
                one.listen()
            while True:
                said = one.accept()[1] if is_stream else one.recvfrom(100)
                self.contacts.append(f"{name}: {said!r}")

    def close(self) -> None:
        """Go home."""
        for _, one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        if self._shared >= 0:
            self._libc.shmctl(self._shared, 0, None)


@contextmanager
def everybody_is_ours() -> Iterator[list[str]]:
    """While the block runs, whoever loses his parent becomes our child; yield a list that then holds who was left."""
    libc = ctypes.CDLL(None)
    known = {child.pid for child in psutil.Process().children(recursive=True)}
    assert libc.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    left: list[str] = []
    try:
        yield left
        end = time.monotonic() + 30  # a namespace takes a moment to fall
        while (found := _living(known)) and time.monotonic() < end:
            time.sleep(0.05)
        left += [str(child) for child in found]
        for child in found:
            with suppress(psutil.NoSuchProcess):
                child.send_signal(signal.SIGKILL)
    finally:
        libc.prctl(SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        for child in psutil.Process().children():
            if child.pid not in known:
                with suppress(ChildProcessError):
                    os.waitpid(child.pid, os.WNOHANG)


def _living(known: set[int]) -> list[psutil.Process]:
    """Who is new, and does not descend from anybody who was there before, such as a browser."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            family = {child.pid, *(parent.pid for parent in child.parents())}
            if not family & known and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
    return found
