"""The desk: one at a time, the rest when there is time, and two threads in no particular order."""

import threading
import time
from itertools import cycle

import pytest
from traitlets import link
from wire import controls, eventually, move, values

from mlwf.instruments import Desk, EnergyModel, RaceModel, energy_instrument, race_instrument
from mlwf.instruments.desk import REST_SECONDS


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    yield desk
    desk.settle()


def test_of_several_jobs_with_one_key_only_the_last_is_done(desk):
    """Is work that was overtaken before it was begun left out, and are different jobs all done, in order?"""
    done = []
    for number in range(3):
        desk.later("save", lambda number=number: done.append(f"save {number}"))
        desk.later(number, lambda number=number: done.append(number))
    assert done == []
    desk.settle()
    assert done == [0, 1, "save 2", 2]
    desk.settle()
    assert len(done) == 4


def test_each_move_puts_the_rest_off(desk):
    """Does the time to wait start anew with each move, and is everything done when it is over, without being asked for?"""
    done = []
    with desk.lock:  # whoever works waits for the lock
        for number in range(3):
            last = time.monotonic()
            desk.later(number, lambda: done.append(time.monotonic()))
            time.sleep(0.6 * REST_SECONDS)
    eventually(lambda: len(done) == 3)
    assert min(done) - last >= REST_SECONDS


def test_a_drag_needs_one_thread(desk):
    """Do a hundred moves start one thread, which ends with the work?"""
    before = {*threading.enumerate()}
    with desk.lock:
        for number in range(100):
            desk.later(number % 5, lambda: None)
        (worker,) = {*threading.enumerate()} - before
    worker.join(10)
    assert not worker.is_alive()
    done = []
    desk.later("another drag", lambda: done.append(True))
    eventually(lambda: done)


def test_a_job_may_leave_work(desk):
    """Is a job that a job asks for done as well?"""
    done = []
    desk.later("first", lambda: desk.later("second", lambda: done.append("second")))
    desk.settle()
    assert done == ["second"]


def test_a_job_that_fails_stops_no_other(desk):
    """Is the record saved although something else that was waiting went wrong?"""
    done = []
    desk.later("status", lambda: 1 / 0)
    desk.later("save", lambda: done.append("saved"))
    desk.settle()
    assert done == ["saved"]


def test_who_is_in_hand_is_put_down_again(desk):
    """Does an instrument that is taken within another's move give the hand back, also when it fails?"""

    def fail_in_hand() -> None:
        with desk.taking("energy"):
            assert desk.in_hand == "energy"
            raise OSError

    with desk.taking("race"):
        with pytest.raises(OSError):  # noqa: PT011 - it has no message
            fail_in_hand()
        assert desk.in_hand == "race"
    assert desk.in_hand is None


def test_two_threads_end_in_one_state(wire, desk):
    """Do two threads that move controls of two linked instruments for a second come to an end in which all agrees?"""
    race, energy = RaceModel(), EnergyModel(context="mobile")
    for trait in ("large_cycle", "small_cycle", "weeks"):
        link((race, trait), (energy, trait))
    views = race_instrument(race, desk), energy_instrument(energy, desk)
    ours = [controls(views[0])[trait] for trait in ("weeks", "decay", "large_cycle")]
    theirs = [controls(views[1])[trait] for trait in ("session", "small_cycle", "context")]
    end, wrong = time.monotonic() + 1, []
    moves = [0, 0]

    def student(number, mine):
        tours = [cycle(values(control)) for control in mine]
        try:
            while not moves[number] or time.monotonic() < end:
                for control, tour in zip(mine, tours, strict=True):
                    move(control, next(tour))
                    moves[number] += 1
        except BaseException as error:  # noqa: BLE001 - of any kind: it would be lost with its thread
            wrong.append(error)

    threads = [threading.Thread(target=student, args=pair, daemon=True) for pair in enumerate((ours, theirs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not [thread for thread in threads if thread.is_alive()], "they wait for each other"
    assert wrong == []
    assert min(moves) >= 3
    desk.settle()
    assert desk.in_hand is None
    assert {trait: getattr(race, trait) for trait in ("large_cycle", "small_cycle", "weeks")} == {
        trait: getattr(energy, trait) for trait in ("large_cycle", "small_cycle", "weeks")
    }
    for view, model in zip(views, (race, energy), strict=True):
        fresh = model.picture_class(desk.page.picture_look)
        model.depict(fresh)
        assert view.panel.description == fresh.description
        assert view.panel.picture == fresh.png()
        assert view.panel.readout == model.readout()
        assert {trait: control.value for trait, control in controls(view).items()} == {
            trait: getattr(model, trait) for trait in controls(view)
        }
