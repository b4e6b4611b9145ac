"""The questions on the published lab's numbers: right answers and slips, worked out by hand."""

import dataclasses

import pytest

from mlwf.assignment import PUBLISHED, QUESTIONS, Case
from mlwf.assignment.marks import mark

RIGHT = {
    "multiplier": 16,  # 2^4
    "fix_days": 48,  # 3 * 16
    "latest_stage": 3,  # 3 * 2^2 = 12
    "sunk": 135,  # 5 + 30 + 60 + 40
    "gated_price": 6,  # 2 gates + 2^2
    "large_iterations": 26,
    "small_iterations": 4368,  # 26 * 168
    "large_limit": 98,  # 95 + 0.15 / 0.05
    "small_limit": 92,  # 90 + 0.10 / 0.05
    "linear_week": 10,  # 5 / (7 * 0.10 - 0.15) = 9.1
    "saturating_week": 7,  # 95.70 to 95.88 after week 6, 96.27 to 96.02 after week 7
    "third_week": None,
    "level_day": 27,  # 95.4433 is reached in iteration 214, hour 642
    "phone_wh": 120,  # 5 * 24: without pause
    "battery_ratio": 12,
    "shortest_cycle": 24,  # 5 * 2 * 24 / 24 = 10
    "longest_session": 1,  # 10 Wh for 2 sessions of 5 W
    "cloud_kwh": 254.8,  # 182 * 2 * 0.7
    "cloud_dollars": 1092,  # 182 * 2 * 3
}
FUNCTIONS = ("rework_cost", "crossover_week")
SLIPS = {
    ("multiplier", "power_of_n"): (32, 1.0),
    ("multiplier", "linear"): (5, 0.5),
    ("multiplier", "times_two"): (8, 0.5),
    ("fix_days", "added"): (19, 0.5),
    ("latest_stage", "less_than"): (2, 1.0),
    ("latest_stage", "one_late"): (4, 1.0),
    ("sunk", "with_this_stage"): (145, 1.0),
    ("sunk", "days_ahead"): (15, 0.5),
    ("gated_price", "gates_are_free"): (4, 1.0),
    ("gated_price", "one_gate_paid"): (5, 1.0),
    ("gated_price", "own_base"): (14, 1.0),
    ("gated_price", "no_gates"): (16, 0.0),
    ("small_iterations", "one_week"): (168, 0.5),
    ("small_iterations", "working_days"): (3120, 0.5),
    ("large_limit", "gain_only"): (3, 0.5),
    ("small_limit", "gain_only"): (2, 0.5),
    ("linear_week", "one_early"): (9, 1.5),
    ("linear_week", "one_late"): (11, 1.5),
    ("linear_week", "large_stands_still"): (8, 1.5),  # 5 / 0.7 = 7.1
    ("saturating_week", "one_early"): (6, 1.5),
    ("saturating_week", "one_late"): (8, 1.5),
    ("saturating_week", "as_if_linear"): (4, 0.75),
    ("third_week", "as_if_linear"): (1, 0.75),
    ("level_day", "one_early"): (26, 1.5),
    ("level_day", "in_hours"): (642, 1.5),
    ("level_day", "in_iterations"): (214, 1.5),
    ("level_day", "day_of_the_week"): (6, 2.25),
    ("phone_wh", "uncut_session"): (240, 1.0),
    ("phone_wh", "one_session"): (10, 0.5),
    ("battery_ratio", "upside_down"): (10 / 120, 0.5),
    ("shortest_cycle", "with_margin"): (168, 1.0),
    ("longest_session", "whole_battery"): (2, 1.0),
    ("cloud_kwh", "in_wh"): (254800, 1.0),
    ("cloud_kwh", "without_pause"): (3057.6, 1.0),
    ("cloud_dollars", "price_per_kwh"): (764.4, 0.5),
}


def test_there_are_enough_questions():
    """Are there at least twelve questions, with 44 points in all?"""
    assert len(QUESTIONS) >= 12
    assert sum(question.points for question in QUESTIONS.values()) == 44


def test_every_question_and_every_slip_is_tested():
    """Does each have its line in the tables above?"""
    assert {*RIGHT, *FUNCTIONS} == set(QUESTIONS)
    assert set(SLIPS) == {(question.id, slip.name) for question in QUESTIONS.values() for slip in question.slips}


@pytest.mark.parametrize("question_id", RIGHT)
def test_the_right_answer_earns_all_points(question_id):
    """Is the answer by hand right, and is the way there told?"""
    question = QUESTIONS[question_id]
    verdict = mark(question, PUBLISHED, {question_id: RIGHT[question_id]})
    assert verdict.points == question.points == verdict.max_points
    assert verdict.message == f"Right: {question.way(PUBLISHED)}."
    assert verdict.slip is None


@pytest.mark.parametrize(("question_id", "name"), SLIPS)
def test_a_slip_is_recognised(question_id, name):
    """Is the value that a slip leads to recognised, told and worth its share?"""
    question = QUESTIONS[question_id]
    (slip,) = (slip for slip in question.slips if slip.name == name)
    value, points = SLIPS[question_id, name]
    # The questions that this one builds on are right, or the slip could be one with another number.
    earlier = {needed: RIGHT[needed] for needed in question.builds_on}
    verdict = mark(question, PUBLISHED, {**earlier, question_id: value})
    assert (verdict.slip, verdict.points) == (name, points)
    assert slip.says in verdict.message


@pytest.mark.parametrize("question_id", RIGHT)
def test_slips_lead_to_values_of_their_own(question_id):
    """Does no slip lead to the right value, or to that of another slip, on the published numbers?"""
    values = [RIGHT[question_id], *(value for (of, _), (value, _) in SLIPS.items() if of == question_id)]
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("question_id", "first", "second", "points"),
    [
        ("fix_days", 32, 96, 1.5),
        ("fix_days", 8, 24, 1.5),
        ("battery_ratio", 240, 24, 0.75),
        ("cloud_dollars", 3057.6, 13104, 1.5),
    ],
)
def test_follow_through(question_id, first, second, points):
    """Is an answer that is right for one's own wrong earlier answer worth most of the points?"""
    question = QUESTIONS[question_id]
    (earlier,) = question.builds_on
    verdict = mark(question, PUBLISHED, {earlier: first, question_id: second})
    assert verdict.followed_through
    assert verdict.points == points
    assert "Right for your own earlier answer" in verdict.message


def test_a_slip_after_a_wrong_answer_is_recognised():
    """Is a slip seen too when it was made with one's own wrong earlier answer?"""
    verdict = mark(QUESTIONS["fix_days"], PUBLISHED, {"multiplier": 32, "fix_days": 35})
    assert (verdict.slip, verdict.points, verdict.followed_through) == ("added", 0.5, False)


@pytest.mark.parametrize("earlier", [{}, {"multiplier": "many"}, {"multiplier": {"type": "list"}}])
def test_no_follow_through_without_an_earlier_answer(earlier):
    """Is an answer simply wrong if the one before is missing or no number?"""
    verdict = mark(QUESTIONS["fix_days"], PUBLISHED, {**earlier, "fix_days": 96})
    assert (verdict.points, verdict.followed_through) == (0, False)


@pytest.mark.parametrize("question_id", [question.id for question in QUESTIONS.values() if question.builds_on])
def test_nothing_follows_from_nothing(question_id):
    """Does who answers 0 to a question earn nothing by the 0 that follows from it?"""
    question = QUESTIONS[question_id]
    verdict = mark(question, PUBLISHED, {**dict.fromkeys(question.builds_on, 0), question_id: 0})
    assert (verdict.points, verdict.followed_through) == (0, False)


@pytest.mark.parametrize("question_id", [question.id for question in QUESTIONS.values() if question.builds_on])
@pytest.mark.parametrize("next_to_nothing", [1e-9, -1e-12, 1e-320])
@pytest.mark.parametrize("answer", [0, 1e-9, 12345])
def test_nothing_follows_from_next_to_nothing(question_id, next_to_nothing, answer):
    """Is what follows from so little, 0 or more than there is a number for, worth nothing either?"""
    question = QUESTIONS[question_id]
    given = {**dict.fromkeys(question.builds_on, next_to_nothing), question_id: answer}
    assert mark(question, PUBLISHED, given).points == 0


@pytest.mark.parametrize(
    ("question_id", "right", "wrong"),
    [
        ("fix_days", 48.009, 48.02),
        ("large_limit", 97.991, 97.98),
        ("phone_wh", 120.04, 120.06),
        ("battery_ratio", 12.019, 12.03),
        ("longest_session", 1.004, 1.006),
        ("cloud_kwh", 255.2, 255.4),
        ("cloud_dollars", 1091.6, 1091.4),
    ],
)
def test_rounding_is_forgiven(question_id, right, wrong):
    """Does an answer count that is off by rounding only?"""
    question = QUESTIONS[question_id]
    assert mark(question, PUBLISHED, {question_id: right}).points == question.points
    assert mark(question, PUBLISHED, {question_id: wrong}).points == 0


@pytest.mark.parametrize("question_id", [*RIGHT, *FUNCTIONS])
@pytest.mark.parametrize("stage", range(1, 7))
def test_questions_survive_other_numbers(question_id, stage):
    """Can each question be solved, explained and marked for other numbers than the published ones?"""
    case = dataclasses.replace(
        PUBLISHED, stage=stage, base_days=1.5, most_days=1.0, gates=(), weeks=4, saturating_cycle=1, cycles=(1, 4)
    )
    question = QUESTIONS[question_id]
    answer = [{"value": 1}] if question.inputs else 1
    verdict = mark(question, case, {question_id: answer, **dict.fromkeys(question.builds_on, 1)})
    assert 0 <= verdict.points <= question.points
    assert question.way(case)


def test_the_case_says_what_its_numbers_are():
    """Has every number of a case a label that students can find, and does no label come twice?"""
    labels = [label for label, *_ in PUBLISHED.rows()]
    assert len(set(labels)) == len(labels) == len(dataclasses.fields(Case))
    rows = [row[:3] for row in PUBLISHED.rows()]
    assert ("Stage at which the constraint is found (N)", "5 (Deployment)", "") in rows
    assert ("Cycles to choose from", "1, 4, 12, 24, 168", "h") in rows
    assert ("What the fix costs at stage 1 (b)", "3", "person-days") in rows
