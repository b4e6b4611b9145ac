"""Tables and plain sentences about what was measured."""

from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.browser.summary import STATISTICS

GOAL_MS = {"p50": 40.0, "p95": 60.0}
WORDS = {"contender", "control", "new on the page", "the lab", "against"}


def print_report(found: dict[str, Any], console: Console) -> None:
    """Print the tables, then who leads and whether the goal is met, in words.

    Parameters
    ----------
    found : dict
        From `summary`.
    console : rich.console.Console
    """
    for table in (_presses(found), _drags(found), _openings(found), _ratios(found)):
        console.print(table)
    for sentence in sentences(found):
        console.print(sentence, highlight=False, soft_wrap=True)


def sentences(found: dict[str, Any]) -> list[str]:
    """Say against whom the lab leads, and whether it keeps within its goal."""
    said = []
    for row in found["ratios"]:
        median, tail = (_verdict(*row[name]["interval"]) for name in ("p50", "p95"))
        where = f"{median} at the median and at p95" if median == tail else f"{median} at the median and {tail} at p95"
        said.append(f"{row['ours']}, {row['control']}: {where}, against {row['other']}.")
    ours = {row["ours"] for row in found["ratios"]}
    for row in found["presses"]:
        if row["contender"] in ours:
            met = all(row[name] <= limit for name, limit in GOAL_MS.items())
            times = f"{row['p50']:.0f} / {row['p95']:.0f} ms"
            goal = (
                f"at most {GOAL_MS['p50']:g} / {GOAL_MS['p95']:g} ms at p50 / p95 {'holds' if met else 'does not hold'}"
            )
            said.append(f"{row['contender']}, {row['control']}: {goal}, it is {times}.")
    return [sentence[0].upper() + sentence[1:] for sentence in said]


def _verdict(low: float, high: float) -> str:
    return "leads" if low > 1 else "trails" if high < 1 else "is level, within the noise,"


def _presses(found: dict[str, Any]) -> Table:
    columns = ("contender", "control", "new on the page", "picture alone, p50", "p50", "p95", "n")
    table = _table("From key-down to the first frame that shows all that is new, ms", *columns)
    for row in found["presses"]:
        parts = row["parts_p50"]
        times = (f"{ms:.0f}" for ms in (parts["picture"], row["p50"], row["p95"]))
        table.add_row(row["contender"], row["control"], ", ".join(parts), *times, str(row["n"]))
    return table


def _drags(found: dict[str, Any]) -> Table:
    table = _table(
        "A drag over 20 values in a second", "contender", "frames shown", "last move to final frame, p50, ms", "n"
    )
    for row in found["drags"]:
        table.add_row(row["contender"], f"{row['frames']:g}", f"{row['final_ms']:.0f}", str(row["n"]))
    return table


def _openings(found: dict[str, Any]) -> Table:
    title = "From opening the page to the first control that can be used, s"
    table = _table(title, "contender", "p50", "least", "most", "n", "hung and tried again")
    for row in found["openings"]:
        times = (f"{row[name]:.1f}" for name in ("p50_s", "least_s", "most_s"))
        table.add_row(row["contender"], *times, str(row["n"]), str(row["hung"]))
    return table


def _ratios(found: dict[str, Any]) -> Table:
    title = "The others' time divided by the lab's (above 1: the lab is faster), with 95 % intervals"
    table = _table(title, "the lab", "control", "against", *STATISTICS)
    for row in found["ratios"]:
        cells = (_with_interval(**row[name]) for name in STATISTICS)
        table.add_row(row["ours"].removeprefix("the lab "), row["control"], row["other"], *cells)
    return table


def _with_interval(ratio: float, interval: tuple[float, float]) -> str:
    return f"{ratio:.2f} ({interval[0]:.2f}–{interval[1]:.2f})"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, justify="left" if column in WORDS else "right", overflow="fold")
    return table
