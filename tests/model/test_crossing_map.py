"""The crossing map against the race itself: every cell must be the week that `crossover` finds, to the last float."""

import math
import random
import re
import time

import numpy as np
import pytest
from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from mlwf.model import crossover, large_strategy, small_strategy
from mlwf.model.crossing_map import crossing_map

pytestmark = pytest.mark.thorough


def raced(small_cycle, decay, large_cycle=168, weeks=26):
    """One cell, raced; nan for never, as in the map."""
    week = crossover(small_strategy(small_cycle, decay), large_strategy(large_cycle, decay), weeks).week
    return math.nan if week is None else week


def raced_map(small_cycles, decays, large_cycle, weeks):
    return [[raced(cycle, decay, large_cycle, weeks) for cycle in small_cycles] for decay in decays]


NEVER = math.nan
# decay, large cycle, small cycle -> week within 26
PUBLISHED = [
    (0.90, 168, 1, NEVER),
    (0.95, 168, 1, NEVER),
    (0.985, 168, 1, 1),
    (0.99, 168, 1, 1),
    (0.99, 168, 12, 7),
    (0.99, 168, 24, NEVER),
    (1, 168, 1, 1),
    (1, 168, 24, 10),
]


@pytest.mark.parametrize(("decay", "large_cycle", "small_cycle", "week"), PUBLISHED)
def test_the_weeks_of_the_story(decay, large_cycle, small_cycle, week):
    """Does the map show the weeks that the lab tells, a lead that no whole week sees included?"""
    np.testing.assert_array_equal(crossing_map([small_cycle], [decay], large_cycle), [[week]])


@pytest.mark.parametrize(
    ("large_cycle", "small_cycle", "decay"),
    [(168, 1, 0.9812), (168, 4, 0.9830), (24, 1, 0.9846), (168, 24, 0.9901)],
)
def test_least_decay_for_a_whole_week_crossing(large_cycle, small_cycle, decay):
    """Where does a column's coloured part begin, within 26 weeks?"""
    decays = np.arange(98_000, 100_001) / 100_000
    crosses = ~np.isnan(crossing_map([small_cycle], decays, large_cycle)[:, 0])
    assert round(decays[crosses.argmax()], 4) == decay


def test_nothing_crosses_up_to_0_98():
    """Is the whole lower part of the map empty, at every cycle and in the longest window?"""
    assert np.isnan(crossing_map(range(1, 201), np.arange(1, 99) / 100, 336, 520)).all()


def test_a_row_is_a_decay_and_a_column_a_cycle():
    """Is the order that of the arguments, whatever it is, and may a value come twice?"""
    decays, cycles = [1, 0.99, 0.5, 0.99], [12, 1, 12, 24, 8736]
    grid = crossing_map(cycles, decays)
    assert grid.shape == (4, 5)
    assert grid.dtype == np.float64
    np.testing.assert_array_equal(grid, raced_map(cycles, decays, 168, 26))


@pytest.mark.parametrize("collection", [tuple, list, np.array, iter, lambda values: dict.fromkeys(values).keys()])
def test_any_collection_will_do(collection):
    """Are arrays, tuples and iterators read alike?"""
    grid = crossing_map(collection([1, 12, 24]), collection([0.95, 0.99, 1.0]))
    np.testing.assert_array_equal(grid, raced_map([1, 12, 24], [0.95, 0.99, 1.0], 168, 26))


@pytest.mark.parametrize(("cycles", "decays"), [([], []), ([1, 2], []), ([], [0.9, 1])])
def test_an_empty_map(cycles, decays):
    """Does a map without rows or columns still have its shape?"""
    assert crossing_map(cycles, decays).shape == (len(decays), len(cycles))


def test_a_window_of_no_weeks():
    """Does nothing cross before anything is trained?"""
    assert np.isnan(crossing_map([1, 24], [0.99, 1], weeks=0)).all()


def test_level_at_the_ceiling_is_a_crossing():
    """Does the small model draw level where both have reached 99, and in the very week in which it does?"""
    # Hourly, the large model is at 99 after 27 of 168 hours; the small one needs 90 iterations.
    np.testing.assert_array_equal(crossing_map([1, 2, 48, 49], [1], large_cycle=1), [[1, 2, 26, NEVER]])


some_cycles = st.sampled_from((1, 4, 5, 12, 24, 100, 168, 336)) | st.integers(1, 60) | st.integers(1, 8736)
some_decays = (
    st.floats(0.975, 1)
    | st.floats(0.98, 0.995)
    | st.integers(9800, 10_000).map(lambda ten_thousandths: ten_thousandths / 10_000)
    | st.just(1.0)
    | st.floats(0.9999, 1)
    | st.floats(0, 1, exclude_min=True)
)


@settings(max_examples=1500)
@given(
    st.lists(some_cycles, min_size=1, max_size=10),
    st.lists(some_decays, min_size=1, max_size=6),
    some_cycles,
    st.integers(1, 60) | st.integers(0, 520),
)
@example([1, 2, 3, 24, 8736], [1 - 2**-53, 1 - 2**-52, 5e-324, 1], 1, 520)
def test_every_cell_is_the_race(cycles, decays, large_cycle, weeks):
    """Is each cell the race's own answer, whatever is raced?"""
    expected = np.array(raced_map(cycles, decays, large_cycle, weeks))
    event("nothing crosses" if np.isnan(expected).all() else f"{len(np.unique(expected))} different weeks")
    np.testing.assert_array_equal(crossing_map(cycles, decays, large_cycle, weeks), expected)


@settings(max_examples=300)
@given(st.integers(1, 40), some_cycles, st.integers(1, 60))
def test_one_float_decides(cycle, large_cycle, weeks):
    """Does the map change between the same two neighbouring floats at which the race does?"""
    behind, level = 0.98, 1.0  # what decays do between them does not matter: some two neighbours differ
    assume(raced(cycle, level, large_cycle, weeks) > 0)
    while behind < (middle := (behind + level) / 2) < level:
        if math.isnan(raced(cycle, middle, large_cycle, weeks)):
            behind = middle
        else:
            level = middle
    decays = [level + steps * 2**-53 for steps in range(-8, 9) if level + steps * 2**-53 <= 1]
    expected = raced_map([cycle], decays, large_cycle, weeks)
    np.testing.assert_array_equal(crossing_map([cycle], decays, large_cycle, weeks), expected)


CYCLES = range(1, 201)
DECAYS = np.linspace(0.97, 1, 200).round(4)


@pytest.mark.parametrize("weeks", [26, 52])
def test_a_map_to_draw(weeks):
    """Is a map of 200 cycles by 200 decays right, wherever one looks?"""
    grid = crossing_map(CYCLES, DECAYS, weeks=weeks)
    cells = random.Random(weeks).sample([(row, column) for row in range(200) for column in range(200)], 2000)
    # Most cells say never: look where things cross on purpose.
    cells += [(row, column) for row in range(70, 200, 3) for column in range(0, 60, 2)]
    expected = [raced(CYCLES[column], DECAYS[row], weeks=weeks) for row, column in cells]
    assert 600 < np.isfinite(expected).sum() < 2500
    np.testing.assert_array_equal([grid[cell] for cell in cells], expected)


@pytest.mark.parametrize("weeks", [26, 52])
def test_a_map_is_drawn_while_one_waits(weeks):
    """Is a map of 40,000 races there at once? The bound leaves a busy machine many times what it takes."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        crossing_map(CYCLES, DECAYS, weeks=weeks)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.5


BAD = [
    ("small_cycles", TypeError, 24, "must be a collection of numbers, not 24"),
    ("small_cycles", TypeError, None, "must be a collection of numbers, not None"),
    ("small_cycles", TypeError, np.array(24), "must be a collection of numbers, not array(24)"),
    ("small_cycles", TypeError, [1, 1.5], "must be an integer from 1 to 8,736, not 1.5"),
    ("small_cycles", TypeError, [True], "must be an integer from 1 to 8,736, not True"),
    ("small_cycles", TypeError, "24", "must be an integer from 1 to 8,736, not '2'"),
    ("small_cycles", ValueError, [0], "must be from 1 to 8,736, not 0"),
    ("small_cycles", ValueError, [1, 8737], "must be from 1 to 8,736, not 8737"),
    ("decays", TypeError, 0.9, "must be a collection of numbers, not 0.9"),
    ("decays", TypeError, ["0.9"], "must be a number above 0 and at most 1, not '0.9'"),
    ("decays", TypeError, [None], "must be a number above 0 and at most 1, not None"),
    ("decays", ValueError, [0.9, 0], "must be above 0 and at most 1, not 0"),
    ("decays", ValueError, [1.5], "must be above 0 and at most 1, not 1.5"),
    ("decays", ValueError, [math.nan], "must be a finite number above 0 and at most 1, not nan"),
    ("large_cycle", TypeError, 168.0, "must be an integer from 1 to 8,736, not 168.0"),
    ("large_cycle", ValueError, 0, "must be from 1 to 8,736, not 0"),
    ("large_cycle", ValueError, 8737, "must be from 1 to 8,736, not 8737"),
    ("weeks", TypeError, 26.0, "must be an integer from 0 to 520, not 26.0"),
    ("weeks", ValueError, -1, "must be from 0 to 520, not -1"),
    ("weeks", ValueError, 521, "must be from 0 to 520, not 521"),
]


@pytest.mark.parametrize(("name", "error", "value", "message"), BAD)
def test_what_the_map_refuses(name, error, value, message):
    """Is each argument refused by its name, with the value and the range, even where there is nothing to race?"""
    arguments = {"small_cycles": [], "decays": []} | {name: value}
    with pytest.raises(error, match=f"^{re.escape(f'{name} {message}')}$"):
        crossing_map(**arguments)
