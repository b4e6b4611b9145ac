"""The walls, with real processes: outputs as in a kernel, limits, what comes out, what is left behind, what ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from pathlib import Path

import nbformat
import psutil
import pytest
from cells import CASES, Case
from nbclient import NotebookClient

from mlwf.grading.course import Sealed
from mlwf.grading.errors import GradingError
from mlwf.grading.execute import Rules, execute
from mlwf.grading.inside.limits import Limits
from mlwf.grading.inside.wire import Wire, WireError
from mlwf.grading.outputs import TOO_MUCH, Outputs
from mlwf.grading.sandbox import EndedError, Sandbox
from mlwf.grading.walls import World, usual_modules

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "grading.md").read_text()
LIMITS = Limits(memory_mb=300, cpu_seconds=60, wall_seconds=60, processes=24, file_mb=16, open_files=128, output_kb=256)
SECONDS = 20.0
MB = 1 << 20


@pytest.fixture(scope="module")
def box():
    with Sandbox(World(usual_modules()), LIMITS) as sandbox:
        yield sandbox


@contextmanager
def bounded(box, **limits):
    """The same zygote with other limits for what is forked from it."""
    before = box.limits
    box.limits = replace(before, **limits)
    try:
        with box.session("ada", "lab") as session:
            yield session
    finally:
        box.limits = before


def run(box, *sources, seconds=SECONDS):
    """Numbers and outputs of cells that run one after the other; an earlier one's as the last has left them."""
    with box.session("ada", "lab") as session:
        ran = [session.run(source, seconds) for source in sources]
    return [(each.count, each.outputs) for each in ran]


def printed(outputs, name="stdout"):
    return "".join(output["text"] for output in outputs if output.get("name") == name)


def family(sandbox):
    """All processes of a sandbox."""
    process = psutil.Process(sandbox.pid)
    return [process, *process.children(recursive=True)]


def zygote_of(sandbox):
    """The process that submissions are forked from; behind walls bubblewrap, and its first process inside, are above it."""
    return next(each for each in family(sandbox) if each.name().startswith("python"))


def is_idle(sandbox):
    """True where no submission has any process."""
    return zygote_of(sandbox).children() == []


def is_alive(process):
    """True until it has ended, whether or not somebody has asked how."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(holds, seconds=10.0):
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return holds()


# outputs


@contextmanager
def kernel(folder):
    """A real kernel, and a way to run a case in it as if it had just started."""
    notebook = nbformat.v4.new_notebook()
    client = NotebookClient(
        notebook, allow_errors=True, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )

    def run_case(case: Case):
        fresh = f"{'' if case.alone else '%reset -f'}\nget_ipython().execution_count = 1"
        fresh += "; get_ipython().history_manager.enabled = False"
        notebook.cells[:] = [nbformat.v4.new_code_cell(source) for source in (fresh, *case.cells)]
        client._display_id_map.clear()
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        return [(cell.execution_count, [dict(output) for output in cell.outputs]) for cell in notebook.cells[1:]]

    # ipykernel does not look at what is written to descriptors while pytest runs.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    with client.setup_kernel(env=environment):
        yield run_case


@pytest.fixture(scope="module")
def shared_kernel(tmp_path_factory):
    with kernel(tmp_path_factory.mktemp("kernel")) as run_case:
        yield run_case


def comparable(cells):
    """Outputs as text, without what is different in any two kernels: addresses, where packages are, how streams are cut."""
    merged = []
    for count, outputs in cells:
        kept = []
        for output in outputs:
            if kept and output["output_type"] == "stream" and kept[-1].get("name") == output["name"]:
                kept[-1] = {**kept[-1], "text": kept[-1]["text"] + output["text"]}
            else:
                kept.append(output)
        merged.append((count, kept))
    text = json.dumps(merged, sort_keys=True, ensure_ascii=False)
    text = re.sub(r"\\u001b\[[0-9;]*m", "", text)
    return re.sub(r"0x[0-9a-f]+", "0x", text).replace(str(Path.home()), "~")


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name, marks=[pytest.mark.thorough] * case.alone) for case in CASES if not case.differs],
)
def test_a_cell_puts_out_what_a_kernel_does(box, request, tmp_path, case):
    """Are numbers, streams, displays, results and errors the same as in a Jupyter kernel?"""
    here = comparable(run(box, *case.cells))
    for _ in range(10 if case.by_chance else 1):
        if case.alone:
            with kernel(tmp_path) as run_case:
                there = comparable(run_case(case))
        else:
            there = comparable(request.getfixturevalue("shared_kernel")(case))
        if here == there:
            return
    assert here == there


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.differs])
def test_a_cell_that_differs_puts_out_what_is_written(box, case):
    """Where a kernel puts out something else, is it what the table expects?"""
    assert re.search(case.here, comparable(run(box, *case.cells)), re.DOTALL)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASES if case.differs and not case.by_chance]
)
def test_what_is_said_to_differ_does(box, tmp_path, case):
    """Is no difference claimed that there is not?"""
    here = comparable(run(box, *case.cells))
    with kernel(tmp_path) as run_case:
        try:
            there = comparable(run_case(replace(case, alone=True)))
        except Exception as error:  # noqa: BLE001 - a kernel that ends, which is a difference
            there = repr(error)
    if case.name != "exit":  # the kernel ends only after it has answered
        assert here != there


def test_the_page_has_every_difference_and_no_other():
    """Is the table "What differs from a Jupyter kernel" in step with the cells?"""
    section = PAGE.partition("## What differs from a Jupyter kernel")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)[1:]
    assert sorted(row for row in rows if set(row) - set("- ")) == sorted({case.differs for case in CASES} - {""})


def test_the_page_has_every_limit_with_its_default():
    """Is the table of c.Sealed in step with what can be set?"""
    said = {name: int(value) for name, value in re.findall(r"^\| `c\.Sealed\.(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)}
    assert said == {each.name: getattr(Sealed(), each.name) for each in fields(Limits)}


def test_a_cell_changes_what_an_earlier_one_displayed(box):
    """Does it stand in the graded notebook as it would be seen in JupyterLab?"""
    sources = ("h = display('a', display_id='one')", "h.update('b')")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with box.session("ada", "lab") as session:
        assert (
            execute(
                notebook,
                session,
                None,
                "ada",
                Rules(SECONDS, {"ename": "CellTimeoutError", "evalue": "", "traceback": []}),
            )
            == []
        )
    assert notebook.cells[0].outputs[0].data == {"text/plain": "'b'"}


@pytest.mark.parametrize(
    "events",
    [
        [["display", {"text/plain": "x"}, {}, "id"]] * 3000 + [["update", {"text/plain": "x" * 9000}, {}, "id"]] * 10,
        [["display", {}, {}, None]] * 100_000,
        [["display", {"a/json": [[[["x"] * 9000]]]}, {"m": {"n": 5}}, None]] * 100,
        [["stream", "stdout", "x"]] * 100_000,
        [["error", "E", "x" * 1000, ["y" * 1000] * 10]] * 1000,
        [["clear", True], ["result", {"text/plain": "x" * 1000}, {}, 1]] * 10_000,
    ],
    ids=["updates", "empty displays", "json", "letters", "errors", "results"],
)
def test_outputs_are_bounded_outside_too(events):
    """Is a process that speaks past its own meter cut short, however it makes little into much?"""
    outputs = Outputs(200_000)
    for event in events:
        outputs.add(event)
    assert len(json.dumps(outputs.as_list())) < 500_000
    assert outputs.as_list()[-1]["text"].endswith(TOO_MUCH)


def test_little_that_is_shown_often_is_bounded():
    """Do empty lists, and displays of one id that all change together, count for the memory and time that they take?"""
    outputs = Outputs(1_000_000)
    for _ in range(100):
        outputs.add(["display", {}, {}, "x"])
    outputs.add(["update", {"application/json": [[]] * 240_000}, {}, "x"])
    assert len(json.dumps(outputs.as_list())) < 1_000_000
    outputs = Outputs(4_000_000)
    for _ in range(100_000):
        outputs.add(["display", {}, {}, "x"])
    assert len(outputs.as_list()) < 2_000


def test_an_answer_of_too_many_parts_is_not_read():
    """Does a message that is short, and large as objects, end the conversation where the grader says how many parts it expects?"""
    ours, theirs = (Wire(side) for side in socket.socketpair())
    parts = {"files": [[]] * 5000}
    with closing(ours.connection), closing(theirs.connection):
        theirs.send(parts)
        assert ours.receive() == parts
        theirs.send(parts)
        with ours.bounded(1 << 24, 4000), pytest.raises(WireError, match="too many parts"):
            ours.receive()
        theirs.send({"files": "x" * 5000})
        with ours.bounded(4000, 4000), pytest.raises(WireError, match="a message of 5"):
            ours.receive()


@pytest.mark.parametrize(
    "event", [[], ["stream"], ["stream", "stdin", "x"], ["display", 1, 2, 3], [["x"]], ["clear", 1]]
)
def test_an_event_of_no_known_shape_is_passed_over(event):
    """Can a process that sends anything at all make the grader stop?"""
    outputs = Outputs(1000)
    outputs.add(event)
    assert outputs.as_list() == []


# limits


def test_a_cell_that_takes_too_long_is_interrupted(box):
    """Is it stopped, with what it had put out, and does the next cell run?"""
    with box.session("ada", "lab") as session:
        ran = session.run("x = 1\nprint('on')\nwhile True: x += 1", 2)
        assert (ran.took_too_long, ran.count, session.ended()) == (True, 1, "")
        assert printed(ran.outputs) == "on\n"
        assert ran.outputs[-1]["ename"] == "KeyboardInterrupt"
        assert session.run("x > 1", SECONDS).outputs[0]["data"] == {"text/plain": "True"}


def test_an_interrupt_that_comes_before_the_first_cell_has_begun(box):
    """On a machine that is slow to fork, does it wait for the cell, instead of being lost, and the rest of the notebook with it?"""
    for _ in range(5):
        with box.session("ada", "lab") as session:
            ran = session.run("while True: pass", 1e-9)
            assert (ran.took_too_long, ran.count, session.ended()) == (True, 1, "")
            assert ran.outputs[-1]["ename"] == "KeyboardInterrupt"
            assert session.run("1", SECONDS).outputs[0]["data"] == {"text/plain": "1"}


def test_an_interrupt_does_not_meet_the_next_cell(box):
    """When a cell ends by itself just then, is the one after it left in peace, and is the process still there?"""
    with box.session("ada", "lab") as session:
        session.run("import time", SECONDS)
        for number in range(150):
            late = session.run(f"time.sleep({number % 30 * 1e-4})", 0.002).took_too_long
            ran = session.run("sum(range(30_000))", SECONDS)
            assert (ran.took_too_long, session.ended()) == (False, ""), late
            assert ran.outputs[0]["data"] == {"text/plain": "449985000"}


@pytest.mark.parametrize(
    "source",
    [
        "import signal\nsignal.signal(signal.SIGINT, lambda *_: None)\nwhile True: pass",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
    ],
    ids=["handles", "ignores", "blocks"],
)
def test_a_cell_that_ignores_the_interrupt_ends_its_process(box, monkeypatch, source):
    """Does the run go on, and is it said why the process is gone?"""
    monkeypatch.setattr("mlwf.grading.sandbox.GRACE", 0.5)
    with box.session("ada", "lab") as session:
        session.run("import signal", SECONDS)
        ran = session.run(source, 1)
        assert (ran.took_too_long, ran.count) == (True, None)
        assert session.ended() == "it could not be interrupted"
        assert session.run("1", SECONDS).outputs == []
        with pytest.raises(EndedError, match="could not be interrupted"):
            session.order("count", 1.0)
        assert (session.values(["x"]), session.call("f", [[1]]), session.left_behind()) == ({}, None, {})


def test_all_cells_together_have_a_limit(box):
    """Does a submission of many slow cells come to an end?"""
    with bounded(box, wall_seconds=0.6) as session:
        started = time.monotonic()
        while not session.ended() and time.monotonic() - started < 9:
            session.run("import time; time.sleep(0.2)", SECONDS)
        assert session.ended() == "all its cells together took longer than 0.6 seconds"


def test_output_is_cut(box):
    """Is what is too much dropped as it comes, with a line that says so, and the next cell's whole?"""
    with box.session("ada", "lab") as session:
        text = printed(session.run("for n in range(10**5): print('x' * 99)", SECONDS).outputs)
        assert LIMITS.output_kb * 1024 <= len(text) < LIMITS.output_kb * 1024 + 200
        assert text.endswith(f"... Output truncated: a cell may put out {LIMITS.output_kb} kB ...\n")
        assert printed(session.run("print('next')", SECONDS).outputs) == "next\n"


@pytest.mark.parametrize(
    "source", ["'x' * 10**6", "display(*['x' * 9000] * 99)", "import os; os.write(1, b'x' * 10**6);"]
)
def test_output_of_other_kinds_is_cut(box, source):
    """Is the limit one for results, displays and what is written past Python too?"""
    ((_, outputs),) = run(box, source)
    assert len(json.dumps(outputs)) < 1.2 * LIMITS.output_kb * 1024
    assert "Output truncated" in printed(outputs)


def test_memory_is_limited(box):
    """Is it an error in the cell that asks for too much at once, and the end of the process that takes it by and by?"""
    ((_, outputs),) = run(box, "x = bytearray(10**9)")
    assert outputs[0]["ename"] == "MemoryError"
    with bounded(box, memory_mb=100) as session:
        session.run(
            "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        x = bytearray(b'x') * (40 << 20)\n"
            "        time.sleep(9)\n        os._exit(0)\ntime.sleep(9)",
            SECONDS,
        )
        assert session.ended() == "it used more than 100 MB of memory"


def test_memory_of_a_process_with_an_odd_name_counts(box):
    """Is it seen what a process takes that calls itself by bytes that are no text?"""
    with bounded(box, memory_mb=100) as session:
        session.run(
            "import ctypes, os, time\nctypes.CDLL(None).prctl(15, b'\\xff\\xfe) x', 0, 0, 0)\n"
            "for _ in range(4):\n    if os.fork() == 0:\n        x = bytearray(b'x') * (40 << 20)\n"
            "        time.sleep(9)\n        os._exit(0)\ntime.sleep(9)",
            SECONDS,
        )
        assert session.ended() == "it used more than 100 MB of memory"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may see what processes share")
def test_memory_that_processes_share_counts_once(box):
    """May a submission have many processes that do little?"""
    with box.session("ada", "lab") as session:
        ran = session.run(
            "import os, time\npids = []\nfor _ in range(8):\n    pids.append(os.fork())\n    if pids[-1] == 0:\n"
            "        time.sleep(0.6); os._exit(0)\n[os.waitpid(pid, 0)[1] for pid in pids] == [0] * 8",
            SECONDS,
        )
        assert session.ended() == ""
        assert ran.outputs[0]["data"] == {"text/plain": "True"}


def test_processes_are_limited(box):
    """Does a fork bomb end with its own submission?"""
    with box.session("ada", "lab") as session, box.session("bob", "lab") as other:
        session.run("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", 1.0)
        assert other.run("1", SECONDS).count == 1
    assert wait_until(lambda: is_idle(box))


def test_a_file_is_limited(box):
    """Is a file that grows for ever stopped, and all files together?"""
    with box.session("ada", "lab") as session:
        ran = session.run("open('big', 'wb').write(bytes(20 << 20))", SECONDS)
        assert ran.outputs[-1]["ename"] == "OSError"
        ran = session.run("for n in range(99): open(f'part{n}', 'wb').write(bytes(1 << 20))", SECONDS)
        assert "No space left" in ran.outputs[-1]["evalue"]


def test_open_files_are_limited(box):
    """Is it an error in the cell?"""
    ((_, outputs),) = run(box, "kept = [open('/dev/null') for _ in range(500)]")
    assert "Too many open files" in outputs[0]["evalue"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import os; print('on', flush=True); os._exit(7)", "it ended itself with the code 7"),
        ("import os; print('on', flush=True); os._exit(0)", "it ended itself with the code 0"),
        ("print('on', flush=True)\nimport ctypes; ctypes.string_at(0)", "it ended with the signal SIGSEGV"),
        ("import os; print('on', flush=True); os.close(3)", "it ended itself with the code 0"),
    ],
)
def test_a_process_that_ends_says_why(box, source, why):
    """Is it told apart how a process ended, with what it had put out before?"""
    with box.session("ada", "lab") as session:
        ran = session.run(source, SECONDS)
        assert (session.ended(), ran.count, printed(ran.outputs)) == (why, None, "on\n")


def test_a_process_can_not_kill_itself_from_outside_its_namespace(box):
    """Do signals to everybody reach nobody else?"""
    with box.session("ada", "lab") as session, box.session("bob", "lab") as other:
        for source in ("import os; os.kill(-1, 9)", "os.kill(os.getppid(), 9)", "os.killpg(0, 0)"):
            session.run(source, SECONDS)
        assert other.run("1", SECONDS).count == 1
    assert box.is_alive


# values and calls


def test_values_are_plain(box):
    """Does only plain data come out, whatever a name holds?"""
    source = (
        "import numpy as np\na, b, c, d, e = 1, 2.5, 'x', None, ...\nf, g, h = [1], np.float64(3.5), 10**4000\n"
        "class Equal:\n    def __eq__(self, other): return True\n    __class__ = int\ni, j, k = Equal(), True, 'y' * 5000\nl = float('nan')"
    )
    with box.session("ada", "lab") as session:
        session.run(source, SECONDS)
        found = session.values([*"abcdefghijklm"])
    assert {name: found[name] for name in "abcdfg"} == {
        "a": 1, "b": 2.5, "c": "x", "d": None, "f": {"type": "list"}, "g": 3.5,
    }  # fmt: skip
    assert found["h"] == 10**1000
    assert (found["i"], found["j"], len(found["k"])) == ({"type": "Equal"}, {"type": "bool"}, 1000)
    assert found["l"] != found["l"]
    assert not {"e", "m"} & set(found)


def test_calls_are_plain(box):
    """Does a function's outcome come back for each input, errors by their name, and nothing that it prints?"""
    source = "def f(x):\n    print('noise')\n    return 12 // x\ndef g(x):\n    while True: pass\nn = 5\ndef out(x): raise SystemExit"
    with box.session("ada", "lab") as session:
        session.run(source, SECONDS)
        assert session.call("f", [[3], [0], ["x"]]) == [
            {"value": 4}, {"error": "ZeroDivisionError"}, {"error": "TypeError"},
        ]  # fmt: skip
        assert session.call("g", [[1], [2]]) == [{"error": "TimeoutError"}]
        assert session.call("out", [[1]]) == [{"error": "SystemExit"}]
        assert session.call("n", [[1]]) == 5
        assert session.run("1", SECONDS).outputs[0]["output_type"] == "execute_result"


def test_an_answer_is_believed_only_as_an_answer(box):
    """Is what a cell writes to the grader's own connection taken for an output, and no more?"""
    source = (
        "import os, json, struct\ndef say(m):\n    t = json.dumps(m).encode(); os.write(3, struct.pack('>I', len(t)) + t)\n"
        "x = 1\nfor n in range(100): say({'done': n, 'values': {'x': 99}, 'count': 99})\n"
        "say({'event': ['stream', 'stdout', 'forged']})"
    )
    with box.session("ada", "lab") as session:
        assert session.run(source, SECONDS).count == 1
        assert session.values(["x"]) == {"x": 1}


# files


def test_files_are_given_and_taken(box):
    """Does a cell find the files handed in, and are those that it writes returned, but no notebook and none as it was?"""
    given = {"data.csv": b"1,2", "sub/näme\n.txt": b"x", "own.ipynb": b"{}", "changed.txt": b"old"}
    with box.session("ada", "lab", given) as session:
        ran = session.run("import os\nsorted(os.listdir()), os.listdir('sub')", SECONDS)
        assert ran.outputs[0]["data"]["text/plain"] == (
            "(['changed.txt', 'data.csv', 'own.ipynb', 'sub'], ['näme\\n.txt'])"
        )
        session.run(
            "open('new.txt', 'w').write('n'); open('changed.txt', 'w').write('newer'); open('x.ipynb', 'w').write('{}')\n"
            "os.makedirs('deep/er'); open('deep/er/file', 'wb').write(b'\\0'); os.symlink('/etc/passwd', 'link'); os.mkfifo('fifo')\n"
            "os.chdir('/')",
            SECONDS,
        )
        assert session.left_behind() == {"new.txt": b"n", "changed.txt": b"newer", "deep/er/file": b"\0"}


@pytest.mark.parametrize(
    "name", ["ada", "naïve 日本 😀", "two\nlines", "..", ".", "a/b", "/etc", "x" * 300, "", "-rf", "a\0b", "\udcff"]
)
def test_any_name_has_a_folder_of_its_own(box, name):
    """Does a submission run, in a folder below /autograded, whatever the student and the assignment are called?"""
    with box.session(name, "lab", {"f": b"x"}) as session:
        ran = session.run(
            "import os\nopen('f').read(), os.path.realpath('.').startswith('/autograded/') and os.getcwd()[-4:]",
            SECONDS,
        )
        assert ran.outputs[0]["data"]["text/plain"] == "('x', '/lab')"


def test_two_submissions_do_not_see_each_other(box):
    """Is each alone with its names, its files and its processes?"""
    with box.session("ada", "lab") as one, box.session("bob", "lab") as two:
        one.run("secret = 1; open('/tmp/secret', 'w').write('x'); open('/dev/shm/secret', 'w').write('x')", SECONDS)
        for source, says in (
            ("'secret' in globals()", "False"),
            (
                "import os, glob\n[path for place in ('/tmp', '/dev/shm', '/autograded') for path in glob.glob(f'{place}/*')"
                " if path.endswith(('secret', 'ada'))]",
                "[]",
            ),
            ("[pid for pid in os.listdir('/proc') if pid.isdigit()]", "['1']"),
        ):
            assert two.run(source, SECONDS).outputs[0]["data"]["text/plain"] == says


def test_nobody_is_remembered(box):
    """Does a submission's memory hold no id of who was graded before?"""
    for name in ("nobody-else-is-named-so", "ben"):
        with box.session(name, "lab") as session:
            session.run(
                "import re\nneedle, named = re.compile(b'else-is-name[d]-so'), 0\n"
                "with open('/proc/self/mem', 'rb', 0) as memory:\n"
                "    for line in open('/proc/self/maps'):\n"
                "        start, end = (int(part, 16) for part in line.split()[0].split('-'))\n"
                "        for at in range(start, end, 1 << 20):\n"
                "            try:\n                memory.seek(at)\n"
                "                named += len(needle.findall(memory.read(min(1 << 20, end - at))))\n"
                "            except (OSError, ValueError, OverflowError): break",
                SECONDS,
            )
            assert (session.values(["named"])["named"] > 0) == (name != "ben")


def test_a_program_beside_the_notebook_can_be_called(box):
    """Does a script run that a course has put beside the notebook?"""
    with box.session("ada", "lab", {"bin/check.sh": b"#!/bin/sh\necho checked", "data.txt": b"x"}) as session:
        ran = session.run(
            "import os, subprocess\nsubprocess.run(['bin/check.sh'])\nos.access('data.txt', os.X_OK)", SECONDS
        )
        assert printed(ran.outputs) == "checked\n"
        assert ran.outputs[-1]["data"] == {"text/plain": "False"}


def test_files_for_which_there_is_no_room_are_named(box):
    """Is the rest laid, and do cells run, where a submission's files are too many, too large or too far down?"""
    large = {f"{number}.bin": b"x" * 16385 for number in range(1000)}  # five pages each, of which little is used
    for files, there in (
        (large, 700),
        ({f"{number}{'/d' * 19}/f": b"x" for number in range(1200)}, 900),
        ({"x" * 200 + "/": b"", f"{'y' * 300}": b"", "fine": b""}, 1),
    ):
        with box.session("ada", "lab", files) as session:
            session.run("import os\nn = sum(len(names) for _, _, names in os.walk('.'))", SECONDS)
            assert session.values(["n"]) == {"n": len(files) - len(session.lost)}
            assert there <= len(files) - len(session.lost) < len(files)


def test_two_submissions_draw_other_random_numbers(box):
    """Is a fork's generator not the zygote's?"""
    source = "import numpy, random\nnumpy.random.random(), random.random(), numpy.random.default_rng().random()"
    first, second = (run(box, source)[0][1][0]["data"]["text/plain"].strip("()").split(", ") for _ in range(2))
    assert all(one != two for one, two in zip(first, second, strict=True))


def test_a_traceback_does_not_look_into_every_module(box):
    """Does an error in a cell cost no walk through all that is imported, and still belong to no module?"""
    odd = """
import inspect, sys, types
class Odd(types.ModuleType):
    asked = 0
    @property
    def __file__(self):
        Odd.asked += 1
        return "odd.py"
sys.modules["odd"] = Odd("odd")
"""
    fails = "def f():\n    return 1 / 0\nf()"
    with box.session("ada", "lab") as session:
        session.run(odd, SECONDS)
        ran = session.run(fails, SECONDS)
        assert "ZeroDivisionError" in "".join(ran.outputs[0]["traceback"])
        assert (
            printed(session.run("print(Odd.asked, inspect.getmodule(sys._getframe()))", SECONDS).outputs) == "0 None\n"
        )


# values


def test_values_that_come_with_a_cell_are_those_after_it(box):
    """Is what was asked for with a cell known without a question, until something else runs?"""
    with box.session("ada", "lab") as session:
        session.run("x, y = 1, ...\ndef f(): global x; x += 1", SECONDS, ["x", "y", "z"])
        sent = session._number
        assert session.values(["x"]) == {"x": 1}
        assert session.values(["y", "z"]) == {}
        assert session._number == sent
        assert session.values(["x", "f"]) == {"x": 1, "f": {"type": "function"}}
        assert session._number == sent + 1
        session.run("x = 5", SECONDS, ["x"])
        session.call("f", [[]])
        assert session.values(["x"]) == {"x": 6}
        session.run("x = 7", SECONDS, ["x"])
        session.run("x = 8", SECONDS)
        assert session.values(["x"]) == {"x": 8}


def test_values_of_a_process_that_ended_are_not_made_up(box):
    """Is nothing known of a cell that ended its process, although something was known before?"""
    with box.session("ada", "lab") as session:
        session.run("x = 1", SECONDS, ["x"])
        session.run("x = 2; import os; os._exit(0)", SECONDS, ["x"])
        assert session.ended()
        assert session.values(["x"]) == {}


def test_values_come_with_a_cell_that_took_too_long(box):
    """Is what a cell had assigned before it was interrupted known as it would be by a question?"""
    with box.session("ada", "lab") as session:
        assert session.run("x = 3\nwhile True: pass", 2, ["x"]).took_too_long
        assert session.values(["x"]) == {"x": 3}


# beginnings and ends


def test_nothing_is_left_after_the_end(tmp_path, monkeypatch):
    """Are all processes gone and reaped, and the folder too, although a cell left processes behind?"""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Sandbox(World(), LIMITS) as sandbox:
        with sandbox.session("ada", "lab") as session:
            session.run(
                "import os, subprocess, time\nsubprocess.Popen(['sleep', '99'], start_new_session=True)\n"
                "import threading; threading.Thread(target=time.sleep, args=(99,)).start()\nif os.fork() == 0:\n    os.setsid(); time.sleep(99)",
                SECONDS,
            )
            assert len(family(sandbox)) > 4
        assert wait_until(lambda: is_idle(sandbox))
        assert not [each for each in family(sandbox) if each.status() == psutil.STATUS_ZOMBIE]
        everybody = family(sandbox)
    assert wait_until(lambda: not any(each.is_running() for each in everybody))
    assert list(tmp_path.iterdir()) == []


def test_a_session_whose_grader_is_gone_ends(box):
    """Does a worker that is killed leave no process behind?"""
    reader, writer = os.pipe()
    worker = os.fork()
    if worker == 0:
        try:
            with box.session("ada", "lab") as session:
                session.run("1", 99)
                os.write(writer, b"x")
                session.run("while True: pass", 99)
        finally:
            os._exit(1)
    os.read(reader, 1)
    os.close(reader)
    os.close(writer)
    assert not is_idle(box)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    assert wait_until(lambda: is_idle(box))


def test_a_zygote_that_is_killed_can_be_started_again(tmp_path, monkeypatch):
    """Is it seen, said in one line, and mended by a new start?"""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Sandbox(World(), LIMITS) as sandbox:
        assert [count for count, _ in run(sandbox, "1")] == [1]
        zygote_of(sandbox).kill()
        assert wait_until(lambda: not sandbox.is_alive)
        with pytest.raises(GradingError, match="has ended; grade again"), sandbox.session("ada", "lab"):
            pass
        sandbox.close()
        sandbox.start()
        sandbox.wait()
        assert [count for count, _ in run(sandbox, "1")] == [1]


@pytest.mark.parametrize("is_shared", [True, False])
def test_the_end_of_a_zygote_is_not_the_fault_of_each(is_shared):
    """Is a submission graded again, and not marked as if it had ended itself, where another may have been the reason?"""
    with Sandbox(World(), LIMITS) as sandbox:
        sandbox.is_shared = is_shared
        with sandbox.session("ada", "lab") as session:
            session.run("1", SECONDS)
            zygote_of(sandbox).kill()
            assert wait_until(lambda: not sandbox.is_alive)
            if is_shared:
                with pytest.raises(GradingError, match="has ended"):
                    session.run("1", SECONDS)
            else:
                session.run("1", SECONDS)
                assert session.ended()


def test_a_temporary_folder_may_have_a_long_name(tmp_path, monkeypatch):
    """Do the walls stand where $TMPDIR is longer than a socket's name may be?"""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with Sandbox(World(), LIMITS) as sandbox:
        assert [count for count, _ in run(sandbox, "1")] == [1]


def test_no_walls_are_refused_in_one_line(monkeypatch, tmp_path):
    """Is it said what to install where there is no bubblewrap, and what went wrong where it is not allowed?"""
    monkeypatch.setenv("PATH", str(tmp_path))
    sandbox = Sandbox(World(), LIMITS)
    with pytest.raises(GradingError, match="there is no bwrap; install bubblewrap"):
        sandbox.start()
    sandbox.close()
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    sandbox = Sandbox(World(), LIMITS)
    sandbox.start()
    with pytest.raises(GradingError, match="No permissions to create new namespace; install bubblewrap"):
        sandbox.wait()
    sandbox.close()


def test_all_layers_are_there(box):
    """Does a machine with bubblewrap and libseccomp have every wall?"""
    assert [name for name, says in box.layers().items() if not says] == []


# without walls


@pytest.fixture(scope="module")
def open_field():
    with Sandbox(World(usual_modules(), sealed=False), LIMITS) as sandbox:
        yield sandbox


def test_without_walls_cells_run_as_well(open_field, box):
    """Are outputs, values and files the same?"""
    sources = ("import os\nx = 5\nprint(x)", "x / 0", "open('left', 'w').write('l')", "os.getcwd()[-8:]")
    assert comparable(run(open_field, *sources)) == comparable(run(box, *sources))
    with open_field.session("ada", "lab", {"f": b"x"}) as session:
        session.run("x = open('f').read(); open('left', 'w').write('l')", SECONDS)
        assert (session.values(["x"]), session.left_behind()) == ({"x": "x"}, {"left": b"l"})
    assert open_field.layers() == {}


def test_without_walls_a_signal_without_a_name_ends_one_alone(open_field):
    """Is it told, and does the zygote live on, when a process chose to be killed by a signal for real time?"""
    with open_field.session("ada", "lab") as session, open_field.session("ben", "lab") as other:
        session.run("import os; os.kill(os.getpid(), 40)", SECONDS)
        assert session.ended() == "it ended with the signal 40"
        assert other.run("1", SECONDS).count == 1
    assert open_field.is_alive


def test_without_walls_processes_end_too(open_field):
    """Are the processes that a cell left behind ended with the submission, as far as they descend from it?"""
    with open_field.session("ada", "lab") as session:
        session.run(
            "import subprocess\nfor _ in range(3): subprocess.Popen(['sleep', '98'], start_new_session=True)", SECONDS
        )
        everybody = family(open_field)
        assert len(everybody) > 4
    assert wait_until(lambda: is_idle(open_field))
    assert wait_until(
        lambda: not any(is_alive(each) for each in everybody[1:])
    )  # who is orphaned may be seen by nobody at once
    with open_field.session("ada", "lab") as session:
        session.run("while True: pass", 0.2)
    assert wait_until(lambda: is_idle(open_field))


# elsewhere: other users, other interpreters

SMALL = """
import sys
from mlwf.grading.inside.limits import Limits
from mlwf.grading.sandbox import Sandbox
from mlwf.grading.walls import World
limits = Limits(memory_mb=300, cpu_seconds=60, wall_seconds=60, processes=24, file_mb=16, open_files=128, output_kb=256)
with Sandbox(World(), limits) as sandbox:
    with sandbox.session("ada", "lab", {"f": b"x"}) as session:
        session.run("import os\\nx = open('f').read() + str(6 * 7)", 20)
        session.run("import tempfile\\ny = tempfile.gettempdir(); open('/tmp/z', 'w').write('z')", 20)
        session.run("import sys, subprocess; u = subprocess.run([sys.executable, '-c', '']).returncode", 20)
        print(session.values(["x", "y", "u"]))
    print([name for name, says in sandbox.layers().items() if not says])
"""
SAID = ["{'x': 'x42', 'y': '/tmp', 'u': 0}", "[]"]


def small(interpreter, *before, layers=True):
    """Run a small submission sealed in, by another interpreter or user."""
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": "/tmp"}
    said = subprocess.run(
        [*before, str(interpreter), "-c", SMALL],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert said.stdout.splitlines()[: 1 + layers] == SAID[: 1 + layers], said.stderr[-2000:]


def test_an_environment_below_tmp_is_seen():
    """Does a submission find its interpreter and packages, though its own /tmp hides the machine's?"""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        venv = Path(folder, "venv")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", str(venv)], check=True)
        packages = Path(next(path for path in sys.path if path.endswith("site-packages")))
        (next(venv.glob("lib/python*/site-packages")) / "all.pth").write_text(f"{packages}\n")
        small(venv / "bin" / "python", layers=False)


def test_an_ordinary_user_has_the_same_walls():
    """Does it work without root, by user namespaces?"""
    small(sys.executable, "unshare", "--user", "--map-user=1000", "--map-group=1000")
