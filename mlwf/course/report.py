"""The class report: one page from the gradebook and the verdicts in the graded notebooks.

The verdicts stand in notebooks that students' code has written into, so every value is checked before it is believed.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mlwf.assignment import QUESTIONS, Verdict, own_case
from mlwf.assignment.notebook import NotebookError, read
from mlwf.assignment.pages import environment
from mlwf.course.gradebook import graded, opened, submission_of, total
from mlwf.course.graded import LONGEST, drawn_from, used, verdicts
from mlwf.course.statistics import FEWEST, Sheet, difficulty, discrimination, histogram, matches, slips

Report = dict[str, Any]


def report(course: Path, name: str | None = None) -> Report:
    """Gather what there is to say about an assignment, as JSON can hold it.

    Parameters
    ----------
    course : Path
        The course's folder.
    name : str, optional
        The assignment; needed where there are several.

    Raises
    ------
    CourseError
        There is no gradebook, no such assignment, or nothing graded.
    """
    with opened(course) as gradebook:
        assignment = graded(gradebook, name)
        title, most = assignment.name, float(assignment.max_score)
        maxima = {cell.name: float(cell.max_score) for book in assignment.notebooks for cell in book.grade_cells}
        sheets, absent = [], []
        for student in gradebook.students:
            submission = submission_of(gradebook, title, student.id)
            if submission is None:
                absent.append(student.id)
            else:
                sheets.append(_sheet(course / "autograded" / student.id / title, submission, student.id))
    return summary(title, most, maxima, sheets, absent)


def summary(title: str, most: float, maxima: Mapping[str, float], sheets: list[Sheet], absent: list[str]) -> Report:
    """Work out the report from what was read."""
    keys = Counter(sheet.course for sheet in sheets if sheet.course)
    key = keys.most_common(1)[0][0] if keys else ""
    cases = {student: own_case(key, student) for student in [*(s.student for s in sheets), *absent]} if key else {}
    points = [sheet.points for sheet in sheets]
    counted = slips(sheets)
    return {
        "assignment": title,
        "course": key,
        "date": f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
        "max": most,
        "submissions": len(sheets),
        "few": len(sheets) < FEWEST,
        "histogram": histogram([sheet.total for sheet in sheets], most),
        "questions": [
            {
                "question": name,
                "max": best,
                "difficulty": difficulty([row.get(name, 0.0) for row in points], best),
                "discrimination": discrimination(name, points),
                "followed_through": sum(s.verdicts[name].followed_through for s in sheets if name in s.verdicts),
            }
            for name, best in maxima.items()
        ],
        "slips": [
            {"question": name, "slip": slip, "count": count, "says": _says(name, slip)}
            for (name, slip), count in counted.most_common()
        ],
        "students": [
            {
                "student": sheet.student,
                "total": sheet.total,
                "penalty": sheet.penalty,
                "to_read": sheet.to_read,
                "no_answer": [name for name, verdict in sheet.verdicts.items() if verdict.missing],
                "no_verdict": [name for name in QUESTIONS if name in maxima and name not in sheet.verdicts],
                "used": list(sheet.used),
                "right_for": [f"{n}: {v.right_for}" for n, v in sheet.verdicts.items() if v.right_for],
                "notes": list(sheet.notes),
            }
            for sheet in sheets
        ],
        "absent": absent,
        "matches": [
            {"student": m.student, "other": m.other, "questions": list(m.questions), "wrong": m.wrong}
            for m in matches(sheets, cases)
        ],
    }


def page(found: Report) -> str:
    """Render the report as an HTML page that needs nothing else."""
    return environment("mlwf.course", "templates").get_template("report.html").render(found)


def _says(question: str, slip: str) -> str:
    return next(each.says for each in QUESTIONS[question].slips if each.name == slip)


def _sheet(folder: Path, submission: Any, student: str) -> Sheet:  # noqa: ANN401 - nbgrader has no types
    found: dict[str, Verdict] = {}
    taken: list[str] = []
    notes: list[str] = []
    course = ""
    for book in submission.notebooks:
        try:
            content = read(folder / f"{book.name}.ipynb")
        except NotebookError as error:  # a file that a student wrote; the rest of the class counts
            notes.append(str(error))
            continue
        found |= verdicts(content)
        taken += used(content)
        key, whose = drawn_from(content) or ("", student)
        course = course or key
        if key and whose != student:
            notes.append(f"worked with the numbers of {whose[:LONGEST]}")
    grades = [grade for book in submission.notebooks for grade in book.grades]
    return Sheet(
        student=student,
        total=total(submission),
        points={grade.name: float(grade.score or 0) for grade in grades},
        verdicts=found,
        course=course,
        used=tuple(taken),
        to_read=bool(submission.needs_manual_grade),
        penalty=float(submission.late_submission_penalty or 0),
        notes=tuple(notes),
    )
