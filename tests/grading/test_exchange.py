"""Does our collect take from a folder what can be taken, whatever a student has put into it? Whole courses are in tests/hub."""

import os
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from mlwf.grading.exchange import SECRET, Collect

TIME = "2026-11-01 10:00:00.000000 UTC"


def collected(tmp_path, **files):
    """Hand in files, and return what lies in the course's folder after it was collected, beside what an honest student handed in."""
    inbound = tmp_path / "exchange" / "c" / "inbound"
    for student in ("ada", "zoe"):
        folder = inbound / f"{student}+ps+{TIME}+x"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ps.ipynb").write_text(student)
    for name, content in files.items():
        path = inbound / f"ada+ps+{TIME}+x" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    config = Config({"Exchange": {"root": str(tmp_path / "exchange")}, "ExchangeCollect": {"check_owner": False}})
    course = CourseDirectory(root=str(tmp_path / "course"), course_id="c", assignment_id="ps")
    Path(course.root).mkdir()
    Collect(coursedir=course, config=config).start()
    taken = {}
    for student in ("ada", "zoe"):
        folder = tmp_path / "course" / "submitted" / student / "ps"
        taken[student] = {
            os.fspath(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()
        }
    return taken


@pytest.mark.parametrize("name", ["timestamp.txt", SECRET])
def test_a_folder_where_a_file_of_ours_belongs(tmp_path, name):
    """Does a folder with the name of a file that collecting writes stop neither the student's own nor the next one's?"""
    taken = collected(tmp_path, **{f"{name}/inside": "x", "notes.txt": "y"})
    for student, found in taken.items():
        assert (found["ps.ipynb"], found["timestamp.txt"], len(found[SECRET])) == (student, TIME, 128)
    assert sorted(taken["ada"]) == sorted(["ps.ipynb", "timestamp.txt", SECRET, "notes.txt"])


def test_a_path_that_the_system_has_no_room_for(tmp_path, caplog):
    """Is a submission that can't be looked at as a whole left with a sentence, and the next one taken?"""
    folder = tmp_path / "exchange" / "c" / "inbound" / f"ada+ps+{TIME}+x"
    folder.mkdir(parents=True)
    place = os.open(folder, os.O_RDONLY)
    for _ in range(18):
        os.mkdir("d" * 250, dir_fd=place)
        inside = os.open("d" * 250, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inside
    os.close(os.open("far", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)
    taken = collected(tmp_path)
    assert (taken["ada"], taken["zoe"]["ps.ipynb"]) == ({}, "zoe")
    assert "is not collected: it can't be read (File name too long)" in caplog.text


def test_a_time_of_ones_own_is_not_believed(tmp_path):
    """Is the time that of the folder's name, and the student's own secret kept?"""
    found = collected(tmp_path, **{"timestamp.txt": "2020-01-01 00:00:00 UTC", SECRET: "mine"})["ada"]
    assert (found["timestamp.txt"], found[SECRET]) == (TIME, "mine")
