"""The iteration race: accuracy of both strategies over the project's weeks."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.markers import TICKDOWN
from matplotlib.ticker import MaxNLocator

from mlwf.figures.picture import DEFAULT_LOOK, Look, Picture, axes, style, title
from mlwf.model import HOURS_PER_WEEK, Crossover, Strategy, crossover, large_strategy, small_strategy

MIN_ACCURACY, MAX_ACCURACY = 85, 100
DEADLINE_WEEK = 20
MARK_TEXT_PX = 170  # the longest, with its distance from the mark
MAX_TICKS = 8
POINTS = 400  # about as many as the picture has columns to tell apart


class _WeekScale:
    """The axis of weeks, made of few artists: matplotlib's own takes some 5 ms at each new window to measure its numbers."""

    def __init__(self, picture: Picture, ax: Axes) -> None:
        self._ax = ax
        ax.set_xticks([])
        settings, along = mpl.rcParams, ax.get_xaxis_transform()
        self._locator = MaxNLocator(MAX_TICKS - 1, steps=[1, 2, 5, 10], integer=True)
        grid: Any = {"color": settings["grid.color"], "linewidth": settings["grid.linewidth"]}
        self._grid = picture.seldom(ax.plot([], [], transform=along, **grid)[0])
        tick: Any = {
            "linestyle": "none",
            "marker": TICKDOWN,
            "color": settings["xtick.color"],
            "markersize": settings["xtick.major.size"],
            "markeredgewidth": 0.8,
        }
        self._ticks = picture.seldom(ax.plot([], [], transform=along, clip_on=False, **tick)[0])
        where, va, ha = ax.get_xaxis_text1_transform(settings["xtick.major.size"] + settings["xtick.major.pad"])
        number: Any = {"transform": where, "va": va, "ha": ha, "color": settings["xtick.labelcolor"]}
        self._numbers = [picture.seldom(ax.text(0, 0, "", **number)) for _ in range(MAX_TICKS)]

    def show(self, weeks: int) -> None:
        """Let the axes reach from 0 to `weeks`."""
        self._ax.set_xlim(0, weeks)
        ticks = [tick for tick in self._locator.tick_values(0, weeks) if tick <= weeks]
        self._ticks.set_data(ticks, np.zeros(len(ticks)))
        self._grid.set_data(np.repeat(ticks[1:], 3), np.tile([0, 1, np.nan], len(ticks) - 1))
        for place, number in enumerate(self._numbers):
            number.set_visible(place < len(ticks))
            if place < len(ticks):
                number.set_x(ticks[place])
                number.set_text(f"{ticks[place]:g}")


class Race(Picture):
    """Two curves, their limits, the deadline and the crossover."""

    name = "Race of the two models"

    def __init__(self, look: Look = DEFAULT_LOOK) -> None:
        super().__init__(look, height_px=360 if look.narrow else 380)
        blue, green, orange = look.palette.blue, look.palette.green, look.palette.orange
        with style(look):
            ax = axes(self, left=60, right=16, bottom=50, top=82 if look.narrow else 60)
            self._ax = ax
            self._scale = _WeekScale(self, ax)
            ax.set_ylim(MIN_ACCURACY, MAX_ACCURACY)
            # Not set_xlabel: an axis measures all its numbers to place its label, each time that it is drawn.
            ax.annotate("project week", (0.5, 0), (0, -24), "axes fraction", "offset points", ha="center", va="top")
            ax.set_ylabel("accuracy (%)")
            ax.grid(axis="y")
            # Between two iterations nothing changes, so the curves are stairs.
            stairs: Any = {"linewidth": 2.4, "drawstyle": "steps-post"}
            self._large = self.live(ax.plot([], [], color=blue, **stairs)[0])
            self._small = self.live(ax.plot([], [], color=green, dashes=(5, 2), **stairs)[0])
            self._large_limit = self.live(ax.axhline(0, color=blue, linewidth=1.2, linestyle=":"))
            self._small_limit = self.live(ax.axhline(0, color=green, linewidth=1.2, linestyle="-."))
            self._deadline = self.live(ax.axvline(DEADLINE_WEEK, color=orange, linewidth=1.2, linestyle=(0, (1, 2))))
            self._deadline_text = self.live(ax.text(DEADLINE_WEEK, MIN_ACCURACY + 0.3, " week 20", color=orange))
            self._mark = self.live(
                ax.plot([], [], "o", color=orange, markersize=10, markerfacecolor="none", markeredgewidth=2.2)[0]
            )
            self._mark_text = self.live(ax.text(0, 0, "", color=orange, weight="bold", va="top"))
            self._mark_text.set_bbox({"facecolor": look.palette.surface, "edgecolor": "none", "pad": 1, "alpha": 0.85})
            limits = [
                ax.axhline(0, color=blue, linewidth=1.2, linestyle=":"),
                ax.axhline(0, color=green, linewidth=1.2, linestyle="-."),
            ]
            ax.legend([self._large, limits[0], self._small, limits[1]], ["large model", "its limit", "small model", "its limit"],
                      loc="lower right", ncols=2 if look.narrow else 4, frameon=False, bbox_to_anchor=(1.0, 1.0),
                      borderaxespad=0.2)  # fmt: skip
            self._title = title(self, ax, 58 if look.narrow else 36)

    def depict(self, large: Strategy, small: Strategy, found: Crossover) -> None:
        """Show both strategies over the window of `found`, their crossover."""
        self._scale.show(max(1, found.weeks))
        self.set_backdrop(found.weeks)
        for strategy, line, limit in (
            (large, self._large, self._large_limit),
            (small, self._small, self._small_limit),
        ):
            hours = _steps(strategy, found.weeks * HOURS_PER_WEEK)
            line.set_data([hour / HOURS_PER_WEEK for hour in hours], strategy.accuracy_at(hours))
            limit.set_ydata([strategy.limit()] * 2)
        for artist in (self._deadline, self._deadline_text):
            artist.set_visible(found.weeks >= DEADLINE_WEEK)
        self._deadline_text.set_horizontalalignment("right" if found.weeks < 1.2 * DEADLINE_WEEK else "left")
        self._deadline_text.set_text("week 20 " if found.weeks < 1.2 * DEADLINE_WEEK else " week 20")
        self._show_crossover(small, found)
        iterations = f"{found.leader_iterations:,} large and {found.challenger_iterations:,} small"
        self._title.set_text(
            f"{iterations} iterations" if self.look.narrow else f"{iterations} iterations in {found.weeks} weeks"
        )
        self.description = (
            f"Line chart of accuracy over {found.weeks} weeks. The large model goes from {large.start:g} to {found.leader_final:.1f} percent "
            f"in {found.leader_iterations:,} iterations, its limit is {large.limit():.1f}. The small model goes from {small.start:g} to "
            f"{found.challenger_final:.1f} percent in {found.challenger_iterations:,} iterations, its limit is {small.limit():.1f}. "
            + found.in_words()
        )

    def _show_crossover(self, small: Strategy, found: Crossover) -> None:
        for artist in (self._mark, self._mark_text):
            artist.set_visible(found.hour is not None)
        if found.hour is None:
            return
        week, level = found.hour / HOURS_PER_WEEK, small.accuracy_at([found.hour])[0]
        self._mark.set_data([week], [level])
        self._mark_text.set_text(f"level at hour {found.hour:,}")
        # To the right of the mark where there is room, else to its left, else below it.
        needed, where = MARK_TEXT_PX / (self.look.width_px - 76), week / found.weeks
        side = 1 if where + needed < 1 else -1 if where - needed > 0 else 0
        self._mark_text.set_horizontalalignment("left" if side == 1 else "right" if side else "center")
        self._mark_text.set_position((week + 0.015 * side * found.weeks, level - (0.7 if side == 1 else 1.7)))


def _steps(strategy: Strategy, end: int) -> list[int]:
    """Hours at which the curve is drawn: each iteration's end, or every so many hours where there are more than can be seen."""
    stride = strategy.cycle_hours * max(1, -(-end // (strategy.cycle_hours * POINTS)))
    return [*range(0, end, stride), end]


def race(large_cycle: int = 168, small_cycle: int = 1, decay: float = 0.95, weeks: int = 26) -> Race:
    """Picture of the race between the large and the small model.

    Parameters
    ----------
    large_cycle, small_cycle : int
        Hours for one iteration of each, 1 to 8,736.
    decay : float
        What a gain is worth beside the one before, above 0 and at most 1.
    weeks : int
        Project window, 0 to 520 weeks.

    Returns
    -------
    Race
        A matplotlib Figure.

    Raises
    ------
    TypeError, ValueError
        An argument is of the wrong type or out of range.
    """
    large, small = large_strategy(large_cycle, decay), small_strategy(small_cycle, decay)
    picture = Race()
    picture.depict(large, small, crossover(small, large, weeks))
    return picture
