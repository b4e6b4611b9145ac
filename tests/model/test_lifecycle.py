"""What a late discovery costs: the figures of the Rural Clinic plan, stage by stage, that the whole lab is built on."""

import pytest

from mlwf.model import (
    STAGES,
    SURVEY_DATA_RANGE,
    SURVEY_MODEL_RANGE,
    SURVEY_SPLIT,
    TOTAL_DAYS,
    TimeSplit,
    cost_multiplier,
    guessed_split,
    rework_days,
    stages_to_redo,
    sunk_days,
)

# stage, name, its days, cost multiplier, person-days spent before it begins
PLAN = [
    (1, "Requirements", 5, 1, 0),
    (2, "Data", 30, 2, 5),
    (3, "Modeling", 60, 4, 35),
    (4, "Evaluation", 40, 8, 95),
    (5, "Deployment", 10, 16, 135),
    (6, "Monitoring", 5, 32, 145),
]
every_stage = pytest.mark.parametrize(
    ("stage", "name", "days", "multiplier", "sunk"), PLAN, ids=[row[1] for row in PLAN]
)


@every_stage
def test_stage(stage, name, days, multiplier, sunk):
    """Does each stage have its published name and length, double the price, and count only what is finished as sunk?"""
    assert (STAGES[stage - 1].name, STAGES[stage - 1].days) == (name, days)
    assert cost_multiplier(stage) == multiplier
    assert sunk_days(stage) == sunk
    assert stages_to_redo(stage) == stage - 1


def test_plan_is_whole():
    """Are there six stages and 150 days, so that shares of the plan mean what the story says?"""
    assert len(STAGES) == len(PLAN)
    assert TOTAL_DAYS == 150


def test_stages_cannot_be_changed_by_accident():
    """Is the plan a tuple, so that no notebook cell can append to what all others read?"""
    assert isinstance(STAGES, tuple)


@pytest.mark.parametrize("base_days", [0, 0.5, 1, 2.5, 40])
@every_stage
def test_rework_grows_with_the_fix(stage, name, days, multiplier, sunk, base_days):
    """Does the fix cost its stage-1 price times the multiplier?"""
    assert rework_days(stage, base_days) == base_days * multiplier


@every_stage
def test_rework_of_one_day_is_the_multiplier(stage, name, days, multiplier, sunk):
    """Is one day the price of a fix unless told otherwise?"""
    assert rework_days(stage) == multiplier


def test_survey_split():
    """Is the survey shown as 70, 15 and 15 %, within the ranges that it quotes?"""
    assert TimeSplit(data=70, model=15, rest=15) == SURVEY_SPLIT
    assert SURVEY_DATA_RANGE == (60, 80)
    assert SURVEY_MODEL_RANGE == (10, 20)


def test_plan_does_not_follow_the_survey():
    """Is data work 20 % of the plan, far below the survey's range? The lab says so, and must stay right."""
    share = 100 * STAGES[1].days / TOTAL_DAYS
    assert share == 20
    assert share < SURVEY_DATA_RANGE[0]


@pytest.mark.parametrize(
    ("data", "model", "rest"),
    [(0, 90, 10), (5, 85, 10), (40, 50, 10), (89, 1, 10), (90, 0, 10), (91, 0, 9), (95, 0, 5), (100, 0, 0)],
)
def test_guess(data, model, rest):
    """Does modelling get what is left of 90 %, and nothing (never less) once data work takes more than that?"""
    assert guessed_split(data) == TimeSplit(data, model, rest)


def test_every_guess_makes_a_full_ring():
    """Do the shares add up to 100 % with none below zero? A ring chart can show nothing else."""
    for split in map(guessed_split, range(101)):
        assert split.data + split.model + split.rest == 100
        assert min(split.data, split.model, split.rest) >= 0
