"""Pictures: what they show follows the model, and updating one in place equals drawing it anew."""

import io
import itertools

import numpy as np
import pytest
from ipywidgets import interact
from matplotlib.figure import Figure
from PIL import Image

from mlwf import figures
from mlwf.model import (
    CLOUD,
    CONSTRAINTS,
    GATES,
    MOBILE,
    battery_budget,
    catch,
    cloud_bill,
    crossover,
    large_strategy,
    small_strategy,
)

FUNCTIONS = {
    figures.timeline: {"stage": (1, 6)},
    figures.time_split: {"data": (0, 100, 5), "revealed": [True, False]},
    figures.race: {"large_cycle": (1, 336), "small_cycle": (1, 168), "decay": (0.9, 1.0, 0.01), "weeks": (4, 52)},
    figures.energy: {
        "device": ["mobile", "cloud"],
        "large_cycle": (1, 336),
        "small_cycle": (1, 168),
        "session": (0.5, 24),
    },
    figures.gates: {},
}
RACES = [
    (large_strategy(168, 0.95), small_strategy(1, 0.95), 26),
    (large_strategy(168, 0.99), small_strategy(24, 0.99), 26),
    (large_strategy(24, 1.0), small_strategy(4, 1.0), 8),
    (large_strategy(168, 0.99), small_strategy(1, 0.99), 52),
]
GATE_SETS = [(), ("memory_budget",), tuple(GATES), ("staged_rollout", "memory_profiling")]
# Each picture with a tour of states.
TOURS = [
    (figures.Timeline, [lambda p, stage=stage: p.depict(stage) for stage in (1, 6, 3, 5)]),
    (figures.Split, [lambda p, state=state: p.depict(*state) for state in ((40, False), (95, True), (5, True), (60, False))]),
    (figures.Race, [lambda p, race=race: p.depict(race[0], race[1], crossover(race[1], race[0], race[2])) for race in RACES]),
    (figures.Energy, [
        lambda p: p.depict_battery(battery_budget(MOBILE, 168), battery_budget(MOBILE, 1)),
        lambda p: p.depict_bill(cloud_bill(CLOUD, 168), cloud_bill(CLOUD, 4), 26),
        lambda p: p.depict_battery(battery_budget(MOBILE, 1), battery_budget(MOBILE, 24)),
    ]),
    (figures.Gates, [lambda p, on=on: p.depict(on, [catch(on, c) for c in CONSTRAINTS]) for on in GATE_SETS]),
]  # fmt: skip
each_tour = pytest.mark.parametrize(("picture_class", "tour"), TOURS, ids=[cls.__name__ for cls, _ in TOURS])


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)), dtype=int)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_interact_takes_every_public_function(function, monkeypatch):
    """Does `interact` build controls for it, and does each call return a Figure that shows itself without a traceback?"""
    shown: list[dict] = []
    monkeypatch.setattr("mlwf.figures.picture.display", lambda bundle, raw: shown.append(bundle))
    interactive = interact(function, **FUNCTIONS[function])
    controls = interactive.widget.children[:-1]
    assert controls
    for control in controls:
        assert isinstance(interactive.widget.f(**{c.description: c.value for c in controls}), Figure)
        control.value = (
            control.options[-1] if hasattr(control, "options") else control.max if hasattr(control, "max") else True
        )
    picture = interactive.widget.f(**{c.description: c.value for c in controls})
    picture._ipython_display_()
    assert shown[-1]["image/png"].startswith(b"\x89PNG")
    assert shown[-1]["text/plain"] == picture.description


@each_tour
def test_a_picture_updated_in_place_equals_a_fresh_one(picture_class, tour):
    """After any tour of states, are the pixels those of a picture that never showed anything else?"""
    kept = picture_class()
    for update in itertools.chain(tour, reversed(tour)):
        update(kept)
        fresh = picture_class()
        update(fresh)
        assert kept.description == fresh.description
        assert np.array_equal(pixels(kept.png()), pixels(fresh.png()))


@each_tour
def test_the_blitted_picture_is_what_matplotlib_would_save(picture_class, tour):
    """Is nothing lost by drawing live artists on a kept background, title and all?"""
    picture = picture_class()
    tour[-1](picture)
    saved = io.BytesIO()
    with figures.picture.style():
        picture.savefig(saved, format="png")
    ours, theirs = pixels(picture.png()), pixels(saved.getvalue())[..., :3]
    assert ours.shape == theirs.shape
    # Live artists lie on top of spines here, and in drawing order there: a few edge pixels may differ.
    assert (np.abs(ours - theirs).max(axis=-1) > 40).mean() < 0.003


def test_descriptions_tell_what_the_pictures_show():
    """Does somebody who can't see the picture learn the same facts?"""
    assert "stage 5, Deployment" in figures.timeline(5).description
    assert "135 in all" in figures.timeline(5).description
    assert "data work 70 %" in figures.time_split(40).description
    assert "70 %" not in figures.time_split(40, revealed=False).description
    assert "first draws level at hour 69" in figures.race(decay=0.99).description
    assert "never draws level" in figures.race(decay=0.95).description
    assert "Small model: 120 Wh a day: over budget, 12× the battery." in figures.energy("mobile").description
    assert "3,057.6 kWh, $13,104" in figures.energy("cloud").description
    assert "Memory: caught at stage 3, 4 times the cost" in figures.gates(memory_profiling=True).description


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: figures.timeline(7), "stage"),
        (lambda: figures.time_split(101), "data"),
        (lambda: figures.race(decay=0), "decay"),
        (lambda: figures.energy("toaster"), "device"),
    ],
)
def test_bad_numbers_are_refused_by_name(call, names):
    """Does a wrong number end in an error that names it, and not in a wrong picture?"""
    with pytest.raises(ValueError, match=names):
        call()
