"""Where each constraint is found with the gates that are active."""

from collections.abc import Iterable, Sequence

from mlwf.figures.palette import GRID, LEVELS, SECONDARY, SURFACE, TEXT, cost_level
from mlwf.figures.picture import Picture, axes, style, title
from mlwf.model import CONSTRAINTS, GATES, STAGES, Catch, catch

SAYS_AT = len(STAGES) + 0.75


class Gates(Picture):
    """A track for each constraint: gates that see it as squares, the stage at which it is found as a circle."""

    def __init__(self) -> None:
        super().__init__(height_px=300)
        with style():
            ax = axes(self, left=0.09, right=0.99, bottom=0.14, top=0.8)
            ax.set_xlim(0.5, len(STAGES) + 2.9)
            ax.set_ylim(-0.6, len(CONSTRAINTS) - 0.4)
            ax.set_xticks(
                range(1, len(STAGES) + 1), [f"{n} {stage.name}" for n, stage in enumerate(STAGES, 1)], size=8.5
            )
            rows = {name: len(CONSTRAINTS) - 1 - row for row, name in enumerate(CONSTRAINTS)}
            ax.set_yticks(list(rows.values()), [name.capitalize() for name in rows])
            ax.tick_params(length=0)
            for spine in ax.spines.values():
                spine.set_visible(False)
            ax.hlines(list(rows.values()), 1, len(STAGES), color=GRID, linewidth=3)
            self._squares = {
                (gate.name, constraint): self.live(
                    ax.plot(
                        [gate.stage],
                        [rows[constraint]],
                        marker="s",
                        markersize=11,
                        markeredgecolor=SECONDARY,
                        markeredgewidth=1.6,
                        linestyle="",
                    )[0]
                )
                for gate in GATES.values()
                for constraint in CONSTRAINTS
                if constraint in gate.sees
            }
            self._found = {
                name: self.live(
                    ax.plot(
                        [1], [row], marker="o", markersize=24, markerfacecolor="none", markeredgewidth=2.4, linestyle=""
                    )[0]
                )
                for name, row in rows.items()
            }
            self._says = {
                name: self.live(ax.text(SAYS_AT, row, "", va="center", color=TEXT, linespacing=1.4))
                for name, row in rows.items()
            }
            keys = [
                ax.plot(
                    [], [], marker="s", markersize=9, markerfacecolor=face, markeredgecolor=SECONDARY, linestyle=""
                )[0]
                for face in (SECONDARY, SURFACE)
            ]
            keys.append(
                ax.plot(
                    [],
                    [],
                    marker="o",
                    markersize=11,
                    markerfacecolor="none",
                    markeredgecolor=TEXT,
                    markeredgewidth=2,
                    linestyle="",
                )[0]
            )
            ax.legend(keys, ["gate, active", "gate, off", "constraint found here"], loc="lower right", ncols=3, frameon=False,
                      bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)  # fmt: skip
            self._title = title(self, ax, 34)

    def depict(self, active: Iterable[str], catches: Sequence[Catch]) -> None:
        """Show the gates in `active`, and where each constraint is found (one `Catch` for each of `CONSTRAINTS`)."""
        names = set(active)
        for (gate, _), square in self._squares.items():
            square.set_markerfacecolor(SECONDARY if gate in names else SURFACE)
        told = []
        for found in catches:
            colour = LEVELS[cost_level(found.multiplier)]
            circle = self._found[found.constraint]
            circle.set_xdata([found.stage])
            circle.set_markeredgecolor(colour)
            how = "prevented" if found.prevented else "caught" if found.gate else "found too late"
            self._says[found.constraint].set_text(f"{how}: {found.multiplier}×\n{found.days_at_risk} days at risk")
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
