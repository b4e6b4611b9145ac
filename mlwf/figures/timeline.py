"""The lifecycle as bars: what is spent, where the constraint is found, what has not begun."""

from mlwf.figures.palette import GRID, ORANGE, ORANGE_TINT, RED, RED_TINT, SECONDARY, SURFACE, TEXT
from mlwf.figures.picture import Picture, axes, style, title
from mlwf.model import STAGES, sunk_days

# fill, edge, hatch, and the word that stands in or on the bar
DONE = (RED_TINT, RED, "////", "done, now in question")
FOUND = (ORANGE_TINT, ORANGE, "....", "found here")
AHEAD = (SURFACE, SECONDARY, "", "not begun")
MAX_DAYS = 75


class Timeline(Picture):
    """Bar chart of the six stages for a constraint found at one of them."""

    def __init__(self) -> None:
        super().__init__(height_px=310)
        with style():
            ax = axes(self, left=0.07, bottom=0.1, top=0.8)
            ax.set_xlim(0.4, len(STAGES) + 0.6)
            ax.set_ylim(0, MAX_DAYS)
            ax.set_xticks(range(1, len(STAGES) + 1), [f"{n} {stage.name}" for n, stage in enumerate(STAGES, 1)])
            ax.tick_params(axis="x", length=0)
            ax.set_ylabel("person-days")
            ax.grid(axis="y")
            days = [stage.days for stage in STAGES]
            self._bars = [self.live(bar) for bar in ax.bar(range(1, len(STAGES) + 1), days, width=0.6, linewidth=1.4)]
            for number, stage in enumerate(STAGES, 1):
                ax.text(number, stage.days + 1.5, f"{stage.days} d", ha="center", va="bottom", color=TEXT)
            legend = [
                ax.bar(0, 0, facecolor=fill, edgecolor=edge, hatch=hatch, linewidth=1.4)
                for fill, edge, hatch, _ in (DONE, FOUND, AHEAD)
            ]
            ax.legend(legend, [state[3] for state in (DONE, FOUND, AHEAD)], loc="upper right", ncols=3, frameon=False,
                      bbox_to_anchor=(1.0, 1.14), borderaxespad=0)  # fmt: skip
            self._found = self.live(ax.annotate("constraint found", (1, 0), (1, 0), ha="center", color=ORANGE, weight="bold",
                                                arrowprops={"arrowstyle": "-|>", "color": ORANGE}))  # fmt: skip
            self._title = title(self, ax, 40)
            ax.axhline(0, color=GRID)

    def depict(self, stage: int) -> None:
        """Move to a constraint that is found at `stage` (1 to 6)."""
        spent = sunk_days(stage)
        for number, bar in enumerate(self._bars, 1):
            fill, edge, hatch, _ = DONE if number < stage else FOUND if number == stage else AHEAD
            bar.set_facecolor(fill)
            bar.set_edgecolor(edge)
            bar.set_hatch(hatch)
        top = STAGES[stage - 1].days + 6
        self._found.xy = (stage, top)
        self._found.set_position((stage, top + 5))
        name = STAGES[stage - 1].name
        self._title.set_text(f"Found at stage {stage}: {spent} d spent")
        before = ", ".join(f"{done.name} ({done.days})" for done in STAGES[: stage - 1])
        self.description = (
            f"Bar chart of six stages in person-days. The constraint is found at stage {stage}, {name}. "
            + (f"Done by then and now in question: {before}, {spent} in all." if before else "Nothing is spent yet.")
        )


def timeline(stage: int = 1) -> Timeline:
    """Picture of the lifecycle for a constraint found at `stage`.

    Parameters
    ----------
    stage : int
        1 (Requirements) to 6 (Monitoring).

    Returns
    -------
    Timeline
        A matplotlib Figure.

    Raises
    ------
    TypeError, ValueError
        `stage` is no integer, or not one of the six.
    """
    picture = Timeline()
    picture.depict(stage)
    return picture
