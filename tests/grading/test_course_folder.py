"""Is a course's configuration understood as nbgrader itself does?"""

import datetime
from pathlib import Path

import pytest
from traitlets.config import Config

from mlwf.grading.course import Course, parse_timestamp
from mlwf.grading.errors import GradingError


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    """Without the settings of whoever runs the tests."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "no-config"))
    monkeypatch.setattr("sys.path", [*__import__("sys").path])


def course(folder: Path, *lines: str) -> Course:
    """A course with such a configuration."""
    folder.mkdir(exist_ok=True)
    if lines:
        (folder / "nbgrader_config.py").write_text("\n".join(["c = get_config()", *lines]))
    return Course(folder)


def submit(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).mkdir(parents=True)


def test_usual_layout(tmp_path):
    """Is everything where nbgrader has it, for a course that configures nothing?"""
    found = course(tmp_path / "c")
    root = tmp_path / "c"
    assert found.submitted("ps1", "ada") == root / "submitted" / "ada" / "ps1"
    assert found.autograded("ps1", "ada") == root / "autograded" / "ada" / "ps1"
    assert (found.source("ps1"), found.release("ps1")) == (root / "source" / "ps1", root / "release" / "ps1")
    assert (found.cell_seconds, found.permissions, found.groupshared) == (30.0, 0o444, False)
    assert found.gradebook_url == f"sqlite:///{root}/gradebook.db?timeout=60"


def test_other_layout(tmp_path):
    """Are other names and another order of folders respected, another root too, and the configuration that lies there?"""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "nbgrader_config.py").write_text("c = get_config()\nc.Execute.timeout = -1")
    found = course(
        tmp_path / "c",
        f"c.CourseDirectory.root = {str(elsewhere)!r}",
        "c.CourseDirectory.directory_structure = '{assignment_id}/{nbgrader_step}/{student_id}'",
        "c.CourseDirectory.submitted_directory = 'in[1]'",
        "c.CourseDirectory.db_url = 'sqlite:///marks.db?timeout=7'",
        "c.Autograde.permissions = 640",
    )
    submit(elsewhere, "ps1/in[1]/ada", "ps1/in[1]/ben", "ps2/in[1]/cleo")
    assert found.students("ps1") == ["ada", "ben"]
    assert found.autograded("ps1", "ada") == elsewhere / "ps1" / "autograded" / "ada"
    assert found.gradebook_url == f"sqlite:///{elsewhere}/marks.db?timeout=7"
    assert (found.permissions, found.cell_seconds) == (0o640, None)


def test_students(tmp_path):
    """Are those found who handed in a folder, but for hidden folders, files, and whom the course excludes?"""
    found = course(tmp_path / "c", "c.CourseDirectory.student_id_exclude = 'ben,dora'")
    submit(
        tmp_path / "c",
        *(f"submitted/{name}" for name in ("ada/p+s.1", "ben/p+s.1", "ça va/p+s.1", ".x/p+s.1", "emil/pps21")),
    )
    (tmp_path / "c" / "submitted" / "dora").mkdir()
    (tmp_path / "c" / "submitted" / "fay").write_text("")
    assert found.students("p+s.1") == ["ada", "ça va"]
    assert found.students("p*") == []


def test_files_of_the_source(tmp_path):
    """Are the instructor's files read, but for notebooks, what is ignored, and what students may change?"""
    found = course(
        tmp_path / "c",
        "c.Autograde.exclude_overwriting = {'ps1': ['mine.py']}",
        "c.CourseDirectory.ignore.append('*.log')",
    )
    for name in ("a.csv", "sub/b.csv", "mine.py", "ps1.ipynb", "sub/x.ipynb", "run.log", "sub/mine.py"):
        path = found.source("ps1") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    names = ["a.csv", "sub/b.csv", "sub/mine.py"]
    assert found.given_files("ps1") == {name: name.encode() for name in names}


def test_plugin_beside_the_configuration(tmp_path):
    """Is a plugin found that lies beside the configuration, and none used where the course does without penalties?"""
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "costs_of_lateness.py").write_text(
        "from nbgrader.plugins import BasePlugin\nclass Costs(BasePlugin):\n    def late_submission_penalty(self, *a):\n        return 1\n"
    )
    found = course(folder, "c.AssignLatePenalties.plugin_class = 'costs_of_lateness.Costs'")
    assert found.late_penalties.late_submission_penalty("ada", 3.0, 10.0) == 1
    without = course(folder, "c.Autograde.autograde_preprocessors = ['nbgrader.preprocessors.SaveAutoGrades']")
    assert without.late_penalties is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("c.OverwriteCells.enabled = False", "sets c.OverwriteCells.enabled = False, which mlwf grade does not follow"),
        ("c.SaveAutoGrades.enabled = False", "sets c.SaveAutoGrades.enabled = False"),
        ("c.Execute.extra_arguments = ['--quick']", r"sets c.Execute.extra_arguments = \['--quick'\]"),
        ("c.Execute.skip_cells_with_tag = 'slow'", "sets c.Execute.skip_cells_with_tag = 'slow'"),
        ("c.ClearMetadataPreprocessor.enabled = True", "sets c.ClearMetadataPreprocessor.enabled = True"),
        ("c.Autograde.sanitize_preprocessors = ['nbgrader.preprocessors.ClearOutput']", "leaves OverwriteCells out of"),
        ("c.Autograde.autograde_preprocessors = ['own.Step']", r"has steps of its own for c.Autograde \(Step\)"),
        ("c.Autograde.post_convert_hook = print", "steps of its own"),
    ],
)
def test_what_only_nbgraders_loop_does_is_refused(tmp_path, line, says):
    """Is a setting that changes marks not passed over in silence?"""
    with pytest.raises(GradingError, match=f"{says}.*use nbgrader autograde"):
        course(tmp_path / "c", line).refuse_other_steps()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "c.Execute.timeout = 5; c.Execute.enabled = True; c.LimitOutput.max_lines = 9",
        "c.Execute.allow_errors = True",
    ],
)
def test_what_is_followed_is_not_refused(tmp_path, line):
    """Is a course graded whose settings are ours to follow, or change nothing?"""
    course(tmp_path / "c", line).refuse_other_steps()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1 / 0", "nbgrader_config.py stops with ZeroDivisionError: division by zero"),
        ("c.Sealed.memory_mb = 'much'", "nbgrader_config.py asks for what nbgrader does not take: .*memory_mb"),
        ("c.Sealed.memory_mb = 1", "nbgrader_config.py asks for what nbgrader does not take: .*memory_mb"),
        ("c.AssignLatePenalties.plugin_class = 'no.such'", "nbgrader_config.py asks .*no.such"),
        ("c.CourseDirectory.db_url = 'no url'", "c.CourseDirectory.db_url is no address of a database; one looks like"),
        ("c.CourseDirectory.db_url = 'postgresql+nodriver://u@h/x'", "the gradebook can't be opened"),
        ("", "there is no gradebook .*gradebook.db: run `nbgrader generate_assignment` first"),
    ],
)
def test_refused_plainly(tmp_path, line, says):
    """Is what can't work refused in one line, and no gradebook made on the way?"""

    def use():
        found = course(tmp_path / "c", line)
        return found.late_penalties, found.open_gradebook()

    with pytest.raises(GradingError, match=says) as refused:
        use()
    assert "\n" not in str(refused.value)
    assert [path.name for path in (tmp_path / "c").glob("*.db")] == []


def test_no_folder(tmp_path):
    """Is a folder that does not exist refused?"""
    with pytest.raises(GradingError, match="there is no folder"):
        Course(tmp_path / "c")


def test_configured_already(tmp_path):
    """Is a configuration taken as it is, where nbgrader has read one?"""
    config = Config({"Execute": {"timeout": 7}})
    assert Course(tmp_path, config).cell_seconds == 7


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-05-02 12:00:00.000000 UTC", datetime.datetime(2026, 5, 2, 12)),
        ("2026-05-02 12:00:00 +0200", datetime.datetime(2026, 5, 2, 11, 56, 40)),  # nbgrader takes that for seconds
        ("2026-05-02 12:00:00 Europe/Berlin", datetime.datetime(2026, 5, 2, 10)),
        ("2026-05-02T12:00:00+02:00", datetime.datetime(2026, 5, 2, 10)),
        ("2026-05-02 12:00:00 /dev/zero", None),
        ("2026-05-02 12:00:00 ../../etc/x", None),
        ("0001-01-01 00:00:00+23:00", None),
        ("soon", None),
        ("9" * 150, None),
    ],
)
def test_timestamps(text, time):
    """Is a time read as nbgrader reads it, and no file looked into on the way?"""
    assert parse_timestamp(text) == time
