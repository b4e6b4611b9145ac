"""Instruments: the model follows the physics without a browser, and the view follows the model."""

import re
from html import unescape

import ipywidgets as widgets
import pytest
from traitlets import TraitError
from wire import controls, move, values

from mlwf import figures, instruments
from mlwf.figures import Look
from mlwf.instruments.base import Action
from mlwf.instruments.cards import Card, failure
from mlwf.instruments.energy import context_choice
from mlwf.model import (
    GATES,
    STAGES,
    catch,
    cost_multiplier,
    crossover,
    large_strategy,
    small_strategy,
    stages_to_redo,
    sunk_days,
)

VIEWS = {
    instruments.TimelineModel: instruments.timeline_instrument,
    instruments.SplitModel: instruments.split_instrument,
    instruments.RaceModel: instruments.race_instrument,
    instruments.EnergyModel: instruments.energy_instrument,
    instruments.GatesModel: instruments.gates_instrument,
    instruments.CrossingMapModel: instruments.crossing_map_instrument,
    instruments.ChallengeModel: instruments.challenge_instrument,
}
RACE = [("large_cycle", 24), ("small_cycle", 12), ("decay", 0.99), ("weeks", 8)]
# For each trait another value, in an order in which each changes what is shown.
CHANGES = {
    instruments.TimelineModel: [("stage", 5)],
    instruments.SplitModel: [("data", 75), ("committed", True)],
    instruments.RaceModel: RACE,
    instruments.EnergyModel: [("weeks", 40), ("context", "mobile"), ("large_cycle", 24), ("small_cycle", 4), ("session", 0.5)],
    instruments.GatesModel: [(name, True) for name in GATES],
    instruments.CrossingMapModel: [RACE[2], *RACE[:2], RACE[3]],  # at less decay nothing crosses, wherever the cross is
    instruments.ChallengeModel: [("small_cycle", 4), ("hints", 1)],
}  # fmt: skip
SILENT = {("SplitModel", "data")}  # has nothing to say before the commitment
each_model = pytest.mark.parametrize("model_class", VIEWS, ids=lambda cls: cls.__name__)


def made(model_class):
    return model_class(["<p>Look closely.</p>"]) if model_class is instruments.ChallengeModel else model_class()


def text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


def test_every_model_is_tested_here():
    """Can an instrument, or a setting of one, be added without these tests?"""
    public = {getattr(instruments, name) for name in instruments.__all__ if name.endswith("Model")}
    assert {*VIEWS} == public - {instruments.InstrumentModel}
    for model_class, changes in CHANGES.items():
        assert {trait for trait, _ in changes} == {*model_class.inputs}


@each_model
def test_every_setting_reaches_picture_and_words(model_class):
    """Does each trait, when set, reach the picture that goes to the browser, its description and the text beside it?"""
    model = made(model_class)
    view = VIEWS[model_class](model)
    for trait, value in CHANGES[model_class]:
        panel = view.panel
        before = panel.picture, panel.description, panel.readout
        setattr(model, trait, value)
        if model.picture_class:
            assert panel.picture != before[0], trait
            assert panel.picture == view.picture.png()
            assert panel.description == view.picture.description != before[1], trait
        if (model_class.__name__, trait) not in SILENT:
            assert panel.readout == model.readout() != before[2], trait


@each_model
def test_a_panel_says_what_it_shows(model_class):
    """Has every picture a name of its own, a description from the start, and the size at which it is drawn?"""
    view = VIEWS[model_class](made(model_class))
    if not view.model.picture_class:
        assert (view.panel.picture, view.panel.size) == (b"", (0, 0))
        return
    assert view.panel.picture.startswith(b"\x89PNG")
    assert view.panel.name == view.model.picture_class.name
    assert view.panel.name not in view.panel.description
    assert len(view.panel.description) > 60
    assert view.panel.size[0] == 800


def test_no_two_pictures_have_one_name():
    """Could somebody who hears only names tell the instruments apart?"""
    names = [cls.picture_class.name for cls in VIEWS if cls.picture_class]
    assert len({*names}) == len(names) == 6


@each_model
def test_what_a_student_moves_arrives_in_the_model(model_class, wire):
    """Does every position of every control set its trait to that value?"""
    model = made(model_class)
    for trait, control in controls(VIEWS[model_class](model)).items():
        positions = values(control)
        assert len(positions) > 1
        for value in (positions[-1], *positions[1:-1:7], positions[0]):
            move(control, value)
            assert getattr(model, trait) == value
            assert type(getattr(model, trait)) is type(value)


@each_model
def test_controls_follow_the_model(model_class):
    """Does a control show what the model says, from the start and after every change?"""
    model = made(model_class)
    first_trait, first_value = CHANGES[model_class][0]
    setattr(model, first_trait, first_value)
    view = VIEWS[model_class](model)
    for trait, value in CHANGES[model_class]:
        setattr(model, trait, value)
        assert {name: control.value for name, control in controls(view).items()} == {
            name: getattr(model, name) for name in controls(view)
        }


@each_model
def test_every_position_of_a_control_is_one_the_model_takes(model_class):
    """Is there no position that the model refuses, and none of the model's choices that can't be reached?"""
    model = made(model_class)
    for trait, control in controls(VIEWS[model_class](model)).items():
        allowed = model.traits()[trait]
        if getattr(allowed, "values", None):
            assert [*allowed.values] == values(control)
        elif not isinstance(control, widgets.Checkbox):
            assert (allowed.min, allowed.max) == (control.min, control.max)


@each_model
def test_reset_goes_back_to_the_start(model_class):
    """Does a reset undo every change, and say so on screen?"""
    model = made(model_class)
    view = VIEWS[model_class](model)
    start, first = model.settings(), (view.panel.description, view.panel.readout)
    for trait, value in CHANGES[model_class]:
        if trait != "committed":
            setattr(model, trait, value)
    assert model.settings() != start
    model.reset()
    assert model.settings() == start
    assert (view.panel.description, view.panel.readout) == first


@pytest.mark.parametrize("stage", range(1, 7))
def test_the_timeline_says_what_the_model_says(stage):
    """Are multiplier, days and stages those of `mlwf.model`, with a word as well as a colour for how bad they are?"""
    said = instruments.TimelineModel(stage=stage).readout()
    assert f"{cost_multiplier(stage)}×</strong>" in said
    assert f"{sunk_days(stage)} d</strong>" in said
    assert f"{sunk_days(stage) / 150:.0%} of 150 person-days" in said
    assert f"{stages_to_redo(stage)}</strong>" in said
    assert STAGES[stage - 1].name in said
    levels = re.findall(r"mlwf-card mlwf-(\w+)", said)
    assert levels == [
        ["good", "good", "warn", "warn", "bad", "bad"][stage - 1],
        ["good", "good", "warn", "bad", "bad", "bad"][stage - 1],
        ["good", "good", "warn", "bad", "bad", "bad"][stage - 1],
    ]
    words = {"good": "good: ", "warn": "caution: ", "bad": "bad: "}
    assert re.findall(r'mlwf-hidden">([^<]+)<', said) == [words[level] for level in levels]


def test_a_committed_guess_stands(wire):
    """Is the survey shown only after the commitment, and is the guess fixed by then?"""
    model = instruments.SplitModel()
    view = instruments.split_instrument(model)
    slider = controls(view)["data"]
    (commit,) = (child for child in view.children if isinstance(child, Action))
    move(slider, 55)
    for said in (view.panel.readout, view.panel.description):
        assert "70" not in said
        assert "60" not in said
    commit.button.click()
    assert model.committed
    assert slider.disabled
    assert commit.button.disabled
    assert "You guessed 55 %" in view.panel.readout
    assert "5 points below" in view.panel.readout
    assert "data work 70 %" in view.panel.description
    model.reset()
    assert (model.data, model.committed) == (55, True)


@pytest.mark.parametrize(
    ("data", "says"), [(55, "5 points below"), (60, "within"), (80, "within"), (95, "15 points above")]
)
def test_a_guess_is_compared_with_the_whole_range(data, says):
    """Is a guess within the range that is quoted called so, at both ends too?"""
    assert f"{says} the 60–80 %" in instruments.SplitModel(data=data, committed=True).readout()


@pytest.mark.parametrize(
    ("large", "small", "decay", "weeks"), [(168, 1, 0.95, 26), (168, 1, 0.99, 26), (168, 24, 1.0, 52), (1, 168, 0.9, 4)]
)
def test_the_race_says_what_the_model_says(large, small, decay, weeks):
    """Are the cards' numbers those of `mlwf.model`?"""
    model = instruments.RaceModel(large_cycle=large, small_cycle=small, decay=decay, weeks=weeks)
    found = crossover(small_strategy(small, decay), large_strategy(large, decay), weeks)
    said = text(model.readout())
    assert f"{found.leader_final:.1f} %" in said
    assert f"{found.challenger_final:.1f} %" in said
    assert f"{found.leader_iterations:,} iterations" in said
    assert f"{found.challenger_iterations:,} iterations" in said
    assert ("never" if found.week is None else f"week {found.week}") in said
    assert ("× slower" in said) == (small > large)
    on_map = text(instruments.CrossingMapModel(**model.settings()).readout())
    assert ("never" if found.week is None else f"week {found.week}") in on_map
    assert f"{found.challenger_final:.1f} % to {found.leader_final:.1f} %" in on_map


@pytest.mark.parametrize("cycle", [1, 4, 12, 24, 168])
def test_the_battery_is_compared_at_every_cycle(cycle):
    """Is over budget a matter of Wh against battery, and never of the cycle alone?"""
    model = instruments.EnergyModel(context="mobile", small_cycle=cycle, large_cycle=24)
    assert ("small" in model.over_budget) == (cycle < 24)
    assert "large" not in model.over_budget  # 10 Wh a day against 10 Wh: it fits, without margin
    assert ("Over budget" in model.readout()) == (cycle < 24)
    model.session = 0.5
    assert ("small" in model.over_budget) == (cycle < 4 or (cycle == 4 and 5 * 0.5 * 6 > 10))


def test_over_budget_says_by_how_much_and_what_would_fit():
    """Is a failure a state that teaches: how far off, for both models, and which cycles of each list would do?"""
    model = instruments.EnergyModel(context="mobile", small_cycle=4, large_cycle=1)
    said = text(model.readout())
    assert (
        "Over budget: the large model  asks for 120 Wh a day and one charge holds 10 Wh: 12 times the battery." in said
    )
    assert "Cycles that would fit: 24, 168, 336 h." in said
    assert "Over budget: the small model  asks for 60 Wh a day and one charge holds 10 Wh: 6 times the battery." in said
    assert "Cycles that would fit: 24, 168 h." in said
    model.session = 24
    model.small_cycle = 168
    assert "Cycles that would fit: 336 h." in text(model.readout())
    assert "With sessions of 24 h no cycle of the list would fit." in text(model.readout())


def test_the_cloud_has_a_bill_and_no_battery():
    """Is nothing over budget in the cloud, and the bill that of the model?"""
    model = instruments.EnergyModel(context="cloud")
    assert not model.over_budget
    assert "$13,104" in model.readout()


def test_picture_and_formula_say_the_same_number():
    """Is one day's energy one number, wherever it is read?"""
    model = instruments.EnergyModel(context="mobile", small_cycle=24)
    view = instruments.energy_instrument(model)
    for half_hours in range(1, 49):
        model.session = half_hours / 2
        (pictured,) = re.findall(r"Small model: ([\d.]+) Wh a day", view.panel.description)
        (worked_out,) = re.findall(r"small model .*= ([\d.]+) Wh a day", view.panel.readout)
        assert pictured == worked_out


def test_each_gate_is_a_switch():
    """Does each box turn its own gate, say its stage and what it sees, and does the model turn the box?"""
    model = instruments.GatesModel()
    view = instruments.gates_instrument(model)
    boxes = controls(view)
    assert [*boxes] == [*GATES]
    for name, gate in GATES.items():
        assert f"Stage {gate.stage}: {gate.label}" in boxes[name].description
        assert all(constraint in boxes[name].description for constraint in gate.sees)
    boxes["memory_budget"].value = boxes["memory_profiling"].value = True
    assert model.active == ("memory_budget", "memory_profiling")
    model.memory_budget, model.memory_profiling, model.schema_validation = False, False, True
    assert [name for name, box in boxes.items() if box.value] == ["schema_validation"]


@pytest.mark.parametrize("active", [(), ("memory_profiling",), ("on_device_test", "staged_rollout"), tuple(GATES)])
def test_the_gates_say_what_the_model_says(active):
    """Does each constraint's card hold stage, multiplier, days at risk and price?"""
    said = text(instruments.GatesModel(**dict.fromkeys(active, True)).readout())
    for constraint in ("memory", "latency", "schema"):
        found = catch(active, constraint)
        where = "prevented" if found.prevented else f"{found.multiplier}× at stage {found.stage}"
        assert re.search(rf"{constraint.capitalize()} constraint\s+\S* ?:?.*?{where}", said)
        assert f"{found.days_at_risk} days at risk" in said
        assert (
            f"{len(active)} for all active gates + {found.multiplier} for the fix = {found.price} person-days" in said
        )


@pytest.mark.parametrize("broken", ["depict", "png", "readout", "status"])
def test_a_failure_is_said_in_place_and_the_instrument_goes_on(broken, monkeypatch, wire):
    """Whatever goes wrong while it is drawn: is it one sentence, never a traceback, and does the next move work again?"""
    model = instruments.TimelineModel()
    view = instruments.timeline_instrument(model)
    slider = controls(view)["stage"]
    with monkeypatch.context() as patch:
        owner = {"depict": type(model), "png": figures.Timeline, "readout": type(model), "status": view.desk}[broken]
        patch.setattr(owner, broken, lambda *_: 1 / 0)
        move(slider, 2)
        assert "This did not work (division by zero). The rest goes on; try another setting." in view.panel.readout
        assert "Traceback" not in view.panel.readout
        assert model.stage == slider.value == 2
    move(slider, 3)
    assert f"{sunk_days(3)} d" in view.panel.readout
    assert "stage 3" in view.panel.description
    assert view.panel.picture == view.picture.png()


def test_a_move_that_somebody_else_chokes_on_is_said_in_place(wire):
    """Is it a sentence too if not the drawing fails, but somebody who follows the setting?"""
    model = instruments.TimelineModel()
    model.observe(lambda _: 1 / 0, names="stage")
    view = instruments.timeline_instrument(model)
    move(controls(view)["stage"], 4)
    assert "This did not work (division by zero)" in view.panel.readout


def test_a_control_goes_back_where_its_model_stayed(wire):
    """Does a control that was moved to what the model refuses show what the model says?"""
    model = instruments.TimelineModel(stage=3)
    view = instruments.timeline_instrument(model)
    slider = controls(view)["stage"]
    slider.max = 9
    move(slider, 9)
    assert "This did not work" in view.panel.readout
    assert model.stage == 3
    assert slider.value == 3


def test_an_action_that_fails_says_so_below_its_button():
    """Does a button whose work fails say a sentence, and say nothing any more once it works?"""
    works = []

    def act():
        if not works:
            raise OSError("<b>disk</b> full")

    action = Action("Do it", act)
    assert action.button.description == "Do it"
    action.button.click()
    said = action.children[-1].value
    assert "This did not work (&lt;b&gt;disk&lt;/b&gt; full)" in said
    works.append(True)
    action.button.click()
    assert action.children[-1].value == ""


def test_what_is_said_cannot_break_out_of_its_card():
    """Is what comes from outside, such as an error's text, shown as text?"""
    assert "<script>" not in failure(ValueError("<script>alert(1)</script>"))
    assert "<i>" not in Card("<i>", "<i>", "<i>").html()


@pytest.mark.parametrize(
    ("model_class", "trait", "value"),
    [
        (instruments.TimelineModel, "stage", 7),
        (instruments.TimelineModel, "stage", 2.5),
        (instruments.TimelineModel, "stage", "2"),
        (instruments.SplitModel, "data", 4),
        (instruments.RaceModel, "small_cycle", 5),
        (instruments.RaceModel, "weeks", 53),
        (instruments.RaceModel, "decay", 0.5),
        (instruments.CrossingMapModel, "decay", 0.5),
        (instruments.GatesModel, "memory_budget", "x"),
        (instruments.EnergyModel, "context", "toaster"),
        (instruments.EnergyModel, "session", float("nan")),
        (instruments.EnergyModel, "session", float("inf")),
        (instruments.EnergyModel, "session", 0.4),
        (instruments.EnergyModel, "session", 24.5),
        (instruments.EnergyModel, "session", "2"),
        (instruments.ChallengeModel, "small_cycle", 2),
        (instruments.ChallengeModel, "hints", -1),
    ],
)
def test_impossible_settings_are_refused(model_class, trait, value):
    """Can a model hold a setting that its instrument has not got, or show one for a moment?"""
    model = made(model_class)
    before, told = model.settings(), []
    model.observe(told.append)
    with pytest.raises(TraitError, match=trait):
        setattr(model, trait, value)
    assert model.settings() == before
    assert told == []


def test_public_functions_draw_what_the_instruments_draw():
    """Do the playground's functions of plain numbers and the instruments show the same?"""
    drawn = {
        instruments.TimelineModel(stage=4): figures.timeline(4),
        instruments.SplitModel(data=55, committed=True): figures.time_split(55),
        instruments.RaceModel(decay=0.99, small_cycle=24): figures.race(168, 24, 0.99, 26),
        instruments.EnergyModel(context="mobile", small_cycle=4): figures.energy("mobile", 168, 4),
        instruments.EnergyModel(weeks=40): figures.energy("cloud", weeks=40),
        instruments.GatesModel(on_device_test=True): figures.gates(on_device_test=True),
        instruments.CrossingMapModel(decay=0.99, small_cycle=12): figures.crossing_map(168, 12, 0.99, 26),
    }
    for model, picture in drawn.items():
        view = VIEWS[type(model)](model)
        assert view.panel.description == picture.description
        assert view.panel.picture == picture.png()


def test_a_choice_of_context_has_both():
    """Does the choice say what phone and cloud are, and start with neither of them hidden?"""
    assert [value for _, value in context_choice()._options_full] == ["cloud", "mobile"]


@pytest.mark.parametrize(
    ("told", "look"),
    [
        ({}, Look()),
        ({"dark": True, "pixel_ratio": 2, "narrow": True}, Look(dark=True, pixel_ratio=2.0, narrow=True)),
        ({"dark": False, "pixel_ratio": 1.1, "narrow": False}, Look()),
        ({"pixel_ratio": 1.6458333}, Look(pixel_ratio=1.75)),
        ({"pixel_ratio": 0.5}, Look()),
        ({"pixel_ratio": 9}, Look(pixel_ratio=3.0)),
    ],
)
def test_a_page_tells_how_to_draw(told, look):
    """Is what the browser tells taken over, and is a zoom rounded to a quarter and kept within reason?"""
    desk = instruments.Desk()
    desk.page.look = told
    assert desk.page.picture_look == look


@each_model
def test_another_look_is_drawn_at_once(model_class):
    """Do theme, room and pixel ratio reach an instrument that is on the page already, with its settings as they were?"""
    desk = instruments.Desk()
    model = made(model_class)
    view = VIEWS[model_class](model, desk)
    if not model.picture_class:
        return
    setattr(model, *CHANGES[model_class][0])
    said, width = view.panel.description, {False: 800, True: 400}
    for told in ({"dark": True}, {"narrow": True, "pixel_ratio": 1.5}):
        before = view.panel.picture
        desk.page.look = told
        assert view.panel.picture != before
        assert view.picture.look == desk.page.picture_look
        assert view.panel.size[0] == width[bool(told.get("narrow"))]
        assert view.panel.description == said
