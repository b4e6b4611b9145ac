"""A course in a folder of its own, graded by `mlwf grade` or by nbgrader's own commands."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from corpus import BY_HAND, NAME, ROOT, SUBMISSIONS, Submission
from nbgrader.api import Gradebook

from mlwf.assignment import QUESTIONS
from mlwf.assignment.showing import NOTE, VERDICT
from mlwf.course.environment import clean_environment

STOCK = """
for name in ("exporter_class", "sanitize_preprocessors", "autograde_preprocessors"):
    del c.Autograde[name]
"""
FLAGS = ("slip", "followed_through", "right_for", "missing")


class Course:
    """The assignment, generated, in `folder`.

    Parameters
    ----------
    folder : Path
        An empty folder.
    sealed : bool
        False: nbgrader grades by itself, in kernels.
    by_hand : str
        What the notebook says of the use of the package.
    settings : str
        Further lines for ``nbgrader_config.py``.
    url : str, optional
        Where the gradebook is, if not in the folder.
    """

    def __init__(
        self, folder: Path, sealed: bool = True, by_hand: str = "note", settings: str = "", url: str = ""
    ) -> None:
        self.sealed = sealed
        self.folder = folder
        self.refusals: dict[str, str] = {}
        shutil.copytree(ROOT / "source", folder / "source")
        source = folder / "source" / NAME
        source.write_text(source.read_text().replace('by_hand=\\"note\\"', f'by_hand=\\"{by_hand}\\"'))
        shutil.copy(ROOT / "nbgrader_config.py", folder)
        self.url = url or f"sqlite:///{folder / 'gradebook.db'}"
        with (folder / "nbgrader_config.py").open("a") as config:
            config.write("" if sealed else STOCK)
            config.write(settings + (f"c.CourseDirectory.db_url = {url!r}\n" if url else ""))
        home = folder / "home"
        self.environment = clean_environment(home) | {"HOME": str(home)}
        said = self._nbgrader("generate_assignment")
        assert said.returncode == 0, said.stderr

    def grade_all(self) -> None:
        """Grade every submission by nbgrader's command: in one go, but for those that end a whole run of its own."""
        self.hand_in()
        self.autograde()
        for submission in SUBMISSIONS:
            if submission.refused and not self.sealed:
                submission.write(self.folder)
                self.refusals[submission.student] = _reason(
                    self._nbgrader("autograde", "--student", submission.student)
                )
                shutil.rmtree(self.folder / "submitted" / submission.student)

    def hand_in(self, *students: str) -> None:
        """Put the submissions of `students`, else all that can be graded, where nbgrader looks for them."""
        for submission in SUBMISSIONS:
            if submission.student in students or (not students and (self.sealed or not submission.refused)):
                submission.write(self.folder)

    def autograde(self, *more: str) -> None:
        """Grade what is handed in by nbgrader's command."""
        said = self._nbgrader("autograde", *more)
        assert said.returncode == 0, said.stderr[-3000:]

    def grade(self, *more: str) -> dict[str, Any]:
        """Grade what is handed in by ours, and return what it said."""
        said = self.run("-m", "mlwf", "grade", NAME.parent.name, "--course", str(self.folder), "--json", *more)
        assert said.returncode in (0, 1), said.stderr
        assert said.stderr == ""
        found: dict[str, Any] = json.loads(said.stdout)
        return found

    def gradebook(self) -> Gradebook:
        """Open the gradebook."""
        return Gradebook(self.url, "constraint_tax_course")

    def outcome(self, submission: Submission) -> dict[str, Any]:
        """Everything about a submission that a golden file holds."""
        if submission.refused and not self.sealed:
            return {"why": submission.why, "refused": self.refusals[submission.student]}
        notebook = nbformat.read(self.folder / "autograded" / submission.student / NAME, as_version=4)
        outputs = [output.data for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
        verdicts = {data[VERDICT]["question"]: data[VERDICT] for data in outputs if VERDICT in data}
        with self.gradebook() as gradebook:
            grades = {
                grade.name: (grade.auto_score, grade.max_score)
                for grade in gradebook.find_submission_notebook(NAME.stem, NAME.stem, submission.student).grades
            }
        questions = {name: _row(*grades[name], verdicts.get(name, {})) for name in QUESTIONS}
        points = [row["points"] for row in questions.values()]
        return {
            "why": submission.why,
            "total": sum(point for point in points if point != BY_HAND),
            "max": sum(row["max"] for row in questions.values()),
            "used": [used for data in outputs if NOTE in data for used in data[NOTE]["used"]],
            "questions": questions,
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call this environment's Python in the course's folder."""
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=2500
        )

    def _nbgrader(self, action: str, *more: str) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "nbgrader", action, NAME.stem, "--course-dir", str(self.folder), *more)


def _row(score: float | None, most: float, verdict: Mapping[str, Any]) -> dict[str, Any]:
    flags = {flag: verdict[flag] for flag in FLAGS if verdict.get(flag)}
    points = BY_HAND if score is None else score
    return {"points": points, "max": most, "message": verdict.get("message"), **flags}


def _reason(said: subprocess.CompletedProcess[str]) -> str:
    """What nbgrader warns of before it refuses; its error after that speaks of an old format, which is beside the point."""
    warnings = re.findall(r"WARNING\] (.*)", said.stderr)
    assert said.returncode, "nbgrader does not refuse it"
    return f"nbgrader refuses: {warnings[-1] if warnings else said.stderr[-500:]}"
