"""Each student's own numbers: the same everywhere, and fair to all."""

import importlib
import json
import math
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlwf.assignment import PUBLISHED, QUESTIONS, mark, own_case, races
from mlwf.assignment.own import (
    AFFORDABLE_STAGES,
    OPTIONS,
    TREACHEROUS,
    battery_is_fair,
    lucky_slips,
    third_is_fair,
)
from mlwf.assignment.questions import truth
from mlwf.assignment.solving import UNCLEAR, clear_week, level_in_week, trial_weeks
from mlwf.model import Strategy, crossover

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


STAGE = ("stage", "base_days", "gates")
BATTERY = ("power_w", "battery_wh", "session_hours", "cycles")
CLOUD = ("session_hours", "cloud_cycle", "cloud_power_w", "cloud_price", "weeks")
THIRD = ("third_cycle", "third_decay", "weeks")
#: Where the numbers come from that a question's answer and its mistakes are made of.
MADE_OF = {
    "multiplier": STAGE, "fix_days": STAGE, "latest_stage": STAGE, "sunk": STAGE, "gated_price": STAGE, "small_iterations": THIRD,
    "large_limit": THIRD, "small_limit": THIRD, "third_week": THIRD, "saturating_week": ("weeks",), "level_day": (),
    "phone_wh": BATTERY, "battery_ratio": BATTERY, "shortest_cycle": BATTERY, "longest_session": (*BATTERY, "session_cycle"),
    "cloud_kwh": CLOUD, "cloud_dollars": CLOUD,
}  # fmt: skip


def all_numbers(question):
    """Yield every case that can be drawn, as far as the question's numbers go."""
    names = MADE_OF[question]
    for values in product(*(OPTIONS[name] for name in names)):
        yield from with_more(question, replace(PUBLISHED, **dict(zip(names, values, strict=True))))


def with_more(question, case):
    """Yield the case with each of the numbers that are not drawn by themselves."""
    if MADE_OF[question] == STAGE:
        for stage in AFFORDABLE_STAGES:
            yield replace(case, most_days=case.base_days * 2 ** (stage - 1))
    elif question == "level_day":
        for large_gain, leads in races.BRIEF_LEADS.items():
            for gain, cycle, decay, week in leads:
                fourth = {"fourth_gain": gain, "fourth_cycle": cycle, "fourth_decay": decay, "fourth_week": week}
                yield replace(case, large_gain=large_gain, **fourth)
    elif question == "saturating_week":
        for (large_gain, small_gain), crossing in races.CROSSING_RACES.items():
            for _, cycle, decay in crossing:
                gains = {"large_gain": large_gain, "small_gain": small_gain}
                yield replace(case, **gains, saturating_cycle=cycle, saturating_decay=decay)
    elif MADE_OF[question] == THIRD:
        for large_gain, small_gain in races.CROSSING_RACES:
            yield replace(case, large_gain=large_gain, small_gain=small_gain)
    else:
        yield case


@pytest.mark.parametrize("question", [name for name, question in QUESTIONS.items() if question.slips])
def test_no_mistake_can_lead_to_the_right_value_where_none_is_looked_for(question):
    """Do numbers that may be anybody's have a lucky mistake in the questions named for it, and in no other?"""
    if question in TREACHEROUS:
        assert is_lucky_for_some(question)
        return
    seen = 0
    for case in all_numbers(question):
        fair = battery_is_fair(case) if set(BATTERY) <= set(MADE_OF[question]) else True
        fair = fair and (third_is_fair(case) if MADE_OF[question] == THIRD else True)
        if fair:
            seen += 1
            assert list(lucky_slips(case, (question,))) == [], case
    assert seen > 50


def is_lucky_for_some(question):
    """Tell whether a question has to be looked at: whether some numbers would be drawn otherwise."""
    for (large_gain, small_gain), crossing in races.CROSSING_RACES.items():
        for cycle, _, _ in crossing:
            case = replace(PUBLISHED, large_gain=large_gain, small_gain=small_gain, linear_cycle=cycle)
            if any(lucky_slips(case, (question,))):
                return True
    return False


@pytest.mark.parametrize(("question", "names"), MADE_OF.items())
def test_it_is_known_what_questions_are_made_of(question, names):
    """Does nothing else change a question's answer or its mistakes, so that going through those numbers is going through all?"""
    own = {"saturating_week": "saturating", "level_day": "fourth"}.get(question, "-")
    gains = {"large_gain", "small_gain"} if own != "-" or names == THIRD else set()
    mine = {*names, *gains, "most_days"} if names == STAGE else {*names, *gains}
    for one, other in pairwise(cases(200)):
        changed = {name: getattr(other, name) for name in vars(one) if name not in mine and not name.startswith(own)}
        assert all_values(question, replace(one, **changed)) == all_values(question, one)


def all_values(question, case):
    """The answer to a question, and what its mistakes lead to."""
    asked = QUESTIONS[question]
    earlier = truth(asked, case)
    return [asked.solve(case, earlier), *(slip.value(case, earlier) for slip in asked.slips)]


@given(
    cycle=st.integers(1, 400),
    decay=st.sampled_from([0.95, 0.97, 0.98, 0.985, 0.99, 0.995, 1.0]),
    gain=st.sampled_from([*races.SMALL_GAINS, 0.5]),
    start=st.sampled_from([80.0, 90.0, 93.7, 94.9]),
    weeks=st.integers(0, 60),
)
@example(cycle=24, decay=1.0, gain=0.1, start=90.0, weeks=26)
def test_a_clear_week_is_the_week_of_the_exact_race(cycle, decay, gain, start, weeks):
    """Where week by week in floats is said to be enough, does the race hour by hour say the same?"""
    small = Strategy("small", start, gain, cycle, decay)
    large = Strategy("large", 95.0, 0.15, 168, decay)
    said = clear_week(small, large, weeks)
    assert said in (UNCLEAR, crossover(small, large, weeks).week if weeks else None)


def test_some_weeks_are_clear_and_some_are_not():
    """Is a tie that floats might miss unclear, and level at the ceiling not?"""
    large = Strategy("large", 95.0, 0.15, 168, 1.0)
    assert clear_week(Strategy("small", 94.9, 0.2, 168, 1.0), large, 4) == UNCLEAR  # 95.3 and 95.3 after two weeks
    assert clear_week(Strategy("small", 90.0, 1.0, 24, 1.0), large, 40) == 1
    assert clear_week(Strategy("small", 90.0, 0.1, 168, 1.0), large, 40) is None


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
