"""The graded assignment: numbers, questions, marks, and the three functions that its cells call.

``begin(course)`` lays out the student's numbers, ``check(question)`` looks at one answer, ``progress()`` says what is ready.
"""

from mlwf.assignment.case import PUBLISHED, Case
from mlwf.assignment.kernel import NotReadyError, begin, check, deliver, progress
from mlwf.assignment.marks import Verdict, grade, mark
from mlwf.assignment.own import own_case
from mlwf.assignment.questions import QUESTIONS, Question, Slip

__all__ = [
    "PUBLISHED", "QUESTIONS", "Case", "NotReadyError", "Question", "Slip", "Verdict", "begin", "check", "deliver", "grade",
    "mark", "own_case", "progress",
]  # fmt: skip
