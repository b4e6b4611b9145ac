"""The graded assignment: numbers, questions, marks, and the three functions that its cells call.

``show_case()`` shows the numbers, ``check(question)`` looks at one answer, ``progress()`` says what is ready.
"""

from mlwf.assignment.case import PUBLISHED, Case
from mlwf.assignment.kernel import NotReadyError, check, deliver, progress, show_case
from mlwf.assignment.marks import Verdict, grade, mark
from mlwf.assignment.questions import QUESTIONS, Question, Slip

__all__ = [
    "PUBLISHED", "QUESTIONS", "Case", "NotReadyError", "Question", "Slip", "Verdict", "check", "deliver", "grade", "mark",
    "progress", "show_case",
]  # fmt: skip
