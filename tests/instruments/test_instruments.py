"""Instruments: the model follows the physics without a browser, and the view follows the model."""

import ipywidgets as widgets
import pytest
from traitlets import TraitError

from mlwf import instruments
from mlwf.figures import energy, race, timeline
from mlwf.model import GATES, crossover, large_strategy, small_strategy, sunk_days

VIEWS = {
    instruments.TimelineModel: instruments.timeline_instrument,
    instruments.SplitModel: instruments.split_instrument,
    instruments.RaceModel: instruments.race_instrument,
    instruments.EnergyModel: instruments.energy_instrument,
    instruments.GatesModel: instruments.gates_instrument,
}
CHANGES = {
    instruments.TimelineModel: [("stage", 5)],
    instruments.SplitModel: [("data", 75), ("committed", True)],
    instruments.RaceModel: [("large_cycle", 24), ("small_cycle", 12), ("decay", 0.99), ("weeks", 40)],
    instruments.EnergyModel: [("context", "mobile"), ("large_cycle", 24), ("small_cycle", 4), ("session", 0.5)],
    instruments.GatesModel: [("active", ("memory_budget",)), ("active", ("on_device_test", "staged_rollout"))],
}


def controls(instrument) -> list[widgets.Widget]:
    return [
        child
        for child in instrument.children
        if hasattr(child, "value") and not isinstance(child, widgets.HTML | widgets.Image)
    ]


@pytest.mark.parametrize("model_class", VIEWS, ids=lambda cls: cls.__name__)
def test_every_setting_changes_picture_and_words(model_class):
    """Does each trait, when set, reach the picture that goes to the browser and the text beside it?"""
    model = model_class()
    view = VIEWS[model_class](model)
    for trait, value in CHANGES[model_class]:
        picture, words = view.image.value, view.readout.value
        setattr(model, trait, value)
        assert view.image.value != picture, trait
        assert view.readout.value != words, trait
        assert view.picture.description in view.readout.value.replace("&#x27;", "'")


@pytest.mark.parametrize("model_class", VIEWS, ids=lambda cls: cls.__name__)
def test_controls_show_what_the_model_says(model_class):
    """Is a control that was bound to a trait in step with it from the start, and both ways?"""
    model = model_class()
    for trait, value in CHANGES[model_class]:
        setattr(model, trait, value)
    view = VIEWS[model_class](model)
    values = [control.value for control in controls(view)]
    for trait, value in CHANGES[model_class]:
        if not isinstance(value, bool | tuple):
            assert getattr(model, trait) in values


def test_moving_a_slider_moves_the_model():
    """Does what the student drags arrive in the model?"""
    model = instruments.TimelineModel()
    slider = controls(instruments.timeline_instrument(model))[0]
    slider.value = 4
    assert model.stage == 4
    assert f"{sunk_days(4)} d" in instruments.timeline_instrument(model).readout.value


def test_switching_gates_switches_the_model_and_back():
    """Does a check box turn its gate on, and does the model turn the box?"""
    model = instruments.GatesModel()
    boxes = controls(instruments.gates_instrument(model))
    assert len(boxes) == len(GATES)
    boxes[0].value = boxes[3].value = True
    assert model.active == ("memory_budget", "memory_profiling")
    model.active = ("schema_validation",)
    assert [box.value for box in boxes] == [name == "schema_validation" for name in GATES]


def test_a_committed_guess_stands():
    """Is the survey shown only after the commitment, and is the guess fixed by then?"""
    model = instruments.SplitModel()
    view = instruments.split_instrument(model)
    slider, button = view.children[1:3]
    assert "Survey" not in view.readout.value.replace(view.picture.description, "")
    slider.value = 55
    button.click()
    assert model.committed
    assert slider.disabled
    assert button.disabled
    assert "You guessed 55 %" in view.readout.value
    assert "5 points below" in view.readout.value


@pytest.mark.parametrize(
    ("large", "small", "decay", "weeks"), [(168, 1, 0.95, 26), (168, 1, 0.99, 26), (168, 24, 1.0, 52), (1, 168, 0.9, 4)]
)
def test_the_race_says_what_the_model_says(large, small, decay, weeks):
    """Are the cards' numbers those of `mlwf.model`?"""
    model = instruments.RaceModel(large_cycle=large, small_cycle=small, decay=decay, weeks=weeks)
    found = crossover(small_strategy(small, decay), large_strategy(large, decay), weeks)
    said = model.readout()
    assert f"{found.leader_final:.1f} %" in said
    assert f"{found.challenger_final:.1f} %" in said
    assert ("never" if found.week is None else f"week {found.week}") in said
    assert ("× slower" in said) == (small > large)


@pytest.mark.parametrize("cycle", [1, 4, 12, 24, 168])
def test_the_battery_is_compared_at_every_cycle(cycle):
    """Is over budget a matter of Wh against battery, and never of the cycle alone?"""
    model = instruments.EnergyModel(context="mobile", small_cycle=cycle, large_cycle=24)
    assert ("small" in model.over_budget) == (cycle < 24)
    assert "large" not in model.over_budget  # 10 Wh a day against 10 Wh: it fits, without margin
    assert ("Over budget" in model.readout()) == (cycle < 24)
    model.session = 0.5
    assert ("small" in model.over_budget) == (cycle < 4 or (cycle == 4 and 5 * 0.5 * 6 > 10))


def test_the_cloud_has_a_bill_and_no_battery():
    """Is nothing over budget in the cloud, and the bill that of the model?"""
    model = instruments.EnergyModel(context="cloud")
    assert not model.over_budget
    assert "$13,104" in model.readout()


def test_a_failure_is_said_in_place_and_the_instrument_goes_on(monkeypatch):
    """Does a student ever see a traceback, and does the next move work again?"""
    model = instruments.TimelineModel()
    view = instruments.timeline_instrument(model)
    with monkeypatch.context() as broken:
        broken.setattr(type(view.picture), "depict", lambda *_: 1 / 0)
        model.stage = 2
        assert "This could not be drawn" in view.readout.value
        assert "Traceback" not in view.readout.value
    model.stage = 3
    assert f"{sunk_days(3)} d" in view.readout.value


@pytest.mark.parametrize(
    ("model_class", "trait", "value"),
    [
        (instruments.TimelineModel, "stage", 7),
        (instruments.RaceModel, "small_cycle", 5),
        (instruments.GatesModel, "active", ("x",)),
    ],
)
def test_impossible_settings_are_refused(model_class, trait, value):
    """Can a model hold a setting that its instrument has not got?"""
    with pytest.raises(TraitError, match=trait):
        setattr(model_class(), trait, value)


def test_public_functions_draw_what_the_instruments_draw():
    """Do the playground's functions of plain numbers and the instruments show the same?"""
    assert (
        instruments.timeline_instrument(instruments.TimelineModel(stage=4)).picture.description
        == timeline(4).description
    )
    model = instruments.RaceModel(decay=0.99, small_cycle=24)
    assert instruments.race_instrument(model).picture.description == race(168, 24, 0.99, 26).description
    model = instruments.EnergyModel(context="mobile", small_cycle=4)
    assert instruments.energy_instrument(model).picture.description == energy("mobile", 168, 4).description
