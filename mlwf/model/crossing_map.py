"""The crossing map: in which week the small model draws level, for many of its cycles and many decays at once.

The one module of the model that needs numpy, so `mlwf.model` does not import it; a figure does.
"""

from bisect import bisect_left
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from mlwf.model._validate import integer, real
from mlwf.model.race import (
    HOURS_PER_WEEK,
    MAX_CYCLE_HOURS,
    MAX_WEEKS,
    comparable_curves,
    large_strategy,
    small_strategy,
)


def crossing_map(
    small_cycles: Iterable[int], decays: Iterable[float], large_cycle: int = 168, weeks: int = 26
) -> npt.NDArray[np.float64]:
    """First whole week in which the small model is not behind, for each decay and each of its cycles.

    Every cell is ``crossover(small_strategy(cycle, decay), large_strategy(large_cycle, decay), weeks).week``.

    Parameters
    ----------
    small_cycles : collection of int, length n
        Lengths of the small model's iteration, hours, each 1 to 8,736, in any order.
    decays : collection of float, length m
        Decay of both models' gains, each above 0 and at most 1, in any order.
    large_cycle : int
        Length of the large model's iteration, hours, 1 to 8,736.
    weeks : int
        The window, 0 to 520 weeks of 168 hours.

    Returns
    -------
    numpy.ndarray of float, shape (m, n)
        Whole weeks, 1 to `weeks`; nan where the small model draws level at no week of the window. A row is a decay, a
        column a cycle.

    Raises
    ------
    TypeError, ValueError
        An argument, or an element of one, is of the wrong type or out of range.

    Notes
    -----
    Exact, though no cell is raced. The small model's accuracy depends on its count of iterations alone and never falls, so
    for each week there is a least count k that is level with the large model. A cycle of c hours has finished k iterations
    after h hours if ``h // c >= k``, which among whole numbers means ``c <= h // k``. So one number, the longest cycle that
    is level, decides a whole week of a row. Finding it compares the very numbers that `crossover` compares, by the same
    functions: there is no tolerance, and a tie is a tie.
    """
    cycles = [integer("small_cycles", c, 1, MAX_CYCLE_HOURS) for c in _listed("small_cycles", small_cycles)]
    rows = [real("decays", r, 0, 1, above_low=True) for r in _listed("decays", decays)]
    large_cycle = integer("large_cycle", large_cycle, 1, MAX_CYCLE_HOURS)
    weeks = integer("weeks", weeks, 0, MAX_WEEKS)

    columns = np.array(cycles, dtype=np.int64)
    first_weeks = np.empty((len(rows), len(cycles)))
    for row, decay in zip(first_weeks, rows, strict=True):
        row[:] = np.searchsorted(_longest_cycles(decay, large_cycle, weeks), columns)
    first_weeks[first_weeks > weeks] = np.nan
    return first_weeks


def _listed(name: str, values: Iterable[float]) -> list[float]:
    try:
        return list(values)
    except TypeError:  # asked of the value itself, as an array without dimensions claims to be iterable
        raise TypeError(f"{name} must be a collection of numbers, not {values!r}") from None


def _longest_cycles(decay: float, large_cycle: int, weeks: int) -> list[int]:
    """For each week from 0 on, the longest cycle with which the small model was level at its end or an earlier week's.

    0 means that none was. The numbers never fall, so that the first one to reach a cycle marks that cycle's week.
    """
    small, large = comparable_curves(small_strategy(1, decay), large_strategy(large_cycle, decay))
    if small(weeks * HOURS_PER_WEEK) < large(0):
        return [0] * (weeks + 1)  # hourly iterations never reach the large model's start: no cycle does
    longest, needed = [0], 0  # at week 0 the starts are compared, and the small model's is the lower one
    for hours in range(HOURS_PER_WEEK, weeks * HOURS_PER_WEEK + 1, HOURS_PER_WEEK):
        target = large(hours // large_cycle)
        record = longest[-1]
        # Most weeks set no record: the next longer cycle would have to be level, and one comparison tells.
        enough = hours // (record + 1)
        if small(enough) >= target:
            # The target never falls, so neither does what it needs: the search goes on from the last record's count.
            needed = bisect_left(range(enough), target, lo=needed, key=small)
            record = hours // needed
        longest.append(record)
    return longest
