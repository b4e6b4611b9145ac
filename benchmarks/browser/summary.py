"""What the measurements come to: medians, 95th percentiles, and ratios with their uncertainty."""

import random
from collections.abc import Callable, Iterable
from itertools import product
from statistics import median, quantiles
from typing import Any

from benchmarks.browser.contenders import SMALL_CYCLE, WEEKS, Contender
from benchmarks.browser.rounds import Measured, Presses

OURS = ("voila", "lab")
RESAMPLES = 1000
Statistic = Callable[[list[float]], float]


def p95(values: list[float]) -> float:
    """Return the 95th percentile, interpolated."""
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


STATISTICS: dict[str, Statistic] = {"p50": median, "p95": p95}


def summary(measured: Measured, taking_part: Iterable[Contender]) -> dict[str, Any]:
    """Work out everything that the report says.

    Parameters
    ----------
    measured : Measured
    taking_part : iterable of Contender

    Returns
    -------
    dict
        Ready for JSON: lists of rows under "presses", "drags", "openings" and "ratios", and all measurements under "raw".
    """
    labels = {who.key: who.label for who in taking_part}
    presses = {": ".join(key): rounds for key, rounds in measured.presses.items()}
    comparisons = product(OURS, [key for key in labels if key not in OURS], (WEEKS, SMALL_CYCLE))
    return {
        "presses": [_press_row(measured, labels, *key) for key in _in_order(measured.presses, labels)],
        "drags": [_drag_row(measured, labels, key) for key in labels],
        "openings": [_opening_row(measured, labels, key) for key in labels],
        "ratios": [_ratio_row(measured, labels, *comparison) for comparison in comparisons],
        "raw": {"presses": presses, "drags": measured.drags, "openings": measured.openings, "hung": measured.hung},
    }


def _in_order(keys: Iterable[tuple[str, str]], labels: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(keys, key=lambda key: (list(labels).index(key[0]), key[1] != WEEKS))


def _totals(presses: Presses) -> list[float]:
    return [max(shown.values()) for shown in presses]


def _press_row(measured: Measured, labels: dict[str, str], key: str, control: str) -> dict[str, Any]:
    presses = [press for presses in measured.presses[key, control] for press in presses]
    totals = _totals(presses)
    return {
        "contender": labels[key],
        "control": control,
        "parts_p50": {part: round(median(press[part] for press in presses), 1) for part in presses[0]},
        **{name: round(statistic(totals), 1) for name, statistic in STATISTICS.items()},
        "n": len(totals),
    }


def _drag_row(measured: Measured, labels: dict[str, str], key: str) -> dict[str, Any]:
    drags = measured.drags[key]
    frames, final = (median(drag[what] for drag in drags) for what in ("frames", "final"))
    return {"contender": labels[key], "frames": frames, "final_ms": round(final, 1), "n": len(drags)}


def _opening_row(measured: Measured, labels: dict[str, str], key: str) -> dict[str, Any]:
    seconds = [ms / 1000 for ms in measured.openings[key]]
    p50, least, most = (round(of(seconds), 2) for of in (median, min, max))
    return {
        "contender": labels[key], "p50_s": p50, "least_s": least, "most_s": most, "n": len(seconds), "hung": measured.hung[key]
    }  # fmt: skip


def _ratio_row(measured: Measured, labels: dict[str, str], ours: str, other: str, control: str) -> dict[str, Any]:
    # The bare floor has one control, and is compared with both of ours.
    their_rounds = measured.presses.get((other, control)) or measured.presses[other, WEEKS]
    theirs, own = (
        [_totals(presses) for presses in rounds] for rounds in (their_rounds, measured.presses[ours, control])
    )
    everything = range(len(own))
    # Presses of one round saw the same state of the machine, so whole rounds are drawn, the same ones for both.
    rng = random.Random(0)
    draws = [rng.choices(everything, k=len(own)) for _ in range(RESAMPLES)]
    row: dict[str, Any] = {"ours": labels[ours], "other": labels[other], "control": control}
    for name, statistic in STATISTICS.items():
        resampled = sorted(_ratio(statistic, theirs, own, draw) for draw in draws)
        interval = [round(resampled[int(RESAMPLES * edge)], 2) for edge in (0.025, 0.975)]
        row[name] = {"ratio": round(_ratio(statistic, theirs, own, everything), 2), "interval": interval}
    return row


def _ratio(statistic: Statistic, theirs: list[list[float]], own: list[list[float]], rounds: Iterable[int]) -> float:
    chosen = list(rounds)
    return statistic([ms for n in chosen for ms in theirs[n]]) / statistic([ms for n in chosen for ms in own[n]])
