"""The student's record: real files, real processes, real kills, and every way a disk has to say no."""

import errno
import fcntl
import itertools
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from mlwf import ledger as module
from mlwf.ledger import Ledger

pytestmark = pytest.mark.thorough

OTHER = {"chapter": 1, "design": {"answer": 42}, "by": "another program"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
DAMAGE = {
    "empty": b"",
    "cut off": b'{"track": null, "history": [{"chap',
    "not text": b"\x80\x81\xfe",
    "UTF-16": '{"history": []}'.encode("utf-16"),
    "zeros after a power cut": bytes(4096),
    "a list": b"[]",
    "a number": b"3",
    "history is no list": b'{"history": {"3": {}}}',
    "NaN": b'{"history": [], "score": NaN}',
    "infinite": b'{"history": [], "score": -Infinity}',
    "more than a float holds": b'{"history": [], "score": 1e999}',
    "more digits than Python reads": b'{"history": [], "score": ' + b"9" * 5000 + b"}",
    "nested beyond any stack": b"[" * 100_000,
    "nested beyond reason": b'{"history": ' + b"[" * 200 + b"]" * 200 + b"}",
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "home" / "ledger.json"


@pytest.fixture
def start():
    """Start Python on some code, with warnings as errors; whatever still runs at the end of the test is killed."""
    started = []

    def run(code, *arguments, **options):
        command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)
        started.append(child)
        return child

    yield run
    for child in started:
        child.kill()
        child.wait()
        child.stdout.close()


def finished(child):
    out, _ = child.communicate(timeout=300)
    assert child.returncode == 0
    return json.loads(out) if out else None


def put(**values):
    """Return a change that sets these keys and keeps the others."""
    return lambda design: design | values


def store(file, document):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))


def stored(file):
    return json.loads(file.read_text())


def beside(file, pattern="*"):
    return sorted(path for path in file.parent.glob(pattern) if path.name not in (file.name, f"{file.name}.lock"))


def test_what_is_stored_comes_back(file):
    """Does a notebook that is opened again find the student's choices, in a file as other labs expect it?"""
    before = datetime.now(UTC) - timedelta(seconds=1)
    ledger = Ledger(file)
    assert ledger.read(3) == {}
    assert ledger.update(3, lambda design: {"decay_rate": 0.95}) == {"decay_rate": 0.95}
    assert (ledger.problem, ledger.notice) == ("", "")
    again = Ledger(file)
    assert again.read(3) == ledger.read(3) == {"decay_rate": 0.95}
    assert again.read(5) == {}
    document = stored(file)
    assert before <= datetime.fromisoformat(document.pop("last_updated")) <= datetime.now(UTC)
    assert document == {
        "track": None,
        "current_chapter": 3,
        "history": [{"chapter": 3, "design": {"decay_rate": 0.95}}],
    }
    assert beside(file) == []


@settings(max_examples=60)
@given(design=st.dictionaries(st.text(), JSON, max_size=5))
def test_any_plain_design_comes_back_as_it_was(design):
    """Does the file give back every JSON value exactly, its type and the order of its keys included?"""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger.json")
        ledger.update(3, lambda _: {"earlier": True})
        for kept in (ledger.update(3, lambda _: design), Ledger(ledger.path).read(3)):
            assert json.dumps(kept) == json.dumps(design)


def test_what_is_not_ours_is_kept(file):
    """Do other chapters, and keys that we don't know, outlive a save on every level?"""
    odd = [{"chapter": 3, "design": "prose"}, "prose", None, {"chapter": "3", "design": {}}]
    store(
        file,
        {
            "colour": "green",
            "track": "mobile",
            "current_chapter": 1,
            "history": [OTHER, {"design": {"theirs": [1]}, "note": "mine", "chapter": 3}, *odd],
        },
    )
    ledger = Ledger(file)
    assert ledger.update(3, put(ours=2)) == {"theirs": [1], "ours": 2}
    document = stored(file)
    assert document.pop("last_updated")
    assert document == {
        "colour": "green",
        "track": "mobile",
        "current_chapter": 3,
        "history": [OTHER, *odd, {"design": {"theirs": [1], "ours": 2}, "note": "mine", "chapter": 3}],
    }


def test_a_foreign_file_is_kept(file):
    """Does the file of another program keep all that it holds, also one with a mark of its editor at the start?"""
    file.parent.mkdir()
    file.write_bytes(b'\xef\xbb\xbf{"settings": {"history": 3}}')
    ledger = Ledger(file)
    ledger.update(3, put(a=1))
    assert stored(file)["settings"] == {"history": 3}
    assert (ledger.problem, ledger.notice, beside(file)) == ("", "", [])


def test_repeated_entries_become_one(file):
    """Is the newest of a chapter's entries read, and does one remain once something is saved?"""
    store(
        file,
        {"history": [{"chapter": 3, "design": {"n": 1}}, OTHER, {"chapter": 3, "design": {"n": 2}, "by": "us"}]},
    )
    ledger = Ledger(file)
    assert ledger.read(3) == {"n": 2}
    ledger.update(3, put(m=1))
    assert stored(file)["history"] == [OTHER, {"chapter": 3, "design": {"n": 2, "m": 1}, "by": "us"}]


def test_only_a_difference_is_written(file):
    """Is the file left alone when nothing changed, and written when only a type did?"""
    ledger = Ledger(file)
    ledger.update(3, lambda _: {"a": 1, "b": {"c": None, "d": []}})
    before = file.stat(), file.read_bytes()
    ledger.update(3, lambda design: design)
    ledger.update(3, lambda _: {"b": {"d": [], "c": None}, "a": 1})
    ledger.update(4, lambda design: design)
    Ledger(file).update(3, lambda design: design)
    after = file.stat(), file.read_bytes()
    assert (after[0].st_ino, after[0].st_mtime_ns, after[1]) == (before[0].st_ino, before[0].st_mtime_ns, before[1])
    for value in (True, 1.0, 1):
        assert (
            type(ledger.update(3, put(a=value))["a"]) is type(stored(file)["history"][0]["design"]["a"]) is type(value)
        )


def test_reading_leaves_no_trace(file):
    """Does looking create nothing, not even the folder?"""
    assert Ledger(file).read(3) == {}
    assert not file.parent.exists()


@pytest.mark.parametrize("where", ["file", "memory"])
def test_the_record_changes_through_update_alone(file, where):
    """Is what the ledger hands out and takes in a copy, so that nobody changes the record in passing?"""
    ledger = Ledger(file if where == "file" else ":memory:")
    design = {"list": [1]}
    ledger.update(3, lambda _: design)["list"].append(2)
    design["list"].append(3)
    ledger.read(3)["list"].append(4)

    def spoil(given):
        given["list"].append(5)
        raise KeyError("the programmer's own")

    with pytest.raises(KeyError, match="own"):
        ledger.update(3, spoil)
    assert ledger.read(3) == {"list": [1]}
    assert ledger.update(3, put(more=1)) == {"list": [1], "more": 1}


@pytest.mark.parametrize("where", ["file", "memory"])
def test_a_change_that_calls_its_ledger_is_refused(file, where):
    """Does a programmer hear at once of a change that would wait for itself, and does the ledger go on?"""
    ledger = Ledger(file if where == "file" else ":memory:")
    for call in (ledger.read, lambda chapter: ledger.update(chapter, put(a=1))):
        with pytest.raises(RuntimeError, match="must not call the ledger"):
            ledger.update(3, lambda design, call=call: call(3))
    assert ledger.update(3, put(a=2)) == {"a": 2}
    assert ledger.problem == ""


def nested(levels):
    design = {}
    for _ in range(levels):
        design = {"in": design}
    return design


def endless():
    design = {}
    design["in"] = design
    return design


@pytest.mark.parametrize(
    ("design", "error", "says"),
    [
        ({"gates": {"a"}}, TypeError, r"design\['gates'\] must be a plain JSON value, not set"),
        ({"gates": ["a", ("b",)]}, TypeError, r"design\['gates'\]\[1\] must be a plain JSON value, not tuple"),
        ({"a": {"when": datetime.now(UTC)}}, TypeError, r"design\['a'\]\['when'\] .* not datetime"),
        ({"a": {3: "x"}}, TypeError, r"design\['a'\] must have keys of text, not 3"),
        ({"rate": float("nan")}, ValueError, r"design\['rate'\] can't be written as JSON"),
        ({"rate": [float("-inf")]}, ValueError, r"design\['rate'\]\[0\] can't be written as JSON"),
        ({"big": 10**5000}, ValueError, r"design\['big'\] can't be written as JSON"),
        (nested(200), ValueError, r"design(\['in'\])+ is nested too deeply"),
        (endless(), ValueError, r"design(\['in'\])+ is nested too deeply"),
        (None, TypeError, r"design must be a dict, not NoneType"),
        ([], TypeError, r"design must be a dict, not list"),
    ],
    ids=lambda value: "" if isinstance(value, type | str) else None,
)
@pytest.mark.parametrize("where", ["file", "memory"])
def test_what_json_cannot_hold_is_refused(file, where, design, error, says):
    """Does a programmer hear which key can't be stored, with the record as it was?"""
    ledger = Ledger(file if where == "file" else ":memory:")
    ledger.update(3, put(a=1))
    with pytest.raises(error, match=says):
        ledger.update(3, lambda _: design)
    assert ledger.read(3) == {"a": 1}


def test_the_deepest_design_that_is_taken_can_be_read(file):
    """Is every design that passes also one that the next notebook doesn't take for damage?"""
    ledger = Ledger(file)
    for levels in itertools.count(1):
        try:
            ledger.update(3, lambda _, levels=levels: nested(levels))
        except ValueError:
            break
        fresh = Ledger(file)
        assert fresh.read(3) == nested(levels)
        assert not fresh.notice
    assert levels > 50


# --- Where it is -----------------------------------------------------------------------------------------------------


def test_the_environment_names_the_file(tmp_path, monkeypatch):
    """Is the file where MLWF_LEDGER says, else in the home folder, and where the caller says before both?"""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLWF_LEDGER", "~/course/mine.json")
    assert Ledger().path == tmp_path / "course" / "mine.json"
    assert Ledger(tmp_path / "other.json").path == Ledger("other.json").path == tmp_path / "other.json"
    for unset in (lambda: monkeypatch.setenv("MLWF_LEDGER", ""), lambda: monkeypatch.delenv("MLWF_LEDGER")):
        unset()
        assert Ledger().path == tmp_path / ".mlsys" / "ledger.json"
    Ledger().update(3, put(a=1))
    assert stored(tmp_path / ".mlsys" / "ledger.json")["current_chapter"] == 3


def test_memory_writes_nothing(tmp_path, monkeypatch):
    """Does a reader's page keep its state without touching any disk?"""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLWF_LEDGER", ":memory:")
    monkeypatch.chdir(tmp_path)
    ledger = Ledger()
    ledger.update(1, put(a=1))
    assert ledger.update(3, put(a=2)) == ledger.read(3) == {"a": 2}
    assert ledger.update(3, put(b=3)) == {"a": 2, "b": 3}
    assert (ledger.read(1), ledger.path, ledger.problem) == ({"a": 1}, None, "")
    assert list(tmp_path.iterdir()) == []
    assert Ledger().read(3) == {}


def test_no_home_costs_the_save_not_the_lab():
    """Does a student without a home folder get a sentence, and a lab?"""
    ledger = Ledger("~no-such-user-here/ledger.json")
    assert ledger.update(3, put(a=1)) == ledger.read(3) == {"a": 1}
    assert "can't be saved in ~no-such-user-here/ledger.json" in ledger.problem


def test_a_link_is_written_through(tmp_path):
    """Does a ledger that is a link stay one, with its target changed, also when there is no target yet?"""
    target, link = tmp_path / "disk" / "real.json", tmp_path / "ledger.json"
    link.symlink_to(target)
    for n in range(3):
        Ledger(link).update(3, put(n=n))
        assert link.is_symlink()
        assert not target.is_symlink()
        assert stored(target)["history"][0]["design"] == {"n": n}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "ledger.json"]
    target.write_bytes(b"{")
    assert Ledger(link).read(3) == {}
    assert link.is_symlink()
    assert [path.read_bytes() for path in beside(target)] == [b"{"]


def test_the_file_is_private_and_keeps_the_mode_it_was_given(file):
    """Is a new file the student's alone, and is a mode that somebody chose respected?"""
    ledger = Ledger(file)
    ledger.update(3, put(n=0))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for mode in (0o644, 0o660):
        file.chmod(mode)
        ledger.update(3, put(n=mode))
        assert stat.S_IMODE(file.stat().st_mode) == mode


# --- More than one at it ---------------------------------------------------------------------------------------------

HAMMER = """
import json, sys
from mlwf.ledger import Ledger
ledger, own, times = Ledger(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
sys.stdin.readline()
add = lambda design: design | {"n": design.get("n", 0) + 1}
for _ in range(times):
    ledger.update(3, add)
    ledger.update(own, add)
while ledger.problem:
    ledger.read(3)
print(json.dumps(ledger.notice))
"""


def test_two_processes_lose_nothing(file, start):
    """Do two notebooks that save as fast as they can both find every change of both?"""
    children = [start(HAMMER, file, own, 100, stdin=subprocess.PIPE) for own in (1, 2)]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    assert [finished(child) for child in children] == ["", ""]
    ledger = Ledger(file)
    assert [ledger.read(chapter)["n"] for chapter in (1, 2, 3)] == [100, 100, 200]
    assert len(stored(file)["history"]) == 3
    assert beside(file) == []


@pytest.fixture
def restless():
    """Let threads take turns as often as Python can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize("where", ["file", "memory"])
def test_threads_lose_nothing(file, where, restless):
    """May the widgets' threads share one ledger?"""
    ledger = Ledger(file if where == "file" else ":memory:")
    add = lambda design: {"n": design.get("n", 0) + 1}  # noqa: E731
    threads = [threading.Thread(target=lambda: [ledger.update(3, add) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.read(3) == {"n": 200}


def test_a_notebook_sees_what_another_saved(file):
    """Do two open notebooks build on each other's work rather than on what they remember?"""
    one, two = Ledger(file), Ledger(file)
    one.update(3, put(a=1))
    assert two.update(3, put(b=2)) == {"a": 1, "b": 2}
    assert one.read(3) == {"a": 1, "b": 2}
    file.unlink()
    assert one.read(3) == {}
    assert one.update(3, put(c=3)) == {"c": 3}


def test_a_lock_that_is_held_is_said_and_waited_for_briefly(file, monkeypatch):
    """Does a stuck program cost a few seconds once, and are the changes that waited saved on top of its work?"""
    monkeypatch.setattr(module, "PATIENCE", 3)
    ledger, other = Ledger(file), Ledger(file)
    ledger.update(3, put(n=1))
    with FileLock(f"{file}.lock"):
        began = time.monotonic()
        assert ledger.update(3, lambda design: {**design, "n": design["n"] + 1}) == {"n": 2}
        assert time.monotonic() - began >= 3
        assert "another notebook" in ledger.problem
        assert str(file.parent) in ledger.problem
        began = time.monotonic()
        assert ledger.update(3, lambda design: {**design, "n": design["n"] + 1}) == ledger.read(3) == {"n": 3}
        assert time.monotonic() - began < 3
        assert Ledger(file).read(3) == {"n": 1}
    other.update(3, put(n=11, other=True))
    other.update(1, put(a=1))
    assert ledger.update(3, lambda design: design) == {"n": 13, "other": True}
    assert ledger.problem == ""
    assert [Ledger(file).read(chapter) for chapter in (1, 3)] == [{"a": 1}, {"n": 13, "other": True}]


def test_reading_alone_saves_what_waited(file, monkeypatch):
    """Is a change that could not be saved written at the next look, without another change?"""
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    ledger = Ledger(file)
    file.parent.mkdir()
    with FileLock(f"{file}.lock"):
        ledger.update(3, put(n=1))
        assert ledger.problem
    assert ledger.read(3) == Ledger(file).read(3) == {"n": 1}
    assert ledger.problem == ""


def test_a_disk_without_locks_costs_the_save(file, monkeypatch):
    """Is nothing written, and no warning shown, where two notebooks could not be kept apart?"""

    def missing(*_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", missing)
    ledger = Ledger(file)
    assert ledger.update(3, put(n=1)) == ledger.read(3) == {"n": 1}
    assert "can't be saved" in ledger.problem
    assert not file.exists()


# --- Killed in the middle --------------------------------------------------------------------------------------------

SAVER = """
import sys
from mlwf.ledger import Ledger
ledger = Ledger(sys.argv[1])
n = ledger.read(3).get("n", 0)
while True:
    n += 1
    ledger.update(3, lambda design: {"n": n, "all": [n] * 3000})
    print(n, flush=True)
"""
KILLED_AT = """
import os, pathlib, signal, sys
from mlwf.ledger import Ledger
ledger = Ledger(sys.argv[1])
ledger.update(3, lambda design: {"n": 1})
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
real = os.fsync
match sys.argv[2]:
    case "half written":
        os.fsync = lambda fd: (os.ftruncate(fd, 40), die())
    case "written":
        pathlib.Path.replace = die
    case "replaced":
        pathlib.Path.replace = lambda path, to: (os.replace(path, to), die())
ledger.update(3, lambda design: {"n": 2})
"""


def check_after_kill(file, least):
    """Check that the file is whole and that life goes on; return the number in it."""
    ledger = Ledger(file)
    design = ledger.read(3)
    assert design["n"] >= least
    assert set(design.get("all", [])) <= {design["n"]}
    ledger.update(1, put(seen=design["n"]))
    assert (ledger.problem, ledger.notice, beside(file)) == ("", "", [])
    return design["n"]


def test_a_kill_at_any_time_leaves_a_whole_file(file, start):
    """Does a process that is killed while it saves leave the old or the new file, and a lock that opens?"""
    last = 0
    for number in range(8):
        child = start(SAVER, file)
        said = int(child.stdout.readline())
        time.sleep(0.013 * number)
        child.send_signal(signal.SIGKILL)
        said = max([said, *map(int, re.findall(r"(\d+)\n", child.stdout.read()))])
        assert child.wait() == -signal.SIGKILL
        assert said > last
        last = check_after_kill(file, least=said)


@pytest.mark.parametrize(("moment", "n", "strays"), [("half written", 1, 1), ("written", 1, 1), ("replaced", 2, 0)])
def test_a_kill_at_the_worst_moments(file, start, moment, n, strays):
    """Is the old file there until the new one is complete, and does the next save clear away what lay about?"""
    assert start(KILLED_AT, file, moment).wait(timeout=60) == -signal.SIGKILL
    assert len(beside(file, "*.saving-*")) == strays
    assert check_after_kill(file, least=n) == n


# --- Damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["read", "update"])
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_set_aside(file, kind, call):
    """Is a file that can't be understood kept byte for byte under a name that the student is told?"""
    file.parent.mkdir()
    file.write_bytes(DAMAGE[kind])
    ledger = Ledger(file)
    assert ledger.update(3, put(a=1)) == {"a": 1} if call == "update" else ledger.read(3) == {}
    [aside] = beside(file)
    assert re.fullmatch(r"ledger\.json\.damaged-\d{8}T\d{6}Z", aside.name)
    assert aside.read_bytes() == DAMAGE[kind]
    assert str(aside) in ledger.notice
    assert file.exists() == (call == "update")
    ledger.update(3, put(b=2))
    assert ledger.problem == ""
    assert Ledger(file).read(3)["b"] == 2
    assert beside(file) == [aside]


def test_nothing_set_aside_is_ever_overwritten(file):
    """Do three damaged files within a second all stay?"""
    file.parent.mkdir()
    notices = set()
    for number in range(3):
        file.write_bytes(b"damage %d" % number)
        ledger = Ledger(file)
        ledger.read(3)
        notices.add(ledger.notice)
    assert sorted(path.read_bytes() for path in beside(file)) == [b"damage 0", b"damage 1", b"damage 2"]
    assert len(notices) == 3


def test_a_folder_in_its_place_is_set_aside(file):
    """Is a folder named like the ledger moved away with all that is in it?"""
    file.mkdir(parents=True)
    (file / "thesis.txt").write_text("years")
    ledger = Ledger(file)
    assert ledger.update(3, put(a=1)) == {"a": 1}
    [aside] = beside(file)
    assert (aside / "thesis.txt").read_text() == "years"
    assert str(aside) in ledger.notice
    assert Ledger(file).read(3) == {"a": 1}


def test_a_wrong_setting_moves_nothing(tmp_path):
    """Is a folder, or something that is no file, left where it is if MLWF_LEDGER names it by mistake?"""
    folder, pipe = tmp_path / "work", tmp_path / "pipe"
    folder.mkdir()
    os.mkfifo(pipe)
    for place in (folder, pipe):
        ledger = Ledger(place)
        assert ledger.update(3, put(a=1)) == ledger.read(3) == {"a": 1}
        assert f"{place} can't be read and is left as it is (it is not a file)" in ledger.problem
        assert ledger.notice == ""
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe", "work"]


def test_a_file_that_another_notebook_repaired_is_not_set_aside(file):
    """If two notebooks find the damage, does the second leave the first one's new file alone?"""
    file.parent.mkdir()
    file.write_bytes(b"{")
    ledger, read = Ledger(file), []
    with FileLock(f"{file}.lock"):
        thread = threading.Thread(target=lambda: read.append(ledger.read(3)))
        thread.start()
        time.sleep(0.2)
        store(file, {"history": [{"chapter": 3, "design": {"new": 1}}]})
    thread.join()
    assert read == [{"new": 1}]
    assert (ledger.notice, beside(file)) == ("", [])


# --- Disks that say no -----------------------------------------------------------------------------------------------


def test_a_place_that_cannot_be_costs_the_save_not_the_lab(tmp_path):
    """Does the lab go on where nothing can be saved, and is all of it saved once that has changed?"""
    blocked = tmp_path / "home"
    blocked.write_text("a file, where the folder should be")
    ledger = Ledger(blocked / "ledger.json")
    assert ledger.read(3) == {}
    for n in range(3):
        assert ledger.update(3, put(**{f"key{n}": n}))[f"key{n}"] == n
        assert f"Your progress can't be saved in {blocked} (a file stands where a folder should be)" in ledger.problem
        assert "MLWF_LEDGER" in ledger.problem
    assert ledger.update(1, put(a=1)) == {"a": 1}
    assert ledger.read(3) == {"key0": 0, "key1": 1, "key2": 2}
    blocked.unlink()
    ledger.update(3, put(last=True))
    assert (ledger.problem, ledger.notice) == ("", "")
    fresh = Ledger(ledger.path)
    assert fresh.read(3) == {"key0": 0, "key1": 1, "key2": 2, "last": True}
    assert fresh.read(1) == {"a": 1}


UNPRIVILEGED = """
import json, os, sys, tempfile
from mlwf.ledger import Ledger
with tempfile.TemporaryDirectory() as folder:  # loads whatever Python loads late, while it can still be read
    for _ in range(2):
        Ledger(folder + "/ledger.json").update(3, lambda design: {"n": len(design)})
if os.geteuid() == 0:  # no permission binds root
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
said = {}
for name in sys.argv[1:]:
    ledger = Ledger(name)
    read = ledger.read(3)
    ledger.update(3, lambda design: design | {"a": 1})
    said[name] = [read, ledger.update(3, lambda design: design | {"b": 2}), ledger.read(3), ledger.problem, ledger.notice]
print(json.dumps(said))
"""


def test_permissions_cost_the_save_not_the_lab(start):
    """Does a student who may not write, or not even read, get a lab and a sentence, with the disk as it was?"""
    with tempfile.TemporaryDirectory() as name:
        public = Path(name)
        public.chmod(0o755)  # so that another user gets as far as the folders below
        old = {"history": [{"chapter": 3, "design": {"old": True}}]}
        readable, damaged, hidden, shut, empty = (
            public / folder / "ledger.json" for folder in ("readable", "damaged", "hidden", "shut", "empty")
        )
        for file in (readable, damaged, hidden, shut):
            store(file, old)
        damaged.write_bytes(b"{")
        hidden.chmod(0o000)
        empty.parent.mkdir()
        for file, mode in ((readable, 0o555), (damaged, 0o555), (hidden, 0o777), (shut, 0o000), (empty, 0o555)):
            file.parent.chmod(mode)
        try:
            before = {file: file.parent.stat().st_mtime_ns for file in (readable, damaged, shut, empty)}
            said = finished(start(UNPRIVILEGED, readable, damaged, hidden, shut, empty))
            assert {file: file.parent.stat().st_mtime_ns for file in before} == before
        finally:
            for file in (readable, damaged, hidden, shut, empty):
                file.parent.chmod(0o755)
        hidden.chmod(0o600)
        assert stored(readable) == stored(hidden) == stored(shut) == old
        assert damaged.read_bytes() == b"{"
        assert beside(hidden) == []
        for file in (readable, empty):
            first = {"old": True} if file is readable else {}
            new = {**first, "a": 1, "b": 2}
            assert said[str(file)][:3] == [first, new, new]
            assert f"can't be saved in {file.parent} (permission denied)" in said[str(file)][3]
        for file in (damaged, hidden, shut):
            assert said[str(file)][:3] == [{}, {"a": 1, "b": 2}, {"a": 1, "b": 2}]
            assert f"{file} can't be read and is left as it is (permission denied)" in said[str(file)][3]
        assert {notice for *_, notice in said.values()} == {""}


FULL = """
import json, resource, sys
from pathlib import Path
from mlwf.ledger import Ledger
ledger = Ledger(sys.argv[1])
ledger.update(3, lambda design: {"n": 1})
before = Path(sys.argv[1]).read_bytes()
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
ledger.update(3, lambda design: design | {"filler": "x" * 2000})
said = [ledger.problem]
unharmed = Path(sys.argv[1]).read_bytes() == before
files = sorted(path.name for path in Path(sys.argv[1]).parent.iterdir())
ledger.update(3, lambda design: design | {"n": design["n"] + 1})
said += [ledger.problem, len(ledger.read(3)["filler"])]
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
ledger.update(1, lambda design: {"last": True})
print(json.dumps([*said, unharmed, files, ledger.problem]))
"""


def test_a_disk_that_takes_no_more_costs_the_save_not_the_record(file, start):
    """When a write breaks off half-way, is the old file whole, and is all saved once there is room?"""
    first, second, kept, unharmed, files, after = finished(start(FULL, file))
    assert first == second
    assert f"can't be saved in {file.parent} (file too large)" in first
    assert (kept, unharmed, files, after) == (2000, True, ["ledger.json", "ledger.json.lock"], "")
    ledger = Ledger(file)
    assert ledger.read(3) == {"n": 2, "filler": "x" * 2000}
    assert ledger.read(1) == {"last": True}
