"""The challenge: it fails for the right reason, is solved by one cycle alone, and helps step by step."""

import re

import pytest
from wire import controls, move

from mlwf.instruments import ChallengeModel, challenge_instrument
from mlwf.instruments.base import Action
from mlwf.instruments.challenge import DEADLINE_WEEK, DECAY, LARGE_CYCLE, SESSION, WEEKS
from mlwf.lab.content import html, texts
from mlwf.model import MOBILE, battery_budget, crossover, large_strategy, small_strategy

# Cycle in hours: first whole week ahead, Wh a day.
PLANS = {1: (1, 120), 4: (2, 30), 12: (7, 10), 24: (None, 5), 168: (None, 0.714)}


@pytest.fixture
def model() -> ChallengeModel:
    """The challenge with the lab's own texts."""
    explore = texts("explore")["challenge"]
    return ChallengeModel([html(hint) for hint in explore["hints"]], lambda **found: html(explore["solved"], **found))


def levels(said: str) -> list[str]:
    """What both cards say: in time, and within one charge."""
    return re.findall(r"mlwf-card mlwf-(\w+)", said)


def test_the_conditions_are_those_of_the_text():
    """Does the challenge ask for what its introduction says?"""
    assert (LARGE_CYCLE, DECAY, SESSION, DEADLINE_WEEK, WEEKS) == (168, 0.99, 1.0, 20, 26)
    intro = texts("explore")["challenge"]["intro"]
    for given in ("r = 0.99", "once a week", "up to week 20", "one hour of training", "one charge"):
        assert given in intro


@pytest.mark.parametrize("cycle", PLANS)
def test_each_cycle_fails_for_its_own_reason_or_solves_it(cycle, model):
    """Are 1 and 4 h in time but too hungry, 24 and 168 h frugal but too late, and is 12 h both in time and within the battery?"""
    model.small_cycle = cycle
    week, wh = PLANS[cycle]
    found = crossover(small_strategy(cycle, 0.99), large_strategy(168, 0.99), 26)
    assert model.found.week == found.week == week
    assert model.budget == battery_budget(MOBILE, cycle, 1.0)
    assert model.budget.wh_per_day == pytest.approx(wh, abs=0.001)
    assert model.in_time == (cycle <= 12)
    assert model.budget.fits == (cycle >= 12)
    assert model.solved == (cycle == 12)
    said = model.readout()
    assert levels(said) == ["good" if cycle <= 12 else "bad", "good" if cycle >= 12 else "bad"]
    assert ("never" if week is None else f"week {week}") in said
    assert f"{wh:g} Wh" in said or cycle == 168
    assert ("Solved:" in said) == (cycle == 12)


def test_the_solution_is_greeted_with_its_own_numbers(model):
    """Does the greeting name the week and the energy of the plan?"""
    model.small_cycle = 12
    assert "ahead from week 7 on, with 10 of 10 Wh a day" in model.readout().replace("\n", " ")


def test_hints_come_one_by_one_and_stop(model, wire):
    """Does each press show one more hint, does the button say when there are no more, and is none shown unasked?"""
    view = challenge_instrument(model)
    (more,) = (child.button for child in view.children if isinstance(child, Action))
    assert "Hint" not in view.panel.readout
    labels = []
    for shown in range(len(model.hint_texts) + 2):
        assert re.findall(r"<b>Hint (\d)</b>", view.panel.readout) == [
            str(n) for n in range(1, min(shown, len(model.hint_texts)) + 1)
        ]
        labels.append((more.description, more.disabled))
        more.click()
    assert labels == [
        ("Show a hint", False),
        ("Show another hint", False),
        ("Show another hint", False),
        ("No more hints", True),
        ("No more hints", True),
    ]
    move(controls(view)["small_cycle"], 24)
    assert "Hint 3" in view.panel.readout


def test_hints_get_plainer_and_the_last_one_does_not_say_it(model):
    """Does the first hint leave nearly everything to do, and does none of them name the answer?"""
    assert len(model.hint_texts) == 3
    for hint in model.hint_texts:
        assert "12" not in hint
        assert "week 7" not in hint
    assert "2 hours a day" not in model.hint_texts[0]
    assert "2 hours a day" in model.hint_texts[1]


def test_more_hints_in_a_record_than_there_are_do_no_harm(model):
    """Does a record of a lab with more hints show those that there are?"""
    model.hints = 9
    view = challenge_instrument(model)
    assert view.panel.readout.count("<b>Hint") == 3
    model.hint()
    assert model.hints == 3
