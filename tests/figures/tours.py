"""Each picture with states to take it through: a few that differ in everything, and all those in which letters could collide."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import Any

import numpy as np
from PIL import Image

from mlwf import figures
from mlwf.figures import Look, Picture
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

LARGE_CYCLES, SMALL_CYCLES = (1, 24, 168, 336), (1, 4, 12, 24, 168)
CYCLES = sorted({*LARGE_CYCLES, *SMALL_CYCLES})
WIDE, DARK, NARROW, SHARP = Look(), Look(dark=True), Look(narrow=True), Look(narrow=True, pixel_ratio=2.0)
LOOKS = {"wide": WIDE, "dark": DARK, "narrow": NARROW, "sharp": SHARP}


@dataclass(frozen=True, eq=False)
class Tour:
    """A picture and where to take it.

    Attributes
    ----------
    picture_class : type of Picture
    show : callable
        ``show(picture, *state)`` brings a picture to a state.
    states : sequence of tuple
        A few that differ in all that can differ.
    telling : tuple
        The state that shows most at once.
    crowded : sequence of tuple
        All states in which letters stand elsewhere.
    windows : sequence of tuple
        States with another backdrop each; none for a picture without.
    """

    picture_class: type[Picture]
    show: Callable[..., None]
    states: tuple[tuple[Any, ...], ...]
    telling: tuple[Any, ...]
    crowded: tuple[tuple[Any, ...], ...]
    windows: tuple[tuple[Any, ...], ...] = ()

    @property
    def name(self) -> str:
        return self.picture_class.__name__

    def fresh(self, look: Look, state: Iterable[Any]) -> Picture:
        """A picture that never showed anything else."""
        picture = self.picture_class(look)
        self.show(picture, *state)
        return picture

    @cache  # noqa: B019 - tours live as long as the tests
    def drawn(self, look: Look, state: tuple[Any, ...]) -> tuple[bytes, str]:
        """What `fresh` sends to the browser, and its description."""
        picture = self.fresh(look, state)
        return picture.png(), picture.description


def pixels(png: bytes) -> np.ndarray:
    """Red, green and blue of each pixel, as shape (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int)


def _show_race(picture: figures.Race, large_cycle: int, small_cycle: int, decay: float, weeks: int) -> None:
    large, small = large_strategy(large_cycle, decay), small_strategy(small_cycle, decay)
    picture.depict(large, small, crossover(small, large, weeks))


def _show_map(picture: figures.CrossingMap, large_cycle: int, small_cycle: int, decay: float, weeks: int) -> None:
    large, small = large_strategy(large_cycle, decay), small_strategy(small_cycle, decay)
    picture.depict(large_cycle, small_cycle, decay, crossover(small, large, weeks))


def _show_energy(picture: figures.Energy, device: str, large_cycle: int, small_cycle: int, session: float, weeks: int) -> None:  # fmt: skip
    cycles = large_cycle, small_cycle
    if device == "mobile":
        picture.depict_battery(*(battery_budget(MOBILE, cycle, session) for cycle in cycles))
    else:
        picture.depict_bill(*(cloud_bill(CLOUD, cycle, session, weeks) for cycle in cycles), weeks)


def _show_gates(picture: figures.Gates, *active: str) -> None:
    picture.depict(active, [catch(active, constraint) for constraint in CONSTRAINTS])


_WINDOWS = tuple((168, 1, 0.99, weeks) for weeks in range(4, 24, 2))
TOURS = (
    Tour(
        figures.Timeline,
        lambda picture, stage: picture.depict(stage),
        states=((1,), (6,), (3,), (5,)),
        telling=(5,),
        crowded=tuple((stage,) for stage in range(1, 7)),
    ),
    Tour(
        figures.Split,
        lambda picture, data, revealed: picture.depict(data, revealed),
        states=((40, False), (95, True), (5, True), (60, False)),
        telling=(55, True),
        crowded=tuple(product(range(0, 101, 5), (False, True))),
    ),
    Tour(
        figures.Race,
        _show_race,
        states=((168, 1, 0.95, 26), (168, 24, 0.99, 26), (24, 4, 1.0, 8), (168, 1, 0.99, 52), (336, 168, 0.9, 4)),
        telling=(168, 24, 0.99, 26),
        # At less decay no curves cross, and nothing moves but the curves.
        crowded=tuple(product(LARGE_CYCLES, SMALL_CYCLES, (0.95, 0.99, 1.0), (4, 6, 8, 10, 14, 20, 24, 34, 52))),
        windows=_WINDOWS,
    ),
    Tour(
        figures.CrossingMap,
        _show_map,
        states=((168, 1, 0.95, 26), (168, 12, 0.99, 26), (24, 168, 1.0, 52), (1, 24, 0.9, 4)),
        telling=(168, 12, 0.99, 26),
        crowded=tuple(product((1, 336), SMALL_CYCLES, (0.9, 0.95, 0.99, 1.0), (4, 52))),
        windows=_WINDOWS,
    ),
    Tour(
        figures.Energy,
        _show_energy,
        states=(("mobile", 168, 1, 2.0, 26), ("cloud", 168, 4, 2.0, 26), ("mobile", 1, 24, 2.0, 26), ("cloud", 1, 1, 24.0, 52)),
        telling=("mobile", 168, 1, 2.0, 26),
        # The bars know nothing of each other, so one cycle does for both.
        crowded=(
            *(("mobile", cycle, cycle, half_hours / 2, 26) for cycle, half_hours in product(CYCLES, range(1, 49))),
            *(("cloud", cycle, cycle, session, weeks) for cycle, session, weeks in product(CYCLES, (0.5, 2.0, 6.5, 12.0, 24.0), (4, 26, 52))),
        ),
    ),
    Tour(
        figures.Gates,
        _show_gates,
        states=((), ("memory_budget",), tuple(GATES), ("staged_rollout", "memory_profiling")),
        telling=("memory_budget", "on_device_test"),
        crowded=tuple(active for count in range(len(GATES) + 1) for active in combinations(GATES, count)),
    ),
)  # fmt: skip
