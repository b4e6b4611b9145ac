"""The iteration race: accuracy of both strategies over the project's weeks."""

from mlwf.figures.palette import BLUE, GREEN, ORANGE
from mlwf.figures.picture import Picture, axes, style, title
from mlwf.model import HOURS_PER_WEEK, Crossover, Strategy, crossover, large_strategy, small_strategy

MIN_ACCURACY, MAX_ACCURACY = 85, 100
DEADLINE_WEEK = 20
POINTS = 400  # more than the picture has columns to tell apart


class Race(Picture):
    """Two curves, their limits, the deadline and the crossover."""

    def __init__(self) -> None:
        super().__init__(height_px=380)
        with style():
            ax = axes(self, left=0.075, bottom=0.13, top=0.84)
            self._ax = ax
            ax.set_ylim(MIN_ACCURACY, MAX_ACCURACY)
            ax.set_xlabel("project week")
            ax.set_ylabel("accuracy (%)")
            ax.grid()
            self._large = self.live(ax.plot([], [], color=BLUE, linewidth=2.4, label="large model")[0])
            self._small = self.live(ax.plot([], [], color=GREEN, linewidth=2.4, dashes=(5, 2), label="small model")[0])
            self._large_limit = self.live(ax.axhline(0, color=BLUE, linewidth=1, linestyle=":"))
            self._small_limit = self.live(ax.axhline(0, color=GREEN, linewidth=1, linestyle="-."))
            self._deadline = self.live(ax.axvline(DEADLINE_WEEK, color=ORANGE, linewidth=1.2, linestyle=(0, (1, 2))))
            self._deadline_text = self.live(ax.text(DEADLINE_WEEK, MIN_ACCURACY + 0.3, " week 20", color=ORANGE))
            self._mark = self.live(
                ax.plot(
                    [],
                    [],
                    marker="o",
                    markersize=10,
                    markerfacecolor="none",
                    markeredgewidth=2.2,
                    color=ORANGE,
                    linestyle="",
                )[0]
            )
            self._mark_text = self.live(ax.text(0, 0, "", color=ORANGE, weight="bold", va="top"))
            limits = [
                ax.axhline(0, color=BLUE, linewidth=1, linestyle=":"),
                ax.axhline(0, color=GREEN, linewidth=1, linestyle="-."),
            ]
            ax.legend([self._large, limits[0], self._small, limits[1]], ["large model", "its limit", "small model", "its limit"],
                      loc="lower right", ncols=4, frameon=False, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)  # fmt: skip
            self._title = title(self, ax, 38)
            self._weeks = 0

    def depict(self, large: Strategy, small: Strategy, found: Crossover) -> None:
        """Show both strategies over the window of `found`, their crossover."""
        if found.weeks != self._weeks:
            self._weeks = found.weeks
            self._ax.set_xlim(0, max(1, found.weeks))
            self.redraw_background()
        end = found.weeks * HOURS_PER_WEEK
        hours = sorted({step * end // POINTS for step in range(POINTS + 1)})
        weeks = [hour / HOURS_PER_WEEK for hour in hours]
        self._large.set_data(weeks, large.accuracy_at(hours))
        self._small.set_data(weeks, small.accuracy_at(hours))
        self._large_limit.set_ydata([large.limit()] * 2)
        self._small_limit.set_ydata([small.limit()] * 2)
        for artist in (self._deadline, self._deadline_text):
            artist.set_visible(found.weeks >= DEADLINE_WEEK)
        self._show_crossover(small, found)
        self._title.set_text(
            f"{found.leader_iterations:,} iterations of the large model, {found.challenger_iterations:,} of the small one, in {found.weeks} weeks"
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
        late = week > 0.7 * found.weeks
        self._mark_text.set_horizontalalignment("right" if late else "left")
        self._mark_text.set_position((week + (-0.015 if late else 0.015) * found.weeks, level - (1.7 if late else 0.5)))


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
