"""The golden corpus: submissions of every sort, and the marks and messages that nbgrader itself gives them.

See conftest.py for how to refresh the golden files; what a submission is worth is also written down by hand, or follows
from the slip, so that a wrong mark does not become golden by a refresh.
"""

import json
from copy import deepcopy

import nbformat
import outside
import pytest
from corpus import BY_HAND, GOLDEN, NAME, SLIPS, SUBMISSIONS, WRITTEN, golden

from mlwf.assignment import QUESTIONS
from mlwf.assignment.verifier import VERIFIER

each = pytest.mark.parametrize("submission", SUBMISSIONS, ids=lambda submission: submission.student)


@pytest.mark.course
@pytest.mark.timeout(900)
@each
def test_marks_and_messages_are_as_they_were_reviewed(graded, submission, request):
    """Does nbgrader give what it gave when somebody last looked at it?"""
    found = graded.outcome(submission)
    if request.config.getoption("--refresh-golden", default=False):
        GOLDEN.mkdir(exist_ok=True)
        text = json.dumps(found, indent=1, ensure_ascii=False)
        (GOLDEN / f"{submission.student}.json").write_text(f"{text}\n")
    assert found == golden(submission)


@pytest.mark.course
@pytest.mark.timeout(900)
@each
def test_the_verifier_shows_what_nbgrader_shows(graded, submission, monkeypatch):
    """Is every output the same, byte by byte, when the answers are marked outside of the student's process?"""
    # In the last one a check runs as the student's own cell, and what it says as data is taken out.
    if submission.refused or submission.student in {*outside.OTHERWISE, "forgotten-test"}:
        pytest.skip("shown otherwise, and better")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("MLWF_STUDENT", submission.student)
    stock = nbformat.read(graded.folder / "autograded" / submission.student / NAME, as_version=4)
    found, key = deepcopy(stock), outside.key_of(outside.RELEASE)
    outputs = outside.marked(found, submission.student, key)
    for cell in found.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in outputs:
            cell.outputs = [nbformat.from_dict(output) for output in outputs[name]]
            cell.outputs[-1].execution_count = cell.execution_count
    VERIFIER.examiner(key).finish(found, submission.student)
    assert nbformat.writes(found) == nbformat.writes(stock)


@each
def test_the_golden_marks_are_those_worked_out_by_hand(submission):
    """Is the golden mark of each question what somebody said, in the data, that it is worth?"""
    marks = golden(submission)
    if submission.refused:
        assert marks["refused"]
        return
    assert {name: row["points"] for name, row in marks["questions"].items()} == submission.points
    assert marks["total"] == sum(points for points in submission.points.values() if points != BY_HAND)


@pytest.mark.parametrize("submission", SLIPS, ids=lambda submission: submission.student)
def test_a_slip_is_named_alone(submission):
    """Is the slip recognised as what it is, and is it the only one in its submission?"""
    named = [f"slip-{name}-{row['slip']}" for name, row in golden(submission)["questions"].items() if "slip" in row]
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


@pytest.mark.course
@pytest.mark.timeout(900)
def test_a_second_grading_changes_nothing(graded):
    """Do all get the same marks and messages again, and does what a person gave to a memo stay?"""
    with graded.gradebook() as gradebook:
        memo = gradebook.find_grade("memo", "constraint_tax", "constraint_tax", "right")
        memo.manual_score = 12.5
        gradebook.db.commit()
    graded.grade_again()
    assert [s.student for s in SUBMISSIONS if graded.outcome(s) != golden(s)] == []
    with graded.gradebook() as gradebook:
        memo = gradebook.find_grade("memo", "constraint_tax", "constraint_tax", "right")
        assert memo.manual_score == 12.5
