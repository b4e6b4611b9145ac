"""The golden corpus: submissions of every sort, and the marks and messages that nbgrader itself gives them.

See conftest.py for how to refresh the golden files; what a submission is worth is also written down by hand, or follows
from the slip, so that a wrong mark does not become golden by a refresh.
"""

import json
from copy import deepcopy

import classroom
import nbformat
import outside
import pytest
from corpus import BY_HAND, GOLDEN, NAME, SLIPS, SUBMISSIONS, WRITTEN, golden, golden_file

from mlwf.assignment import QUESTIONS
from mlwf.assignment.verifier import VERIFIER

# nbgrader refuses some, and shows others otherwise; in the last one a check runs as the student's own cell, and what it says as data
# is taken out.
OTHERWISE = {*outside.OTHERWISE, "forgotten-test"}
SHOWN_ALIKE = [each for each in SUBMISSIONS if not each.refused and each.student not in OTHERWISE]
pytestmark = pytest.mark.timeout(3000)  # the whole corpus is graded within the first test that asks for it


@pytest.fixture
def refresh(request):
    """True if what comes out now is to be taken for right."""
    return request.config.getoption("--refresh-golden", default=False)


each = pytest.mark.parametrize("submission", SUBMISSIONS, ids=lambda submission: submission.student)


@pytest.mark.course
@each
def test_nbgrader_gives_what_was_reviewed(stock, submission, refresh):
    """Does nbgrader by itself give what it gave when somebody last looked at it?"""
    found = stock.outcome(submission)
    if refresh:
        _write(golden_file(submission, sealed=False), found)
    assert found == golden(submission, sealed=False)


@pytest.mark.course
@each
def test_mlwf_grade_gives_what_was_reviewed(sealed, submission, refresh):
    """Does `mlwf grade` give the marks and messages of nbgrader, or else those that somebody has found fairer?"""
    course, _ = sealed
    found = course.outcome(submission)
    if refresh:
        own = GOLDEN / "sealed" / f"{submission.student}.json"
        own.unlink(missing_ok=True)
        if found != golden(submission, sealed=False):
            _write(own, found)
    assert found == golden(submission, sealed=True)


@pytest.mark.course
def test_nbgraders_own_doors_give_the_same(by_nbgrader):
    """Do the steps that `nbgrader autograde` and formgrader take give what `mlwf grade` gives?"""
    different = [s.student for s in SUBMISSIONS if by_nbgrader.outcome(s) != golden(s, sealed=True)]
    assert different == []


@pytest.mark.course
def test_without_walls_the_marks_are_the_same(tmp_path):
    """Does --unsealed change nothing but that?"""
    course, students = (
        classroom.Course(tmp_path),
        ["right", "chain-slip", "crashes", "deleted-test", "functions-in-part", "noisy-function", "untouched"],
    )
    course.hand_in(*students)
    course.grade("--unsealed")
    some = [submission for submission in SUBMISSIONS if submission.student in students]
    assert len(some) == len(students)
    assert [s.student for s in some if course.outcome(s) != golden(s, sealed=True)] == []


@pytest.mark.course
def test_only_what_was_changed_is_for_a_person_to_look_at(sealed):
    """Does the command name those whose cells of the instructor's are not as they were given out, and nobody else?"""
    _, said = sealed
    flagged = {row["student"] for row in said["submissions"] if row["flags"]}
    assert flagged == {submission.student for submission in WRITTEN if _is_changed(submission)}
    assert {row["state"] for row in said["submissions"]} == {"graded"}


def _is_changed(submission):
    own = "student"  # the cell for one's id, which is the student's to write
    return any(set(edit) - {"add", "after"} and edit.get("rewrite") != own for edit in submission.edits)


def _write(path, found):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{json.dumps(found, indent=1, ensure_ascii=False)}\n")


@pytest.mark.course
@pytest.mark.parametrize("submission", SHOWN_ALIKE, ids=lambda submission: submission.student)
def test_the_verifier_shows_what_nbgrader_shows(stock, submission, monkeypatch):
    """Is every output the same, byte by byte, when the answers are marked outside of the student's process?"""
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("MLWF_STUDENT", submission.student)
    shown = nbformat.read(stock.folder / "autograded" / submission.student / NAME, as_version=4)
    found, key = deepcopy(shown), outside.key_of(outside.RELEASE)
    outputs = outside.marked(found, submission.student, key)
    for cell in found.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in outputs:
            cell.outputs = [nbformat.from_dict(output) for output in outputs[name]]
            cell.outputs[-1].execution_count = cell.execution_count
    VERIFIER.examiner(key).finish(found, submission.student)
    assert nbformat.writes(found) == nbformat.writes(shown)


@pytest.mark.parametrize("sealed", [False, True], ids=["nbgrader", "mlwf"])
@each
def test_the_golden_marks_are_those_worked_out_by_hand(submission, sealed):
    """Is the golden mark of each question what somebody said, in the data, that it is worth?"""
    marks = golden(submission, sealed)
    if submission.refused and not sealed:
        assert marks["refused"]
        return
    points = submission.points(sealed)
    assert {name: row["points"] for name, row in marks["questions"].items()} == points
    assert marks["total"] == sum(each for each in points.values() if each != BY_HAND)


@pytest.mark.parametrize("submission", SLIPS, ids=lambda submission: submission.student)
def test_a_slip_is_named_alone(submission):
    """Is the slip recognised as what it is, and is it the only one in its submission?"""
    named = [
        f"slip-{name}-{row['slip']}"
        for name, row in golden(submission, sealed=True)["questions"].items()
        if "slip" in row
    ]
    assert named == [submission.student.rpartition("-")[0]]


def test_every_slip_has_its_submission():
    """Does each mistake that we recognise occur alone, whoever adds one?"""
    assert [submission.student.rpartition("-")[0] for submission in SLIPS] == [
        f"slip-{question.id}-{slip.name}" for question in QUESTIONS.values() for slip in question.slips
    ]


def test_the_corpus_is_large_enough_and_has_no_stray_files():
    """Are there enough submissions, each with an id of its own, and is no golden file left over?"""
    students = [submission.student for submission in SUBMISSIONS]
    assert len(WRITTEN) >= 40
    assert len(set(students)) == len(students)
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(students)
    assert {path.stem for path in GOLDEN.glob("sealed/*.json")} <= set(students)


@pytest.mark.course
def test_a_second_grading_changes_nothing(sealed):
    """Do all get the same marks and messages again, and does what a person gave to a memo stay?"""
    course, _ = sealed
    with course.gradebook() as gradebook:
        memo = gradebook.find_grade("memo", "constraint_tax", "constraint_tax", "right")
        memo.manual_score = 12.5
        gradebook.db.commit()
    course.grade("--force")
    assert [s.student for s in SUBMISSIONS if course.outcome(s) != golden(s, sealed=True)] == []
    with course.gradebook() as gradebook:
        memo = gradebook.find_grade("memo", "constraint_tax", "constraint_tax", "right")
        assert (memo.manual_score, memo.needs_manual_grade) == (12.5, True)
