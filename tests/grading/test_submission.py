"""What lies in a submission's folder: only files, only so many, and nobody waits for what never comes."""

import json
import os
import re
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mlwf.grading.submission import NAMED, SIZES, Files, assign, read_files

IGNORE = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"]


@pytest.fixture
def folder(tmp_path):
    """A submission's folder with an honest notebook in it."""
    path = tmp_path / "submitted" / "bitdiddle" / "ps"
    path.mkdir(parents=True)
    (path / "ps.ipynb").write_bytes(b"{}")
    return path


@pytest.fixture
def secret(tmp_path):
    """A file that is not the student's."""
    path = tmp_path / "secret.txt"
    path.write_text("42")
    return path


def _read(folder: Path, **limits: int) -> Files:
    start = time.monotonic()
    files = read_files(folder, IGNORE, replace(SIZES, **limits))
    assert time.monotonic() - start < 20
    assert all(flag.isprintable() for flag in files.flags)
    return files


def test_an_honest_folder_is_read_as_it_is(folder):
    """Are notebooks, data beside them and the time there, without what nbgrader leaves out?"""
    for name in ("data/a.csv", "data/deep/b.csv", "helper.py", ".hidden", "größe.txt", "with\nbreak.txt", "empty"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name if name != "empty" else "")
    for name in ("x.pyc", "__pycache__/y.py", ".ipynb_checkpoints/ps-checkpoint.ipynb", "data/other.ipynb"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "timestamp.txt").write_text("2024-05-01 10:00:00.5 UTC\n")
    (folder / "scratch.ipynb").write_bytes(b"")
    files = _read(folder)
    assert files.notebooks == {"ps": b"{}", "scratch": b""}
    assert sorted(files.others) == sorted(
        [
            ".hidden",
            "data/a.csv",
            "data/deep/b.csv",
            "empty",
            "größe.txt",
            "helper.py",
            "timestamp.txt",
            "with\nbreak.txt",
        ]
    )
    assert all(content.decode() in (name, "") for name, content in files.others.items() if name != "timestamp.txt")
    assert files.timestamp == "2024-05-01 10:00:00.5 UTC"
    assert files.flags == ()


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe", b"x" * 1001, b"2024" * 10**6, b"2024-05-01 10:00:00 UTC" + b" " * 1000, b" " * 1000 + b"tomorrow", b"tomorrow",
        b"2026-05-01 10:00:00 /dev/zero", b"2026-05-01 10:00:00 ../../x", b"9999-99-99", b"\0", b"1 2 3 4",
    ],
)  # fmt: skip
def test_a_timestamp_that_is_none_is_said(folder, text):
    """Is a file that holds no time, at which nbgrader would stop, left out with a sentence?"""
    (folder / "timestamp.txt").write_bytes(text)
    files = _read(folder)
    assert files.timestamp is None
    assert files.others == {}
    assert files.flags == ("timestamp.txt holds no time: it is not known when this was handed in",)


def test_an_empty_timestamp_is_none(folder):
    """Is an empty file as good as none, as for nbgrader?"""
    (folder / "timestamp.txt").write_text(" \n")
    assert _read(folder) == Files({"ps": b"{}"}, {"timestamp.txt": b" \n"}, None, ())


def test_a_path_that_is_long_is_left_out(folder):
    """Is a file left out whose path would have no room below another folder, such as the course's?"""
    far = folder.joinpath(*["d" * 250] * 5)
    far.mkdir(parents=True)
    (far / "far.txt").write_text("x")
    files = _read(folder)
    assert (files.others, list(files.notebooks)) == ({}, ["ps"])
    assert re.fullmatch(r"'d+…' was left out: its path is too long", *files.flags)


def test_links_are_not_followed(folder, secret):
    """Do links to files and folders, inside and outside, absolute, dangling and in circles, give nothing away?"""
    (folder / "inside.txt").write_text("mine")
    for name, target in {
        "absolute": secret,
        "relative": "../../../secret.txt",
        "inside": "inside.txt",
        "dangling": "nowhere",
        "circle": "circle",
        "up": "..",
        "root": "/",
        "timestamp.txt": secret,
    }.items():
        (folder / name).symlink_to(target)
    files = _read(folder)
    assert files.others == {"inside.txt": b"mine"}
    assert files.timestamp is None
    assert len(files.flags) == 8
    assert "'absolute' was left out: it is a link" in files.flags


def test_a_notebook_that_is_a_link_is_not_read(folder, secret):
    """Does a link to somebody else's notebook count as a notebook that can't be read?"""
    (folder / "ps.ipynb").unlink()
    (folder / "ps.ipynb").symlink_to(secret)
    files = _read(folder)
    assert files.notebooks == {"ps": None}
    assert files.flags == ("'ps.ipynb' was left out: it is a link",)


def test_a_folder_that_is_a_link_is_not_read(folder, tmp_path):
    """Does the link of one student's folder to another's give nothing?"""
    (tmp_path / "link").symlink_to(folder)
    assert _read(tmp_path / "link") == Files({}, {}, None, ("the folder can't be read: Not a directory",))


def test_pipes_and_sockets_are_not_waited_for(folder, monkeypatch):
    """Is nobody kept waiting for what has no other end?"""
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "other.ipynb")
    monkeypatch.chdir(folder)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        files = _read(folder)
    assert files.notebooks == {"ps": b"{}", "other": None}
    assert files.others == {}
    assert files.flags == (
        "'other.ipynb' was left out: it is a pipe",
        "'pipe' was left out: it is a pipe",
        "'socket' was left out: it is a socket",
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_devices_are_not_opened(folder):
    """Is the endless file of zeros not even begun?"""
    try:
        os.mknod(folder / "zero", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no devices in this container")
    assert _read(folder).flags == ("'zero' was left out: it is a device",)


def test_what_changes_into_a_pipe_is_not_waited_for(folder, monkeypatch):
    """If a pipe takes a file's name after the look at it and before the reading: is it still left out?"""
    (folder / "data").write_text("x")
    look = os.lstat

    def late(path, **how):
        found = look(path, **how)
        if path == "data":
            (folder / "data").unlink()
            os.mkfifo(folder / "data")
        return found

    monkeypatch.setattr(os, "lstat", late)
    files = _read(folder)
    assert files.others == {}
    assert files.flags == ("'data' was left out: it is a pipe",)


def test_a_folder_named_as_a_notebook_is_none(folder):
    """Is it said that there is a folder where the notebook should be?"""
    (folder / "other.ipynb").mkdir()
    (folder / "other.ipynb" / "a.txt").touch()
    files = _read(folder)
    assert files.notebooks == {"ps": b"{}", "other": None}
    assert files.others == {}
    assert files.flags == ("'other.ipynb' was left out: it is a folder",)


def test_huge_files_are_not_read(folder):
    """Does a sparse file of a terabyte cost no time and no memory, and does the rest come through?"""
    for name in ("huge.ipynb", "huge.csv"):
        with (folder / name).open("wb") as file:
            file.truncate(2**40)
    (folder / "last.csv").write_text("x")
    files = _read(folder)
    assert files.notebooks == {"huge": None, "ps": b"{}"}
    assert files.others == {"last.csv": b"x"}
    assert files.flags == (
        "'huge.csv' was left out: it is too large (1,099,511,627,776 bytes; 200,000,000 are left for it)",
        "'huge.ipynb' was left out: it is too large (1,099,511,627,776 bytes; 100,000,000 are left for it)",
    )


def test_all_files_together_are_limited(folder):
    """Is so much read as is allowed, notebooks apart?"""
    for number in range(5):
        (folder / f"{number}.bin").write_bytes(bytes(400))
        (folder / f"{number}.ipynb").write_bytes(bytes(400))
    files = _read(folder, others=1000, notebooks=1000, notebook=500)
    assert list(files.others) == ["0.bin", "1.bin"]
    assert [name for name, content in files.notebooks.items() if content] == ["0", "1", "ps"]
    assert len(files.flags) == 6


def test_the_number_of_files_is_limited(folder):
    """Is the notebook read, however many files lie beside it, and is one sentence enough?"""
    for number in range(50):
        (folder / f"{number}.txt").touch()
    files = _read(folder, files=10)
    assert len(files.others) == 10
    assert files.notebooks == {"ps": b"{}"}
    assert len(files.flags) == 1
    assert _read(folder, entries=10).flags == ("'.' was left out: only 10 names are looked at",)


def test_the_depth_is_limited(folder):
    """Do folders in folders come to an end?"""
    deep = folder
    for _ in range(200):
        deep /= "d"
    deep.mkdir(parents=True)
    (deep / "a.txt").touch()
    files = _read(folder)
    assert files.others == {}
    assert files.flags == (f"'{'/'.join('d' * 21)}' was left out: more than 20 folders deep",)


def test_many_things_left_out_take_few_sentences(folder):
    """Can an instructor read what is said of a thousand links?"""
    for number in range(1000):
        (folder / f"{number:0200}").symlink_to("/")
    files = _read(folder)
    assert len(files.flags) == NAMED + 1
    assert files.flags[-1] == f"{1000 - NAMED} more things were left out"
    assert max(map(len, files.flags)) < 200


def test_names_stay_in_one_line(folder):
    """Is a name with line breaks, colours, quotes or letters that turn round shown as what it is?"""
    for name in ("a\nMARK: 100", "\x1b[31mred", 'it\'s "so"', "\u202etxt.exe", "\u2028", "..ipynb", "... ", "-rf"):
        (folder / name).symlink_to("/")
    files = _read(folder)
    assert files.others == {}
    assert r"'a\nMARK: 100' was left out: it is a link" in files.flags
    assert r"'\u202etxt.exe' was left out: it is a link" in files.flags


def test_names_that_are_no_text_are_left_out(folder):
    """Is a file whose name can't be written anywhere left out, and all in such a folder?"""
    raw = os.fsencode(folder)
    try:
        Path(os.fsdecode(raw + b"/caf\xe9.txt")).touch()
    except OSError:
        pytest.skip("this file system has only names that are text")
    Path(os.fsdecode(raw + b"/n\xff.ipynb")).touch()
    Path(os.fsdecode(raw + b"/d\xff")).mkdir()
    Path(os.fsdecode(raw + b"/d\xff/a")).touch()
    files = _read(folder)
    assert files.notebooks == {"ps": b"{}"}
    assert files.others == {}
    assert files.flags == (
        r"'caf\udce9.txt' was left out: its name is not UTF-8",
        r"'d\udcff/a' was left out: its name is not UTF-8",
        r"'n\udcff.ipynb' was left out: its name is not UTF-8",
    )


def test_what_may_not_be_read_is_said(folder, monkeypatch):
    """Is a file without permission left out, and the rest read?"""
    (folder / "mine.txt").write_text("x")
    (folder / "closed").mkdir()
    really = os.open

    def closed(path, flags, **how):
        if path in ("ps.ipynb", "closed"):
            raise PermissionError(13, "Permission denied")
        return really(path, flags, **how)

    monkeypatch.setattr(os, "open", closed)
    files = _read(folder)
    assert files.notebooks == {"ps": None}
    assert files.others == {"mine.txt": b"x"}
    assert files.flags == (
        "'closed' was left out: Permission denied",
        "'ps.ipynb' was left out: Permission denied",
    )


@pytest.mark.parametrize("name", ["nothing", "file", "with\0zero"])
def test_what_is_no_folder_is_said(tmp_path, name):
    """Is nothing raised where there is no folder?"""
    (tmp_path / "file").touch()
    files = _read(tmp_path / name)
    assert (files.notebooks, files.others) == ({}, {})
    assert files.flags[0].startswith("the folder can't be read: ")


def test_no_descriptor_is_left_open(folder, secret):
    """After everything that can be wrong: is every file closed again?"""
    (folder / "link").symlink_to(secret)
    os.mkfifo(folder / "pipe")
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "c").touch()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for limits in ({}, {"depth": 1}, {"entries": 1}, {"others": -1}, {"files": 0}):
        _read(folder, **limits)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# Which notebook is which -----------------------------------------------------------------------------------------


def _files(**notebooks: bytes | None) -> Files:
    return Files(notebooks, {}, None, ())


def _first_cells(small, number):
    """The first cells of the instructor's, of seven."""
    document = small.document()
    kept = [
        cell for cell in document["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") in small.key.cells
    ]
    return json.dumps(document | {"cells": kept[:number]}).encode()


def test_the_right_name_is_right(small):
    """Are scratch notebooks beside the right one nobody's business?"""
    assert assign(_files(small=b"x", scratch=small.released), {"small": small.key}) == ({"small": b"x"}, ())


def test_a_renamed_notebook_is_found(small):
    """Is a copy with another name graded, when it is the only one that can be meant?"""
    files = _files(**{"small (1)": small.released, "scratch": b"{}", "broken": b"{", "gone": None})
    found, flags = assign(files, {"small": small.key})
    assert found == {"small": small.released}
    assert flags == ("notebook 'small (1).ipynb' was taken for `small.ipynb`",)


def test_a_renamed_notebook_is_found_beside_a_link(small):
    """If what has the right name can't be read: is the other one taken?"""
    assert assign(_files(small=None, mine=small.released), {"small": small.key})[0] == {"small": small.released}


def test_half_of_the_cells_are_enough_and_less_are_not(small):
    """Is a notebook with half of the cells the one, and one with fewer another?"""
    document = _first_cells(small, 4)
    assert assign(_files(mine=document), {"small": small.key})[0] == {"small": document}
    found, flags = assign(_files(mine=_first_cells(small, 3)), {"small": small.key})
    assert found == {}
    assert flags == ("there are notebooks that nobody asked for: 'mine.ipynb'",)


def test_nobody_guesses_between_two(small):
    """With two copies, or two missing: is it left to a person?"""
    found, flags = assign(_files(a=small.released, b=small.released), {"small": small.key})
    assert found == {}
    assert flags[0] == "there are notebooks that nobody asked for: 'a.ipynb', 'b.ipynb'"
    found, flags = assign(_files(a=small.released), {"small": small.key, "other": small.key})
    assert found == {}
    assert len(flags) == 1


def test_a_missing_notebook_is_absent(small):
    """Is a notebook that is missing left out, and one that can't be read there without content?"""
    assert assign(_files(), {"small": small.key}) == ({}, ())
    assert assign(_files(small=None), {"small": small.key}) == ({"small": None}, ())
