"""How much memory a student takes: ``python -m benchmarks.students [N …]``; 1, 2, 4 and 8 unless given.

Starts N single-user servers with a student's settings on the hub. In each a kernel runs the lab's notebook from top to bottom
and then has its sliders moved, as from a browser. Prints what servers and kernels hold: PSS, in which what several processes
share is divided between them, and RSS, in which each has all of it; a container's limit lies between the two.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import psutil
import websocket

from mlwf.course.environment import clean_environment

ROOT = Path(__file__).parents[1]
NOTEBOOK = "constraint_tax.ipynb"
CLASSES = (1, 2, 4, 8)
MOVES = 5  # of each slider
WITHIN = 180.0
MB = 1e6


@dataclass(frozen=True)
class Memory:
    """What processes hold, in MB."""

    pss: float
    rss: float

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.pss + other.pss, self.rss + other.rss)


def _held(processes: list[psutil.Process]) -> Memory:
    found = [each.memory_full_info() for each in processes]
    return Memory(sum(each.pss for each in found) / MB, sum(each.rss for each in found) / MB)


class Student:
    """A server in a home of its own."""

    def __init__(self, home: Path) -> None:
        (home / "lab").mkdir(parents=True)
        shutil.copy(ROOT / "notebooks" / NOTEBOOK, home / "lab")
        environment = clean_environment(home) | {"HOME": str(home)}
        settings = (ROOT / "deploy" / "hub" / folder for folder in ("student", "everyone"))
        environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(map(str, settings))
        environment["JUPYTER_TOKEN"] = self.token = uuid.uuid4().hex
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", f"--ServerApp.root_dir={home}"]
        command += ["--allow-root"] if os.geteuid() == 0 else []
        self.runtime, self.log = home / "runtime", home / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until it answers."""
        until = time.monotonic() + WITHIN
        while not (found := [*self.runtime.glob("jpserver-*.json")]):
            if self.process.poll() is not None or time.monotonic() > until:
                sys.exit(f"bench-students: a server did not start: {self.log.read_text()[-500:]}")
            time.sleep(0.2)
        self.port = json.loads(found[0].read_text())["port"]
        while True:
            with suppress(OSError):
                self.ask("api/status")
                return
            if time.monotonic() > until:
                sys.exit("bench-students: a server does not answer")
            time.sleep(0.2)

    def ask(self, path: str, data: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Call the server, as JupyterLab does."""
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        body = None if data is None else json.dumps(data).encode()
        with urllib.request.urlopen(
            urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", body, headers)
        ) as said:
            return json.load(said)

    def open_page(self) -> None:
        """Ask for what a browser asks for first."""
        for path in ("api/contents/lab", f"api/contents/lab/{NOTEBOOK}", "api/kernelspecs", "api/sessions"):
            self.ask(path)

    def run_lab(self) -> int:
        """Run all cells, move all sliders, and return how many of those there are."""
        about = {"path": f"lab/{NOTEBOOK}", "type": "notebook", "name": NOTEBOOK, "kernel": {"name": "python3"}}
        kernel = self.ask("api/sessions", about)["kernel"]["id"]
        notebook = json.loads((ROOT / "notebooks" / NOTEBOOK).read_text())
        address = f"ws://127.0.0.1:{self.port}/api/kernels/{kernel}/channels?token={self.token}"
        with Kernel(address) as channel:
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    channel.execute("".join(cell["source"]))
            for comm, state in channel.sliders.items():
                for step in range(MOVES):
                    # Its next step, or the one below the last.
                    value = state["value"] + state["step"] * (step % 2 or -1)
                    channel.move(comm, min(max(value, state["min"]), state["max"]))
            return len(channel.sliders)

    def memory(self) -> tuple[Memory, Memory]:
        """What the server holds, and what its kernels do."""
        server = psutil.Process(self.process.pid)
        return _held([server]), _held(server.children(recursive=True))

    def end(self) -> None:
        """End the server and its kernels."""
        family = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()


class Kernel:
    """A browser's connection to a kernel."""

    def __init__(self, address: str) -> None:
        self.sliders: dict[str, dict[str, Any]] = {}
        self._socket = websocket.create_connection(address, timeout=WITHIN)
        self._session = uuid.uuid4().hex

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def execute(self, source: str) -> None:
        """Run a cell to its end."""
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        self._ask("execute_request", content)

    def move(self, comm: str, value: float) -> None:
        """Move a slider, and wait for what follows."""
        self._ask(
            "comm_msg", {"comm_id": comm, "data": {"method": "update", "state": {"value": value}, "buffer_paths": []}}
        )

    def _ask(self, kind: str, content: dict[str, Any]) -> None:
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": kind, "session": self._session, "username": "", "version": "5.4"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self._socket.send(json.dumps(message | {"buffers": []}))
        for said in self._answers(number):
            if said["msg_type"] == "error":
                sys.exit(f"bench-students: the lab stops with {said['content']['ename']}: {said['content']['evalue']}")
            state = said["content"].get("data", {}).get("state", {}) if said["msg_type"] == "comm_open" else {}
            if "Slider" in str(state.get("_model_name")) and isinstance(state.get("value"), int | float):
                self.sliders[said["content"]["comm_id"]] = state

    def _answers(self, number: str) -> Iterator[dict[str, Any]]:
        while True:
            frame = self._socket.recv()
            if isinstance(
                frame, bytes
            ):  # a message with a picture: its JSON is the first part, and nothing here needs the rest
                begin, end = (int.from_bytes(frame[4 * i : 4 * i + 4], "big") for i in (1, 2))
                frame = frame[begin:end]
            said = json.loads(frame)
            if said.get("parent_header", {}).get("msg_id") == number:
                yield said
                if said["msg_type"] == "status" and said["content"]["execution_state"] == "idle":
                    return


@contextmanager
def servers(count: int) -> Iterator[list[Student]]:
    """Start servers; nothing is left of them."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="mlwf-students-", ignore_cleanup_errors=True))
        )
        students = []
        for number in range(count):
            students.append(Student(folder / f"student{number}"))
            stack.callback(students[-1].end)
        for student in students:
            student.wait()
        yield students


def main(classes: tuple[int, ...]) -> None:
    """Measure classes of these sizes, and print a line for each."""
    sys.stdout.write("MB, PSS / RSS: students  server, logged in  server, lab run     kernel   together\n")
    for count in classes:
        with servers(count) as students:
            for student in students:
                student.open_page()
            first = [student.memory()[0] for student in students]
            sliders = [student.run_lab() for student in students]
            if not all(sliders):
                sys.exit("bench-students: the lab has shown no slider")
            then = [student.memory() for student in students]
        groups = (
            first,
            [server for server, _ in then],
            [kernel for _, kernel in then],
            [one + two for one, two in then],
        )
        means = (f"{mean(each.pss for each in group):.0f} / {mean(each.rss for each in group):.0f}" for group in groups)
        sys.stdout.write("{:23}{:>19}{:>17}{:>11}{:>11}\n".format(count, *means))
        sys.stdout.flush()


if __name__ == "__main__":
    if not all(text.isdecimal() and int(text) for text in sys.argv[1:]):
        sys.exit("bench-students: numbers of students are wanted, as in: python -m benchmarks.students 1 2 4")
    main(tuple(map(int, sys.argv[1:])) or CLASSES)
