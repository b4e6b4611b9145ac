"""The lifecycle as bars: what is spent, where the constraint is found, what has not begun."""

from mlwf.figures.palette import Palette
from mlwf.figures.picture import DEFAULT_LOOK, Look, Picture, axes, style, title
from mlwf.model import STAGES, sunk_days

MAX_DAYS = 75
NUMBERS = range(1, len(STAGES) + 1)


def _states(palette: Palette) -> dict[str, tuple[str, str, str]]:
    """Fill, edge and hatch of a bar, by the words that the legend says."""
    return {
        "done, now in question": (palette.red_tint, palette.red, "////"),
        "found here": (palette.orange_tint, palette.orange, "...."),
        "not begun": (palette.surface, palette.secondary, ""),
    }


class Timeline(Picture):
    """Bar chart of the six stages for a constraint found at one of them."""

    name = "Timeline of the project"

    def __init__(self, look: Look = DEFAULT_LOOK) -> None:
        super().__init__(look, height_px=310)
        self._states = _states(look.palette)
        with style(look):
            ax = axes(self, left=56, right=12, bottom=44 if look.narrow else 28, top=66)
            ax.set_xlim(0.4, len(STAGES) + 0.6)
            ax.set_ylim(0, MAX_DAYS)
            ax.set_xticks(NUMBERS, [str(n) if look.narrow else f"{n} {STAGES[n - 1].name}" for n in NUMBERS])
            if look.narrow:
                ax.set_xlabel("stage")
            ax.tick_params(axis="x", length=0)
            ax.set_ylabel("person-days")
            ax.grid(axis="y")
            bars = ax.bar(NUMBERS, [stage.days for stage in STAGES], width=0.6, linewidth=1.4)
            self._bars = [self.live(bar) for bar in bars]
            for number, stage in enumerate(STAGES, 1):
                ax.text(number, stage.days + 1.5, f"{stage.days} d", ha="center", va="bottom")
            legend = [
                ax.bar(0, 0, facecolor=fill, edgecolor=edge, hatch=hatch, linewidth=1.4)
                for fill, edge, hatch in self._states.values()
            ]
            ax.legend(legend, list(self._states), loc="lower right", ncols=3, frameon=False, bbox_to_anchor=(1.02, 1.0),
                      borderaxespad=0.2, columnspacing=0.8, handlelength=1.2, handletextpad=0.4,
                      fontsize=8.5 if look.narrow else None)  # fmt: skip
            orange = look.palette.orange
            self._found = self.live(ax.annotate("found" if look.narrow else "constraint found", (1, 0), (1, 0), ha="center", color=orange, weight="bold",
                                                arrowprops={"arrowstyle": "-|>", "color": orange}))  # fmt: skip
            self._title = title(self, ax, 40)
            ax.axhline(0, color=look.palette.grid)

    def depict(self, stage: int) -> None:
        """Move to a constraint that is found at `stage` (1 to 6)."""
        spent = sunk_days(stage)
        done, found, ahead = self._states.values()
        for number, bar in enumerate(self._bars, 1):
            fill, edge, hatch = done if number < stage else found if number == stage else ahead
            bar.set_facecolor(fill)
            bar.set_edgecolor(edge)
            bar.set_hatch(hatch)
        top = STAGES[stage - 1].days + 7
        self._found.xy = (stage, top)
        self._found.set_position((stage, top + 5))
        name = STAGES[stage - 1].name
        self._title.set_text(f"Stage {stage}, {name}: {spent} d spent")
        before = ", ".join(f"{past.name} ({past.days})" for past in STAGES[: stage - 1])
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
