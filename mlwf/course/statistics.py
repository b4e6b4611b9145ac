"""What a class's marks and answers say: plain functions of plain values, without files."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import StatisticsError, correlation, fmean

from mlwf.assignment import QUESTIONS, Verdict
from mlwf.assignment.case import Case
from mlwf.assignment.marks import is_right

FEWEST = 10  # submissions; with less, a correlation says nothing
FEWEST_MATCHES = 3  # small whole numbers meet by chance; in a class of hundreds two of them do so often
COMMON = 0.25  # an answer right for more of the class than this says nothing about whose it is


@dataclass(frozen=True)
class Sheet:
    """What one student handed in, and what it was given.

    Attributes
    ----------
    student : str
    total : float
        With the marks given by hand, less what it lost for being late.
    points : mapping of str to float
        By question.
    verdicts : mapping of str to Verdict
        By question, where the cell gave one.
    course : str
        The key from which the numbers were drawn; empty for the published ones.
    used : tuple of str
        What was taken from the reference package.
    to_read : bool
        True if a person has still to mark a part.
    penalty : float
    notes : tuple of str
        What else a person should know.
    """

    student: str
    total: float
    points: Mapping[str, float]
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    course: str = ""
    used: tuple[str, ...] = ()
    to_read: bool = False
    penalty: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """Wrong answers of `student` that are right for `other`: for these `questions`, of so many `wrong`."""

    student: str
    other: str
    questions: tuple[str, ...]
    wrong: int


def histogram(totals: Sequence[float], most: float, bins: int = 10) -> list[int]:
    """Count the totals in equal parts of 0 to `most`; the last part has its upper end in it."""
    counts = [0] * bins
    for total in totals:
        counts[min(bins - 1, max(0, int(total / most * bins))) if most else 0] += 1
    return counts


def difficulty(points: Sequence[float], most: float) -> float | None:
    """Return the mean share of the points, 0 to 1; None without points."""
    return fmean(points) / most if points and most else None


def discrimination(question: str, points: Sequence[Mapping[str, float]]) -> float | None:
    """Correlate a question's points with the sum of all others (corrected item-total correlation).

    None for fewer than `FEWEST` submissions, or where one of the two is the same for everybody.
    """
    if len(points) < FEWEST:
        return None
    item = [row.get(question, 0.0) for row in points]
    rest = [sum(row.values()) - own for row, own in zip(points, item, strict=True)]
    try:
        return correlation(item, rest)
    except StatisticsError:
        return None


def slips(sheets: Sequence[Sheet]) -> Counter[tuple[str, str]]:
    """Count the recognised mistakes by question and name."""
    return Counter((name, verdict.slip) for sheet in sheets for name, verdict in sheet.verdicts.items() if verdict.slip)


def matches(sheets: Sequence[Sheet], cases: Mapping[str, Case]) -> list[Match]:
    """Find wrong answers that are right for somebody else's numbers, most first.

    Parameters
    ----------
    sheets : sequence of Sheet
    cases : mapping of str to Case
        Everybody's numbers, by student.
    """
    found = []
    common = max(1.0, COMMON * len(cases))
    for sheet in (sheet for sheet in sheets if sheet.student in cases):
        wrong = [
            verdict
            for verdict in sheet.verdicts.values()
            if not (
                verdict.missing or verdict.slip or verdict.followed_through
            )  # a mistake that we know explains itself
            and not QUESTIONS[verdict.question].inputs
            and not is_right(QUESTIONS[verdict.question], cases[sheet.student], verdict.answer)
        ]
        hits: dict[str, list[str]] = {}
        for verdict in wrong:
            whose = [who for who, case in cases.items() if is_right(QUESTIONS[verdict.question], case, verdict.answer)]
            if len(whose) <= common:
                for who in whose:
                    hits.setdefault(who, []).append(verdict.question)
        found += [
            Match(sheet.student, who, tuple(questions), len(wrong))
            for who, questions in hits.items()
            if len(questions) >= FEWEST_MATCHES
        ]
    return sorted(found, key=lambda match: (-len(match.questions), match.student, match.other))
