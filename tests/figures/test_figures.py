"""Pictures: what they show follows the model, and updating one in place equals drawing it anew."""

import io
from html.parser import HTMLParser

import matplotlib as mpl
import numpy as np
import pytest
from ipywidgets import interact
from matplotlib.figure import Figure
from tours import DARK, LOOKS, NARROW, SHARP, TOURS, WIDE, pixels

from mlwf import figures
from mlwf.figures.crossing_map import CYCLES, DECAYS
from mlwf.model import GATES, SURVEY_SPLIT, catch, crossover, large_strategy, small_strategy, sunk_days, wh_per_day
from mlwf.model.crossing_map import crossing_map as weeks_of_all_races

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
    figures.crossing_map: {"large_cycle": (1, 336), "small_cycle": (1, 168), "decay": (0.9, 1.0, 0.01), "weeks": (4, 52)},
}  # fmt: skip
each_tour = pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.name)
# Four times the pixels take as long as two other looks, and test_twice_the_pixel_ratio_is_twice_the_picture sees them too.
each_look = pytest.mark.parametrize(
    "look",
    [pytest.param(look, marks=pytest.mark.thorough if look is SHARP else ()) for look in LOOKS.values()],
    ids=LOOKS,
)


class Images(HTMLParser):
    """Collects the attributes of all images of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.found.append(dict(attrs))


def test_every_public_function_and_every_picture_is_tested_here():
    """Can a picture be added without a tour, or a function without `interact` being tried on it?"""
    public = {getattr(figures, name) for name in figures.__all__}
    pictures = {thing for thing in public if isinstance(thing, type) and issubclass(thing, figures.Picture)}
    assert {tour.picture_class for tour in TOURS} == pictures - {figures.Picture}
    functions = {thing for thing in public if not isinstance(thing, type)}
    assert set(FUNCTIONS) == functions - {figures.level, figures.cost_level}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_interact_takes_every_public_function(function, monkeypatch):
    """Does `interact` build controls for it, and does each call show a picture with its description as alternative text?"""
    shown: list[dict] = []
    monkeypatch.setattr("mlwf.figures.picture.display", lambda bundle, raw: shown.append(bundle))
    interactive = interact(function, **FUNCTIONS[function]).widget
    controls = interactive.children[:-1]
    assert controls
    for control in (None, *controls):
        if control:
            control.value = (
                control.options[-1] if hasattr(control, "options") else control.max if hasattr(control, "max") else True
            )
        picture = interactive.result
        assert isinstance(picture, Figure)
        picture._ipython_display_()
        (image,) = Images(shown[-1]["text/html"]).found
        assert image["alt"] == shown[-1]["text/plain"] == picture.description
        assert image["src"].startswith("data:image/png;base64,iVBOR")
    assert len({bundle["text/plain"] for bundle in shown}) > 1


@each_look
@each_tour
def test_a_picture_updated_in_place_equals_a_fresh_one(tour, look):
    """After any tour of states, are the pixels those of a picture that never showed anything else?"""
    fresh = {state: tour.drawn(look, state) for state in tour.states}
    assert len(set(fresh.values())) == len(tour.states)  # else a picture that never changes would do
    kept = tour.picture_class(look)
    for state in (*tour.states, tour.states[0]):
        tour.show(kept, *state)
        assert (kept.png(), kept.description) == fresh[state], state


@pytest.mark.parametrize("tour", [tour for tour in TOURS if tour.windows], ids=lambda tour: tour.name)
def test_a_backdrop_is_drawn_again_when_it_changes_back(tour):
    """Does a picture that went through several windows show the first one rightly again?"""
    assert len(tour.windows) > 1
    kept = tour.picture_class(WIDE)
    for state in (*tour.windows, tour.windows[0]):
        tour.show(kept, *state)
        last = kept.png()
    assert last == tour.drawn(WIDE, tour.windows[0])[0]


@pytest.mark.parametrize("look", [WIDE, SHARP], ids=["wide", "sharp"])
@each_tour
def test_the_blitted_picture_is_what_matplotlib_would_save(tour, look):
    """Is nothing lost by drawing live artists on a kept background, title and all?"""
    picture = tour.fresh(look, tour.telling)
    saved = io.BytesIO()
    with mpl.rc_context({"text.hinting": "none"}):
        picture.savefig(saved, format="png")
    ours, theirs = pixels(picture.png()), pixels(saved.getvalue())
    assert ours.shape == theirs.shape
    # Live artists lie on top of spines here, and in drawing order there: a few edge pixels may differ.
    assert (np.abs(ours - theirs).max(axis=-1) > 40).mean() < 0.003


@each_tour
def test_twice_the_pixel_ratio_is_twice_the_picture(tour):
    """Is a picture for a sharp screen the same one, with twice the pixels each way?"""
    (usual, said), (sharp, said_too) = (tour.drawn(look, tour.telling) for look in (NARROW, SHARP))
    assert said == said_too
    height, width, _ = pixels(usual).shape
    assert pixels(sharp).shape == (2 * height, 2 * width, 3)
    halved = pixels(sharp).reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    # Edges lie on other pixels; all that is wider than a pixel is where it was.
    assert np.abs(halved - pixels(usual)).mean() < 6


@each_tour
def test_a_narrow_picture_is_made_for_little_room(tour):
    """Is it half as wide, instead of the same picture made small, and does it say the same?"""
    (wide, said), (narrow, said_too) = (tour.drawn(look, tour.telling) for look in (WIDE, NARROW))
    assert said == said_too
    assert (pixels(wide).shape[1], pixels(narrow).shape[1]) == (800, 400)


@each_tour
def test_a_dark_picture_says_the_same(tour):
    """Does the theme change the colours and nothing else?"""
    (light, said), (dark, said_too) = (tour.drawn(look, tour.telling) for look in (WIDE, DARK))
    assert said == said_too
    assert pixels(dark).shape == pixels(light).shape
    assert pixels(dark).mean() < 100 < pixels(light).mean()


@each_tour
def test_the_readers_own_style_changes_nothing(tour):
    """Does a picture look the same in a notebook that has set matplotlib to other defaults?"""
    with mpl.style.context("classic"):
        assert tour.fresh(WIDE, tour.telling).png() == tour.drawn(WIDE, tour.telling)[0]


def test_the_timeline_tells_what_it_shows():
    """Does somebody who can't see it learn stage, sum and what is in question?"""
    for stage in range(1, 7):
        said = figures.timeline(stage).description
        assert f"stage {stage}, " in said
        assert (f"{sunk_days(stage)} in all" in said) == (stage > 1)
    assert "Requirements (5), Data (30)" in figures.timeline(3).description
    assert "Modeling" not in figures.timeline(2).description


def test_the_rings_tell_what_they_show():
    """Does the description hold the guess, and the survey only once it is shown?"""
    said = figures.time_split(40).description
    assert "your guess: data work 40 %, modeling 50 %, the rest 10 %" in said
    assert f"data work {SURVEY_SPLIT.data} %" in said
    assert f"{SURVEY_SPLIT.data} %" not in figures.time_split(40, revealed=False).description


@pytest.mark.parametrize(
    ("small_cycle", "decay", "weeks"), [(1, 0.95, 26), (1, 0.99, 26), (24, 0.99, 26), (24, 1.0, 40)]
)
def test_the_race_tells_what_it_shows(small_cycle, decay, weeks):
    """Does the description hold both ends, both limits, both counts and the crossover of the model?"""
    large, small = large_strategy(decay=decay), small_strategy(small_cycle, decay)
    found = crossover(small, large, weeks)
    said = figures.race(small_cycle=small_cycle, decay=decay, weeks=weeks).description
    for number in (found.leader_final, found.challenger_final):
        assert f" {number:.1f} percent" in said
    for strategy in (large, small):
        assert f"its limit is {strategy.limit():.1f}" in said
    assert f"in {found.leader_iterations:,} iterations" in said
    assert f"in {found.challenger_iterations:,} iterations" in said
    assert said.endswith(found.in_words())


def test_the_energy_panel_tells_what_it_shows():
    """Does the description hold Wh, verdict and battery on the phone, and kWh and dollars in the cloud?"""
    for cycle in (1, 4, 24, 168):
        said = figures.energy("mobile", small_cycle=cycle).description
        wh = wh_per_day(5, cycle)
        assert (
            f"Small model: {wh:.4g} Wh a day: {'fits' if wh <= 10 else 'over budget'}, {wh / 10:.3g}× the battery."
            in said
        )
        assert "The battery holds 10 Wh." in said
    said = figures.energy("cloud").description
    assert "Small model: 3,057.6 kWh, $13,104." in said
    assert "Large model: 36.4 kWh, $156." in said
    assert "battery" not in said


def test_the_gates_tell_what_they_show():
    """Does the description hold stage, multiplier and days of each constraint?"""
    said = figures.gates(memory_profiling=True).description
    assert "1 of 6 gates active" in said
    assert "Memory: caught at stage 3, 4 times the cost, 35 days at risk" in said
    assert "latency: found too late at stage 6, 32 times the cost, 145 days at risk" in said
    said = figures.gates(**dict.fromkeys(GATES, True)).description
    for constraint in ("memory", "latency", "schema"):
        found = catch(GATES, constraint)
        how = "prevented" if found.prevented else "caught"
        assert f"{constraint}: {how} at stage {found.stage}, {found.multiplier} times the cost" in said.lower()


def test_the_map_tells_what_it_shows():
    """Does the description hold the setting that is marked, its week, and where the map has races that cross?"""
    said = figures.crossing_map(168, 12, 0.99, 26).description
    assert "large model with a cycle of 168 hours in 26 weeks" in said
    assert "Present setting: cycle 12 hours, decay 0.99: week 7." in said
    assert "decay 0.95: never." in figures.crossing_map(decay=0.95).description
    share = np.isfinite(weeks_of_all_races(CYCLES, DECAYS, 168, 26)).mean()
    assert f"; {share:.0%} of the map has one." in said
    assert 0.05 < share < 0.5
    # The least decay with a crossover against a weekly large model is 0.9812, with hourly iterations.
    least = float(said.split("with a crossover is ")[1].split(";")[0])
    assert 0.9812 <= least < 0.9825
    assert "No race of the map has a crossover" in figures.crossing_map(1, 1, 0.95, 0).description


def test_a_description_is_written_so_that_html_can_hold_it():
    """Can a description with quotes or angle brackets break out of the alternative text?"""
    picture = figures.timeline(2)
    picture.description = 'a "quoted" <b>word</b> & more'
    (image,) = Images(picture.html()).found
    assert image["alt"] == picture.description


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: figures.timeline(7), "stage"),
        (lambda: figures.time_split(101), "data"),
        (lambda: figures.race(decay=0), "decay"),
        (lambda: figures.energy("toaster"), "device"),
        (lambda: figures.crossing_map(decay=0.8), "decay"),
        (lambda: figures.crossing_map(small_cycle=200), "small_cycle"),
        (lambda: figures.crossing_map(large_cycle=0), "cycle_hours"),
    ],
)
def test_bad_numbers_are_refused_by_name(call, names):
    """Does a wrong number end in an error that names it, and not in a wrong picture?"""
    with pytest.raises(ValueError, match=names):
        call()
