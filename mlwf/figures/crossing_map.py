"""The crossing map: when the small model draws level, over its cycle and the decay of the gains."""

from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.colors import BoundaryNorm, ListedColormap, to_hex
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke

from mlwf.figures.picture import DEFAULT_LOOK, Look, Picture, axes, style, title
from mlwf.model import Crossover, crossover, large_strategy, small_strategy
from mlwf.model.crossing_map import crossing_map as crossing_weeks

POINTS = 200
MAX_CYCLE = 168
LEAST_DECAY = 0.9
# Cycles in equal ratios and decays in equal steps of sqrt(1 - r), so that the corner where something happens has room.
CYCLES = tuple(round(float(cycle)) for cycle in np.geomspace(1, MAX_CYCLE, POINTS))
DECAYS = tuple(float(round(1 - root**2, 6)) for root in np.linspace((1 - LEAST_DECAY) ** 0.5, 0, POINTS))
CYCLE_TICKS = (1, 2, 4, 12, 24, 48, 168)
DECAY_TICKS = (0.9, 0.95, 0.98, 0.99, 0.998, 1.0)
WEEKS = (1, 2, 5, 9, 14, 21, 27, 53)  # the first week of each colour, and one after the last
COLOURS = tuple(to_hex(colour) for colour in colormaps["cividis"](np.linspace(1, 0.2, len(WEEKS) - 1)))


def _across(cycle: float) -> float:
    """Where a cycle stands on the map, 0 to 1."""
    return float(np.log(cycle) / np.log(MAX_CYCLE))


def _up(decay: float) -> float:
    """Where a decay stands on the map, 0 to 1."""
    return float(1 - ((1 - decay) / (1 - LEAST_DECAY)) ** 0.5)


@lru_cache(maxsize=64)
def _weeks(large_cycle: int, weeks: int) -> npt.NDArray[np.float64]:
    return crossing_weeks(CYCLES, DECAYS, large_cycle, weeks)


class CrossingMap(Picture):
    """A race at each point, coloured by the week of its crossover, and the present setting as a cross."""

    name = "Map of all races"

    def __init__(self, look: Look = DEFAULT_LOOK) -> None:
        super().__init__(look, height_px=420 if look.narrow else 380, shades=COLOURS)
        palette = look.palette
        with style(look):
            ax = axes(self, left=74, right=16 if look.narrow else 166, bottom=112 if look.narrow else 46, top=36)
            ax.set_xlim(0, 1)
            ax.set_ylim(0, 1)
            ax.set_xticks([_across(cycle) for cycle in CYCLE_TICKS], [str(cycle) for cycle in CYCLE_TICKS])
            ax.set_yticks([_up(decay) for decay in DECAY_TICKS], [f"{decay:g}" for decay in DECAY_TICKS])
            ax.set_xlabel("cycle of the small model (h)")
            ax.set_ylabel("decay of the gains (r)")
            never: Any = {"facecolor": palette.surface, "edgecolor": palette.grid, "hatch": "xx", "linewidth": 0}
            ax.add_patch(Rectangle((0, 0), 1, 1, zorder=-1, **never))
            scale: Any = {"cmap": ListedColormap(COLOURS), "norm": BoundaryNorm(WEEKS, len(COLOURS))}
            shape = np.full((POINTS, POINTS), np.nan)
            self._races = self.seldom(
                ax.imshow(shape, **scale, extent=(0, 1, 0, 1), origin="lower", aspect="auto", interpolation="nearest")
            )
            ranges = [f"week {a}" if b - a == 1 else f"weeks {a} to {b - 1}" for a, b in pairwise(WEEKS)]
            keys = [Patch(facecolor=colour) for colour in COLOURS] + [Patch(**never)]
            place: Any = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0)}
            if look.narrow:
                place = {
                    "loc": "upper left",
                    "bbox_to_anchor": (-0.24, -0.17),
                    "ncols": 3,
                    "fontsize": 8.5,
                    "columnspacing": 1,
                }
            ax.legend(keys, [*ranges, "never"], frameon=False, **place)
            outline = [withStroke(linewidth=4, foreground=palette.surface)]
            self._lines = [
                self.live(line)
                for line in (
                    ax.axvline(0, color=palette.text, linewidth=1, linestyle=":"),
                    ax.axhline(0, color=palette.text, linewidth=1, linestyle=":"),
                )
            ]
            self._mark = self.live(
                ax.plot([], [], "P", markersize=13, color=palette.red, markeredgecolor=palette.surface, clip_on=False)[
                    0
                ]
            )
            self._mark_text = self.live(ax.text(0, 0, "", weight="bold", path_effects=outline))
            self._title = title(self, ax, 12)

    def depict(self, large_cycle: int, small_cycle: int, decay: float, found: Crossover) -> None:
        """Show all races against a large model of `large_cycle` within the window of `found`, which is the race marked."""
        self._races.set_data(_weeks(large_cycle, found.weeks))
        self.set_backdrop((large_cycle, found.weeks))
        x, y = _across(small_cycle), _up(decay)
        self._mark.set_data([x], [y])
        self._lines[0].set_xdata([x, x])
        self._lines[1].set_ydata([y, y])
        said = "never" if found.week is None else f"week {found.week}"
        self._mark_text.set_text(said)
        left, low = x < 0.8, y < 0.9
        self._mark_text.set_position((x + (0.02 if left else -0.02), y + (0.03 if low else -0.03)))
        self._mark_text.set_horizontalalignment("left" if left else "right")
        self._mark_text.set_verticalalignment("bottom" if low else "top")
        if self.look.narrow:
            self._title.set_text(f"First whole week ahead, {found.weeks} weeks")
        else:
            self._title.set_text(
                f"First whole week ahead of a large model with a cycle of {large_cycle} h, in {found.weeks} weeks"
            )
        crossed = np.isfinite(_weeks(large_cycle, found.weeks))
        lowest = DECAYS[int(np.argmax(crossed.any(axis=1)))] if crossed.any() else None
        self.description = (
            f"Map of races against a large model with a cycle of {large_cycle} hours in {found.weeks} weeks, over the small model's "
            f"cycle from 1 to {MAX_CYCLE} hours and a decay from {LEAST_DECAY:g} to 1. "
            + (
                f"The least decay of the map with a crossover is {lowest:.4f}; "
                if lowest
                else "No race of the map has a crossover; "
            )
            + f"{crossed.mean():.0%} of the map has one. Present setting: cycle {small_cycle} hours, decay {decay:g}: {said}."
        )


def crossing_map(large_cycle: int = 168, small_cycle: int = 1, decay: float = 0.95, weeks: int = 26) -> CrossingMap:
    """Picture of the crossover week over the small model's cycle and the decay, with one setting marked.

    Parameters
    ----------
    large_cycle : int
        Hours for one iteration of the large model, 1 to 8,736.
    small_cycle : int
        The marked cycle of the small model, hours, 1 to 168.
    decay : float
        The marked decay, 0.9 to 1.
    weeks : int
        Project window, 0 to 520 weeks; colours end at week 52.

    Returns
    -------
    CrossingMap
        A matplotlib Figure.

    Raises
    ------
    TypeError, ValueError
        An argument is of the wrong type or out of range.
    """
    if not LEAST_DECAY <= decay <= 1:
        raise ValueError(f"decay must be from {LEAST_DECAY:g} to 1 on the map, not {decay!r}")
    large, small = large_strategy(large_cycle, decay), small_strategy(small_cycle, decay)
    if small_cycle > MAX_CYCLE:
        raise ValueError(f"small_cycle must be from 1 to {MAX_CYCLE} on the map, not {small_cycle!r}")
    picture = CrossingMap()
    picture.depict(large_cycle, small_cycle, decay, crossover(small, large, weeks))
    return picture
