"""Each student's own numbers: the same everywhere, and fair to all."""

import importlib
import json
import math
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import pairwise

import pytest

from mlwf.assignment import PUBLISHED, QUESTIONS, mark, own_case, races
from mlwf.assignment.own import OPTIONS, lucky_slips
from mlwf.assignment.questions import truth
from mlwf.assignment.solving import level_in_week, trial_weeks

find_races = importlib.import_module("races")  # tools/races.py
MANY = 10_000
ADA = {
    "stage": 6, "base_days": 2.5, "large_gain": 0.18, "saturating_decay": 0.99, "fourth_week": 5, "cycles": (1, 6, 8, 16, 24),
}  # fmt: skip
KEY = "constraint-tax"


@cache
def cases(count):
    return [own_case(KEY, f"student-{number}") for number in range(count)]


many = pytest.mark.parametrize("count", [200, pytest.param(MANY, marks=pytest.mark.thorough)])


def operations(case):
    """How many keys of a calculator all worked answers take."""
    return sum(line.operations for question in QUESTIONS.values() for line in question.work(case))


def test_numbers_are_the_same_on_every_machine():
    """Has nobody's case changed since it was written down here? (A course may be running.)"""
    case = own_case("constraint-tax", "ada")
    shown = {
        name: getattr(case, name)
        for name in ("stage", "base_days", "large_gain", "saturating_decay", "fourth_week", "cycles")
    }
    assert shown == ADA


def test_numbers_do_not_hang_on_the_process():
    """Does another process, whose hashes are seeded otherwise, come to the same?"""
    ask = "from mlwf.assignment import own_case; print(own_case('constraint-tax', 'ada'))"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60).stdout
    assert said == f"{own_case('constraint-tax', 'ada')}\n"


def test_another_student_or_course_has_other_numbers():
    """Do both names count, and are their borders kept apart?"""
    found = {own_case(course, student) for course, student in (("a", "bc"), ("ab", "c"), ("a", "cb"), ("b", "bc"))}
    assert len(found) == 4


def test_a_course_without_a_key_has_the_published_numbers():
    """Can own numbers be switched off?"""
    assert own_case("", "ada") is own_case("", "") is PUBLISHED


@pytest.mark.parametrize(
    ("course", "student", "error"), [("k", "", ValueError), (1, "a", TypeError), ("k", None, TypeError)]
)
def test_what_is_no_name_is_refused(course, student, error):
    """Is it said which argument is wrong?"""
    with pytest.raises(error, match=r"student|course_key"):
        own_case(course, student)


@many
def test_no_mistake_leads_to_the_right_value(count):
    """Is there no case in which a mistake that we know would go unnoticed?"""
    assert [(n, lucky) for n, case in enumerate(cases(count)) if (lucky := list(lucky_slips(case)))] == []


@many
def test_all_kinds_of_crossing_are_in_each_case(count):
    """Does one race cross linearly and one saturating, is one never won, and one only between two weeks?"""
    for case in cases(count):
        linear, saturating, third, fourth = (case.race(number).found for number in (1, 2, 3, 4))
        assert 2 <= linear.week <= 20
        assert 2 <= saturating.week <= 20
        assert third.leads == ()
        assert case.race(3).small.limit() < case.race(3).large.start
        assert fourth.week is None
        level = level_in_week(case)
        assert (case.fourth_week - 1) * 168 < level.hour < case.fourth_week * 168
        assert any(first <= level.hour < end for first, end in fourth.leads)


@many
def test_a_pocket_calculator_and_a_few_trials_are_enough(count):
    """Are the settings as simple as promised, and the weeks to look at few, none of them all but level?"""
    for case in cases(count):
        assert 6 <= case.linear_cycle <= 24
        assert 6 <= case.saturating_cycle <= 24
        assert 0.985 <= case.saturating_decay <= 0.995
        race, weeks = case.race(2), trial_weeks(case.race(2))
        assert 1 <= len(weeks) <= 5
        for week in weeks:
            small, large = (s.accuracy_at([168 * week])[0] for s in (race.small, race.large))
            assert round(small, 2) != round(large, 2)
        assert [round(number, 3) == number for number in (case.fourth_gain, case.large_gain, case.base_days)] == [
            True
        ] * 3


@many
def test_all_have_as_much_work(count):
    """Do the operations of all worked answers differ by less than 20 %?"""
    counts = [operations(case) for case in cases(count)]
    assert max(counts) < 1.2 * min(counts)


@many
def test_numbers_are_spread(count):
    """Are neighbours' answers rarely the same, and is every option used?"""
    drawn = cases(count)
    assert len(set(drawn)) == count
    for name, options in OPTIONS.items():
        assert len({getattr(case, name) for case in drawn}) > 0.6 * len(options), name
    answers = [tuple(q.solve(case, truth(q, case)) for q in QUESTIONS.values() if not q.inputs) for case in drawn]
    same = [sum(a == b for a, b in zip(one, other, strict=True)) for one, other in pairwise(answers)]
    assert sum(same) / len(same) < 0.4 * len(answers[0])
    assert Counter(answers).most_common(1)[0][1] <= 2


@many
def test_worked_answers_lead_to_the_answers(count):
    """Does whoever follows the lines with a calculator get full marks?"""
    for case in cases(count):
        for question in QUESTIONS.values():
            if question.inputs or question.concludes(case):
                continue
            right = question.solve(case, truth(question, case))
            assert math.isclose(question.work(case)[-1].value, right, abs_tol=question.tolerance), (question.id, case)


def test_each_answer_earns_its_points_with_own_numbers():
    """Does the reference's own answer earn everything, for every question?"""
    for case in cases(200):
        for question in QUESTIONS.values():
            verdict = mark(question, case, {question.id: question.solve(case, truth(question, case))})
            assert verdict.points == question.points, (question.id, case, verdict)


def test_answers_for_somebody_elses_numbers_are_recognised():
    """Is it said whose numbers an answer is right for?"""
    own, other = own_case(KEY, "ada"), own_case(KEY, "bob")
    right_for_bob = QUESTIONS["cloud_dollars"].solve(other, truth(QUESTIONS["cloud_dollars"], other))
    verdict = mark(QUESTIONS["cloud_dollars"], own, {"cloud_dollars": right_for_bob}, {"bob": other})
    assert (verdict.points, verdict.right_for) == (0, "bob")
    assert verdict.message.startswith("This is right for the numbers of bob, not for yours.")


def test_the_races_to_draw_from_are_those_that_are_found():
    """Does races.json hold what tools/races.py finds with the model as it is, so that nobody's numbers depend on a stale file?"""
    written = json.loads(races.FILE.read_text())
    assert written == json.loads(json.dumps(find_races.found()))
    assert (races.LARGE_GAINS, races.SMALL_GAINS) == (find_races.LARGE_GAINS, find_races.SMALL_GAINS)


def test_numbers_are_drawn_in_milliseconds():
    """Does a notebook's first cell not keep anybody waiting, not even in a new process?"""
    ask = "import time; from mlwf.assignment import begin; t = time.perf_counter(); begin('key', 'ada'); print(time.perf_counter() - t)"
    seconds = [
        float(subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(seconds) < 0.03
