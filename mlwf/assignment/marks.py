"""The one place that gives marks: from a case and plain answers to a verdict for each question. No I/O, no state."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from mlwf.assignment.answers import READ_AS_EQUAL, AnswerError, Number, for_json, read_number, shown
from mlwf.assignment.case import Case
from mlwf.assignment.questions import QUESTIONS, Question, truth
from mlwf.plain import Plain

NOBODY: Mapping[str, Case] = MappingProxyType({})


@dataclass(frozen=True)
class Verdict:
    """What one answer is worth, and why.

    Attributes
    ----------
    question : str
    points, max_points : float
    message : str
        One or two sentences to the student.
    slip : str or None
        Name of the recognised mistake.
    followed_through : bool
        True if the answer is right for the student's own wrong earlier answer.
    right_for : str or None
        Whose numbers the answer is right for, if it is wrong for the student's own.
    missing : bool
        True if there is no answer.
    answer : plain value
        What was answered, fit for JSON: what JSON can't hold, and what is too long to be an answer, is text.
    """

    question: str
    points: float
    max_points: int
    message: str
    slip: str | None = None
    followed_through: bool = False
    right_for: str | None = None
    missing: bool = False
    answer: Plain = None


def grade(case: Case, answers: Mapping[str, Plain], others: Mapping[str, Case] = NOBODY) -> list[Verdict]:
    """Mark every question.

    Parameters
    ----------
    case : Case
        The student's numbers.
    answers : mapping of str to plain value
        By question id, as `mlwf.plain` delivers them; a missing one is absent.
    others : mapping of str to Case
        Whose numbers else an answer may be right for, which is then said.

    Returns
    -------
    list of Verdict
        One for each of `QUESTIONS`, in their order.
    """
    return [mark(question, case, answers, others) for question in QUESTIONS.values()]


def mark(question: Question, case: Case, answers: Mapping[str, Plain], others: Mapping[str, Case] = NOBODY) -> Verdict:
    """Mark one question; of `answers` it needs its own and those that it builds on."""
    if question.id not in answers:
        return _verdict(question, 0, f"No answer: nothing is assigned to `{question.name}`.", missing=True)
    return replace(_marked(question, case, answers, others), answer=for_json(answers[question.id]))


def _marked(question: Question, case: Case, answers: Mapping[str, Plain], others: Mapping[str, Case]) -> Verdict:
    if question.inputs:
        return _mark_function(question, case, answers[question.id])
    try:
        answer = read_number(question.kind, answers[question.id])
    except AnswerError as error:
        return _verdict(question, 0, str(error))

    right = truth(question, case)
    if _same(answer, question.solve(case, right), question.tolerance):
        return _verdict(question, 1, f"Right: {question.way(case)}.")
    own = _own_earlier(question, answers)
    if own and _follows(answer, question.solve(case, own), question.tolerance):
        said = f"Right for your own earlier answer ({', '.join(question.builds_on)}). {_way(question, case)}"
        return _verdict(question, question.follow_through, said, followed_through=True)
    for earlier in filter(None, (right, own)) if question.builds_on else (right,):
        for slip in question.slips:
            value = slip.value(case, earlier)
            is_it = _same if earlier is right else _follows
            if value is not None and is_it(answer, value, question.tolerance):
                return _verdict(question, slip.share, f"{slip.says} {_way(question, case)}", slip=slip.name)
    for whose, other in others.items():
        if _same(answer, question.solve(other, truth(question, other)), question.tolerance):
            said = f"This is right for the numbers of {whose}, not for yours. {_way(question, case)}"
            return _verdict(question, 0, said, right_for=whose)
    return _verdict(question, 0, f"Not right. {_way(question, case)}")


def is_right(question: Question, case: Case, answer: Plain) -> bool:
    """Tell whether a plain answer is right for a case; what can't be read as a number is not, and no function is."""
    if question.inputs:
        return False
    try:
        number = read_number(question.kind, answer)
    except AnswerError:
        return False
    return _same(number, _right_answer(question.id, case), question.tolerance)


@lru_cache(maxsize=20_000)  # a report asks for each pair of a class
def _right_answer(question_id: str, case: Case) -> Number | None:
    question = QUESTIONS[question_id]
    return question.solve(case, truth(question, case))  # type: ignore[no-any-return]


def _verdict(question: Question, share: float, message: str, **more: Any) -> Verdict:  # noqa: ANN401 - Verdict's own fields
    return Verdict(question.id, round(share * question.points, 2), question.points, message, **more)


def _way(question: Question, case: Case) -> str:
    return f"The way there: {question.way(case)}."


def _own_earlier(question: Question, answers: Mapping[str, Plain]) -> dict[str, Number] | None:
    """The student's answers to what `question` builds on; None unless all can be read as numbers other than 0."""
    own = {}
    for name in question.builds_on:
        try:
            value = read_number(QUESTIONS[name].kind, answers[name])
        except (KeyError, AnswerError):
            return None
        if not value:
            return None
        own[name] = value
    return own or None


def _follows(answer: Number | None, expected: Number | None, tolerance: float) -> bool:
    """Tell whether an answer is what follows from earlier ones; where that is as good as 0 it takes no work."""
    return not _same(0, expected, tolerance) and _same(answer, expected, tolerance)


def _same(answer: Number | None, expected: Number | None, tolerance: float) -> bool:
    if answer is None or expected is None:
        return answer is expected
    try:
        if not math.isfinite(expected):
            return False
        return abs(answer - expected) <= tolerance + READ_AS_EQUAL * max(1.0, abs(expected))
    except OverflowError:  # an int with more digits than a float can hold
        return False


def _mark_function(question: Question, case: Case, results: Plain) -> Verdict:
    """Mark a function by the share of its results that are right."""
    if not isinstance(results, list):
        found = results.get("type") if isinstance(results, dict) else type(results).__name__
        return _verdict(question, 0, f"`{question.name}` should be a function; it is of type {found}.")
    assert question.inputs is not None
    inputs, expected = question.inputs(case), question.solve(case, {})
    wrong = [
        _call_says(question, arguments, result, right)
        for arguments, result, right in zip(inputs, [*results, *[None] * len(inputs)], expected, strict=False)
        if not _right_result(question, result, right)
    ]
    if not wrong:
        return _verdict(question, 1, f"Right for all {len(inputs)} inputs.")
    # What raises an error whatever it is given, or always answers the same, has answered no input.
    aimless = all("error" in result for result in results) or all(result == results[0] for result in results)
    right = 0 if aimless else len(inputs) - len(wrong)
    return _verdict(question, right / len(inputs), f"Right for {right} of {len(inputs)} inputs. {wrong[0]}")


def _right_result(question: Question, result: Any, right: Mapping[str, Any]) -> bool:  # noqa: ANN401 - plain data from anywhere
    if not isinstance(result, dict) or result.keys() != right.keys():
        return False
    if "error" in right:
        return bool(result["error"] == right["error"])
    value = result["value"]
    if right["value"] is None or type(value) not in (int, float):
        return value is None and right["value"] is None
    return _same(value, right["value"], question.tolerance)


def _written(value: Number | None) -> str:
    return "None" if value is None else f"{value:g}"


def _call_says(question: Question, arguments: tuple[Any, ...], result: Any, right: Mapping[str, Any]) -> str:  # noqa: ANN401
    call = f"{question.name}({', '.join(f'{argument:g}' for argument in arguments)})"
    should = f"should raise {right['error']}" if "error" in right else f"should be {_written(right['value'])}"
    if not isinstance(result, dict):
        return f"{call} was not tried, since a call before it took too long."
    if "error" in result:
        did = "took too long" if result["error"] == "TimeoutError" else f"raised {result['error']}"
    else:
        value = result.get("value")
        did = f"gave a value of type {value['type']}" if isinstance(value, dict) else f"gave {shown(value)}"
    return f"{call} {did}; it {should}."
