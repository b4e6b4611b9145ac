"""The race as the lab tells it: each number that a text, a card or an answer key relies on, and the window's edges."""

import itertools

import pytest

from mlwf.model import HOURS_PER_WEEK, Strategy, crossover, large_strategy, small_strategy

WEEKS = 26
END = WEEKS * HOURS_PER_WEEK


def race(decay, large_cycle=168, small_cycle=1, weeks=WEEKS):
    return crossover(small_strategy(small_cycle, decay), large_strategy(large_cycle, decay), weeks)


def gained_one_by_one(start, gain, decay, iterations):
    """Accuracy by adding gain after gain: the story itself, without the closed formula."""
    return min(99.0, start + sum(gain * decay**i for i in range(iterations)))


def test_the_two_strategies():
    """Are the published large and small model the defaults?"""
    assert large_strategy() == Strategy("large", start=95.0, gain=0.15, cycle_hours=168, decay=0.95, ceiling=99.0)
    assert small_strategy() == Strategy("small", start=90.0, gain=0.10, cycle_hours=1, decay=0.95, ceiling=99.0)


# decay, large cycle, small cycle -> leads (hours), first whole week, hour from which the lead lasts
RACES = [
    (0.95, 168, 1, (), None, None),
    (0.90, 168, 1, (), None, None),
    (0.99, 168, 1, ((69, END),), 1, 69),
    (1, 168, 1, ((50, END),), 1, 50),
    (1, 168, 24, ((1488, 1512), (1536, END)), 10, 1536),
    (0.99, 168, 24, ((3816, 3864), (3984, 4032), (4128, 4200), (4296, END)), None, 4296),
    (0.99, 168, 12, ((1068, END),), 7, 1068),
    (0.985, 168, 1, ((92, 2184),), 1, None),
]


@pytest.mark.parametrize(("decay", "large_cycle", "small_cycle", "leads", "week", "sustained_hour"), RACES)
def test_when_the_small_model_leads(decay, large_cycle, small_cycle, leads, week, sustained_hour):
    """Are the hours and weeks those of the story, including leads too short for any whole week to see?"""
    result = race(decay, large_cycle, small_cycle)
    assert result.leads == leads
    assert result.hour == (leads[0][0] if leads else None)
    assert result.week == week
    assert result.sustained_hour == sustained_hour


# decay, small cycle -> final accuracies as the lab prints them, and whether the small model is ahead then
FINALS = [
    (0.95, 1, 97.2, 92.0, False),
    (0.90, 1, 96.4, 91.0, False),
    (0.99, 1, 98.45, 99.0, True),
    (1, 1, 98.9, 99.0, True),
    (1, 24, 98.9, 99.0, True),
    (0.99, 24, 98.45, 98.39, False),
    (0.99, 12, 98.45, 99.0, True),
    (0.985, 1, 98.2, 96.7, False),
]


@pytest.mark.parametrize(("decay", "small_cycle", "large", "small", "ahead"), FINALS)
def test_where_they_stand_after_26_weeks(decay, small_cycle, large, small, ahead):
    """Are the finals the sums of all gains, and do they round to the numbers in the text?"""
    result = race(decay, small_cycle=small_cycle)
    assert (result.leader_iterations, result.challenger_iterations) == (26, END // small_cycle)
    assert result.leader_final == pytest.approx(gained_one_by_one(95, 0.15, decay, 26), abs=1e-9)
    assert result.challenger_final == pytest.approx(gained_one_by_one(90, 0.10, decay, END // small_cycle), abs=1e-9)
    digits = 2 if decay == 0.99 else 1
    assert (round(result.leader_final, digits), round(result.challenger_final, digits)) == (large, small)
    assert result.ahead_at_end is ahead
    assert result.weeks == WEEKS


# 95 + 0.15 / (1 - decay) and 90 + 0.10 / (1 - decay), at most 99
LIMITS = [(0.90, 96.5, 91), (0.95, 98, 92), (0.98, 99, 95), (0.985, 99, 90 + 20 / 3), (0.99, 99, 99), (1, 99, 99)]


@pytest.mark.parametrize(("decay", "large", "small"), LIMITS)
def test_limits(decay, large, small):
    """Is the limit the sum of the endless series, cut at the ceiling, on the strategy and on the result alike?"""
    assert large_strategy(168, decay).limit() == pytest.approx(large, abs=1e-9)
    assert small_strategy(1, decay).limit() == pytest.approx(small, abs=1e-9)
    result = race(decay)
    assert result.leader_limit == large_strategy(168, decay).limit()
    assert result.challenger_limit == small_strategy(1, decay).limit()


def test_a_linear_strategy_without_gain_stays_at_its_start():
    """Is the ceiling no limit for a strategy that never moves?"""
    assert Strategy("still", 90, 0, 1, 1).limit() == 90


def test_accuracy_of_single_iterations():
    """Does the first iteration add the whole gain, the second the decayed one, and none nothing?"""
    strategy = Strategy("halving", start=80, gain=4, cycle_hours=1, decay=0.5)
    assert [strategy.accuracy(k) for k in range(5)] == [80, 84, 86, 87, 87.5]
    assert strategy.limit() == 88


def test_linear_accuracy_has_no_rounding():
    """Is 0.1 added k times the decimal that a student writes down, and not a float's 0.30000000000000004?"""
    assert [Strategy("tenths", 0, 0.1, 1, 1).accuracy(k) for k in (3, 6, 7, 991)] == [0.3, 0.6, 0.7, 99.0]


@pytest.mark.parametrize(("hours", "finished"), [(0, 0), (23, 0), (24, 1), (47, 1), (48, 2), (END, 182)])
def test_an_unfinished_iteration_does_not_count(hours, finished):
    """Is the count of iterations rounded down?"""
    assert small_strategy(24).iterations(hours) == finished


def test_a_curve_to_draw_is_the_same_race():
    """Are the points of a plot, in any order, those that iterations and accuracy give one by one?"""
    for strategy in (large_strategy(24, 0.99), small_strategy(5, 1)):
        hours = [0, 23, 24, 25, END, 168, 4, 5]
        assert strategy.accuracy_at(hours) == [strategy.accuracy(h // strategy.cycle_hours) for h in hours]
        weeks = range(0, END + 1, HOURS_PER_WEEK)
        assert strategy.accuracy_at(weeks) == strategy.accuracy_at(list(weeks))
        assert strategy.accuracy_at(range(5, 5)) == []


@pytest.mark.parametrize("hours", [range(-1, 3), range(3, -2, -1), range(87_000, 87_362)])
def test_a_row_of_hours_is_checked_at_both_ends(hours):
    """Is a range that leads out of the window refused as each of its hours is?"""
    with pytest.raises(ValueError, match="hours must be from 0 to 87,360"):
        small_strategy().accuracy_at(hours)


LAB_CYCLES = list(itertools.product((1, 24, 168, 336), (1, 4, 12, 24, 168)))


@pytest.mark.parametrize("percent", range(1, 99))
def test_nothing_crosses_up_to_0_98(percent):
    """Does the small model stay behind at every cycle that the lab offers, as its limit is at most 95?"""
    decay = percent / 100
    assert small_strategy(1, decay).limit() <= 95
    assert not any(race(decay, large, small, weeks=52).leads for large, small in LAB_CYCLES)


def least_decay(works):
    """The first decay above 0.98 that works, found by going up in steps of 0.00001, to 4 decimals."""
    return round(next(step / 100_000 for step in range(98_000, 100_001) if works(step / 100_000)), 4)


@pytest.mark.parametrize(
    ("large_cycle", "small_cycle", "decay"),
    [(168, 1, 0.9812), (168, 4, 0.9830), (24, 1, 0.9846), (168, 24, 0.9901)],
)
def test_least_decay_for_a_whole_week_crossing(large_cycle, small_cycle, decay):
    """From which decay on is there a whole week within 26 at whose end the small model leads?"""
    assert least_decay(lambda r: race(r, large_cycle, small_cycle).week is not None) == decay


def test_least_decay_for_a_lead_that_lasts():
    """From which decay on does the small model still lead at week 26?"""
    assert least_decay(lambda r: race(r).ahead_at_end) == 0.9881


def test_ties_are_seen_where_floats_miss_them():
    """Is 3 * 0.1 level with 0.3? In floats it is above, and the challenger would lose an hour."""
    challenger = Strategy("still", start=0.3, gain=0, cycle_hours=1, decay=1)
    leader = Strategy("tenths", start=0, gain=0.1, cycle_hours=1, decay=1)
    assert crossover(challenger, leader, 1).leads == ((0, 4),)


def test_level_at_the_ceiling_is_a_lead():
    """Does a challenger that reaches the same ceiling as its leader count as not behind from then on?"""
    challenger = Strategy("slow", start=90, gain=0.7, cycle_hours=50, decay=1, ceiling=99.0)
    leader = Strategy("full", start=99, gain=1, cycle_hours=1, decay=0.9, ceiling=99.0)
    assert crossover(challenger, leader, 26).leads == ((13 * 50, END),)


def test_an_iteration_that_finishes_as_the_window_ends_counts():
    """Is a lead that begins at the last instant seen, though it has no length?"""
    challenger = Strategy("late", start=90, gain=5, cycle_hours=168, decay=1)
    result = crossover(challenger, Strategy("still", start=95, gain=0, cycle_hours=1, decay=1), 1)
    assert result.leads == ((168, 168),)
    assert (result.hour, result.sustained_hour, result.week) == (168, 168, 1)
    assert (result.challenger_iterations, result.challenger_final, result.ahead_at_end) == (1, 95, True)


def test_a_lead_lost_as_the_window_ends_was_sustained_all_the_same():
    """Does the instant of the end take away the week and the final standing, but not the hours before it?"""
    challenger = Strategy("early", start=90, gain=5, cycle_hours=100, decay=1)
    result = crossover(challenger, Strategy("weekly", start=95, gain=0.1, cycle_hours=168, decay=1), 1)
    assert result.leads == ((100, 168),)
    assert (result.hour, result.sustained_hour, result.week, result.ahead_at_end) == (100, 100, None, False)


@pytest.mark.parametrize(
    ("start", "leads", "first"), [(89.9, (), None), (90.0, ((0, 0),), 0), (90.1, ((0, 0),), 0)], ids=str
)
def test_a_window_of_no_weeks_compares_the_starts(start, leads, first):
    """Is a window without length still an answer, that of week 0?"""
    result = crossover(Strategy("own", start, 1, 1, 1), Strategy("other", 90.0, 1, 1, 1), 0)
    assert result.leads == leads
    assert (result.hour, result.week, result.sustained_hour) == (first, first, first)
    assert (result.challenger_final, result.leader_final, result.challenger_iterations) == (start, 90.0, 0)


def test_a_gain_beyond_all_floats_reaches_the_ceiling():
    """Does an absurd gain, whose sum no float can hold, end at the ceiling whatever it is compared with?"""
    huge = Strategy("huge", start=0, gain=1e308, cycle_hours=24, decay=0.5)
    linear = Strategy("linear", start=1, gain=0, cycle_hours=1, decay=1)
    result = crossover(huge, linear, 1)
    assert result.leads == ((24, 168),)
    assert result.challenger_final == 99
