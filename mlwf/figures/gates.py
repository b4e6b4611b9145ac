"""Where each constraint is found with the gates that are active."""

from collections.abc import Iterable, Sequence
from typing import Any

from mlwf.figures.palette import cost_level
from mlwf.figures.picture import DEFAULT_LOOK, Look, Picture, axes, style, title
from mlwf.model import CONSTRAINTS, GATES, STAGES, Catch, catch

SAYS_AT = len(STAGES) + 0.75
NUMBERS = range(1, len(STAGES) + 1)


class Gates(Picture):
    """A track for each constraint: gates that see it as squares, the stage at which it is found as a circle."""

    name = "Where each constraint is found"

    def __init__(self, look: Look = DEFAULT_LOOK) -> None:
        super().__init__(look, height_px=340 if look.narrow else 300)
        palette = look.palette
        rows = {name: len(CONSTRAINTS) - 1 - row for row, name in enumerate(CONSTRAINTS)}
        with style(look):
            ax = axes(self, left=66, right=8, bottom=46 if look.narrow else 32, top=78 if look.narrow else 60)
            ax.set_xlim(0.5, len(STAGES) + (0.5 if look.narrow else 2.9))
            ax.set_ylim(-0.75, len(CONSTRAINTS) - 0.5)
            ax.set_xticks(NUMBERS, [str(n) if look.narrow else f"{n} {STAGES[n - 1].name}" for n in NUMBERS], size=8.5)
            if look.narrow:
                ax.set_xlabel("stage")
            ax.set_yticks(list(rows.values()), [name.capitalize() for name in rows])
            ax.tick_params(length=0)
            for spine in ax.spines.values():
                spine.set_visible(False)
            ax.hlines(list(rows.values()), 1, len(STAGES), color=palette.grid, linewidth=3)
            square: Any = {"markersize": 11, "markeredgecolor": palette.secondary, "markeredgewidth": 1.6}
            circle: Any = {"markersize": 24, "markerfacecolor": "none", "markeredgewidth": 2.4}
            self._squares = {
                (gate.name, constraint): self.live(ax.plot([gate.stage], [rows[constraint]], "s", **square)[0])
                for gate in GATES.values()
                for constraint in CONSTRAINTS
                if constraint in gate.sees
            }
            self._found = {name: self.live(ax.plot([1], [row], "o", **circle)[0]) for name, row in rows.items()}
            # In a narrow picture the words stand below their track, else to its right.
            self._says = {
                name: self.live(
                    ax.text(0.75, row - 0.47, "", va="center", size=9)
                    if look.narrow
                    else ax.text(SAYS_AT, row, "", va="center", linespacing=1.4)
                )
                for name, row in rows.items()
            }
            keys = [
                ax.plot([], [], "s", **square | {"markerfacecolor": face})[0]
                for face in (palette.secondary, palette.surface)
            ]
            keys.append(ax.plot([], [], "o", **circle | {"markersize": 12, "markeredgecolor": palette.text})[0])
            ax.legend(keys, ["gate, active", "gate, off", "found here" if look.narrow else "constraint found here"],
                      loc="lower right", ncols=3, frameon=False, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2,
                      handletextpad=0.3, columnspacing=1.0)  # fmt: skip
            self._title = title(self, ax, 46 if look.narrow else 34)

    def depict(self, active: Iterable[str], catches: Sequence[Catch]) -> None:
        """Show the gates in `active`, and where each constraint is found (one `Catch` for each of `CONSTRAINTS`)."""
        names, palette = set(active), self.look.palette
        for (gate, _), square in self._squares.items():
            square.set_markerfacecolor(palette.secondary if gate in names else palette.surface)
        told = []
        for found in catches:
            circle = self._found[found.constraint]
            circle.set_xdata([found.stage])
            circle.set_markeredgecolor(palette.of_level(cost_level(found.multiplier)))
            how = "prevented" if found.prevented else "caught" if found.gate else "found too late"
            lines = (f"{how}: {found.multiplier}×", f"{found.days_at_risk} days at risk")
            self._says[found.constraint].set_text((", " if self.look.narrow else "\n").join(lines))
            told.append(
                f"{found.constraint}: {how} at stage {found.stage}, {found.multiplier} times the cost, {found.days_at_risk} days at risk"
            )
        self._title.set_text(f"{len(names)} of {len(GATES)} gates active")
        self.description = f"{len(names)} of {len(GATES)} gates active. " + "; ".join(told).capitalize() + "."


def gates(
    *,
    memory_budget: bool = False,
    latency_budget: bool = False,
    schema_validation: bool = False,
    memory_profiling: bool = False,
    on_device_test: bool = False,
    staged_rollout: bool = False,
) -> Gates:
    """Picture of where each constraint is found.

    Parameters
    ----------
    memory_budget, latency_budget, schema_validation, memory_profiling, on_device_test, staged_rollout : bool
        Whether this gate is active.

    Returns
    -------
    Gates
        A matplotlib Figure.
    """
    active = [name for name, on in locals().items() if on]
    picture = Gates()
    picture.depict(active, [catch(active, constraint) for constraint in CONSTRAINTS])
    return picture
