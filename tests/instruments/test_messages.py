"""What a move sends to the browser: one message for the instrument in hand, first of all, and the rest once the hand rests."""

import pytest
from traitlets import link
from wire import Message, controls, eventually, move, values

from mlwf import instruments
from mlwf.instruments import (
    CrossingMapModel,
    Desk,
    EnergyModel,
    GatesModel,
    RaceModel,
    SplitModel,
    TimelineModel,
    crossing_map_instrument,
    energy_instrument,
    gates_instrument,
    race_instrument,
    split_instrument,
    timeline_instrument,
)
from mlwf.instruments.base import Action
from mlwf.lab import Lab
from mlwf.lab.content import questions

VIEWS = {
    TimelineModel: timeline_instrument,
    SplitModel: split_instrument,
    RaceModel: race_instrument,
    EnergyModel: energy_instrument,
    GatesModel: gates_instrument,
    CrossingMapModel: crossing_map_instrument,
}


class Bar:
    """A status bar that says something new each time that it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        return f"asked {self.asked} times"


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.status = Bar()
    yield desk
    desk.settle()


def of(panel, messages: list[Message]) -> list[Message]:
    return [message for message in messages if message.comm_id == panel.comm.comm_id]


@pytest.mark.parametrize("model_class", VIEWS, ids=lambda cls: cls.__name__)
def test_a_move_is_one_message_before_all_others(model_class, wire, desk):
    """Do picture, description, readout and status travel together, once, with nothing ahead that would hold them back?"""
    model = model_class()
    if model_class is EnergyModel:
        model.context = "mobile"  # where every control but the window counts
    view = VIEWS[model_class](model, desk)
    for trait, control in controls(view).items():
        other = next(value for value in values(control) if value != control.value)
        said = view.panel.readout
        with wire.listening() as messages:
            move(control, other)
        # ipywidgets itself answers every control with what it has just said; nothing can come before that.
        first, *rest = messages
        assert (first.comm_id, first.method) == (control.comm.comm_id, "echo_update")
        changed = {"picture", "description", "status"} | ({"readout"} if view.panel.readout != said else set())
        assert [(message.comm_id, message.keys) for message in rest] == [(view.panel.comm.comm_id, changed)], trait


def test_a_move_that_changes_nothing_sends_nothing(wire, desk):
    """Is a slider that comes back to where it was left alone?"""
    view = timeline_instrument(TimelineModel(), desk)
    with wire.listening() as messages:
        move(controls(view)["stage"], 1)
    assert of(view.panel, messages) == []


def test_while_one_is_in_hand_the_others_wait(wire, desk):
    """Does the instrument under the hand go ahead alone, and do all others follow once it rests, each in one message?"""
    race, energy, crossings = RaceModel(decay=0.99), EnergyModel(context="mobile"), CrossingMapModel()
    for trait in race.inputs:
        link((race, trait), (crossings, trait))
    for trait in ("large_cycle", "small_cycle", "weeks"):
        link((race, trait), (energy, trait))
    in_hand = race_instrument(race, desk)
    others = [energy_instrument(energy, desk), crossing_map_instrument(crossings, desk)]
    slider = controls(in_hand)["small_cycle"]
    before = [other.panel.description for other in others]
    with desk.lock, wire.listening() as messages:  # whoever settles the desk waits for the lock
        for cycle in (4, 12, 24):
            move(slider, cycle)
            assert (energy.small_cycle, crossings.small_cycle) == (cycle, cycle)
        assert [other.panel.description for other in others] == before
        assert len(of(in_hand.panel, messages)) == 3
        assert not [message for other in others for message in of(other.panel, messages)]
    with wire.listening() as messages:
        desk.settle()
    assert not of(in_hand.panel, messages)
    for other in others:
        assert [message.keys for message in of(other.panel, messages)] == [
            {"picture", "description", "readout", "status"}
        ]
        assert controls(other)["small_cycle"].value == 24
    assert "24 / 24" in others[0].panel.readout
    assert "cycle 24 hours" in others[1].panel.description


def test_they_follow_by_themselves_a_moment_later(wire, desk):
    """Does nobody have to ask: do the others follow once nothing has moved for a moment?"""
    race, crossings = RaceModel(), CrossingMapModel()
    link((race, "decay"), (crossings, "decay"))
    view, other = race_instrument(race, desk), crossing_map_instrument(crossings, desk)
    with desk.lock:
        move(controls(view)["decay"], 0.99)
        assert "decay 0.95" in other.panel.description
    eventually(lambda: "decay 0.99" in other.panel.description and controls(other)["decay"].value == 0.99)


def test_a_move_in_the_whole_lab_is_one_message_too(wire):
    """Does it stay one message with map, energy panel, status bar, link and record all following the same slider?"""
    lab = Lab(":memory:")
    for question_id, question in questions().items():
        lab.progress[question_id].submit(question.right)
    others = [lab.show_energy(), lab.show_map(), lab.status(), lab.finish(), lab.share()]
    _, view = lab.show_race().children[0].children
    with lab.desk.lock:
        for control, value in zip(controls(view).values(), (24, 4, 0.99, 40), strict=True):
            with wire.listening() as messages:
                move(control, value)
            echo, ours = messages
            assert (echo.comm_id, echo.method) == (control.comm.comm_id, "echo_update")
            assert ours.comm_id == view.panel.comm.comm_id
            assert ours.keys >= {"picture", "description", "readout"}
        with wire.listening() as messages:
            lab.desk.settle()
    assert len(others) <= len(messages) < 20
    assert not of(view.panel, messages)


def test_a_change_from_elsewhere_is_drawn_at_once(wire, desk):
    """Is an instrument drawn without delay if its setting is changed by no hand at all, as by a link or a reset?"""
    model = TimelineModel()
    view = timeline_instrument(model, desk)
    with wire.listening() as messages:
        model.stage = 4
    assert [message.keys for message in of(view.panel, messages)] == [{"picture", "description", "readout", "status"}]
    assert controls(view)["stage"].value == 4


def test_a_commitment_is_one_message(wire, desk):
    """Does the survey come with its words, in one piece?"""
    view = split_instrument(SplitModel(), desk)
    (commit,) = (child for child in view.children if isinstance(child, Action))
    with wire.listening() as messages:
        commit.button.click()
    assert [message.keys for message in of(view.panel, messages)] == [{"picture", "description", "readout", "status"}]


def test_an_instrument_alone_needs_no_desk(wire):
    """Can an instrument be shown by itself, in somebody's own notebook?"""
    view = instruments.gates_instrument(GatesModel())
    move(controls(view)["memory_budget"], value=True)
    assert "1 of 6 gates active" in view.panel.description
