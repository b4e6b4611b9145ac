"""From a control's new value to the bytes that go to the browser, for each instrument: ``python -m benchmarks.kernel``.

Prints a line for each: name, median and 95th percentile in milliseconds. The control is moved as a browser moves it, so that
binding, model, drawing, encoding and the making of the message all count; only the network does not.
"""

import itertools
import statistics
import sys
import time
from collections.abc import Iterator

import ipywidgets as widgets

from mlwf import instruments

MOVES = 120
WARM_UP = 30


def main() -> None:
    """Measure all instruments and print their lines."""
    for name, model, view, moves in _contenders():
        instrument = view(model)
        took = []
        for trait, value in itertools.islice(moves, WARM_UP + MOVES):
            control = _control(instrument, trait)
            before = instrument.panel.picture
            start = time.perf_counter()
            control.value = value
            took.append(1000 * (time.perf_counter() - start))
            if instrument.panel.picture == before:
                sys.exit(f"bench-kernel: {name} did not follow {trait} = {value!r}")
        took = took[WARM_UP:]
        p95 = statistics.quantiles(took, n=20)[-1]
        sys.stdout.write(f"{name} {statistics.median(took):.1f} {p95:.1f}\n")


def _contenders() -> Iterator[tuple]:
    yield "timeline", instruments.TimelineModel(), instruments.timeline_instrument, _over("stage", (2, 3, 4, 5, 6, 1))
    yield "split", instruments.SplitModel(), instruments.split_instrument, _over("data", range(5, 95, 5))
    race = instruments.RaceModel(decay=0.99)
    yield "race", race, instruments.race_instrument, _over("small_cycle", (4, 12, 24, 168, 1))
    # A new window is a new axis: the dearest move there is.
    race = instruments.RaceModel(decay=0.99)
    yield "race-window", race, instruments.race_instrument, _over("weeks", range(4, 53, 2))
    energy = instruments.EnergyModel(context="mobile")
    yield "energy", energy, instruments.energy_instrument, _over("session", (0.5, 1.0, 1.5, 2.5, 4.0))
    gates = (("memory_budget", True), ("on_device_test", True), ("memory_budget", False), ("on_device_test", False))
    yield "gates", instruments.GatesModel(), instruments.gates_instrument, itertools.cycle(gates)
    crossing_map = instruments.CrossingMapModel(decay=0.99)
    yield "map", crossing_map, instruments.crossing_map_instrument, _over("small_cycle", (4, 12, 24, 168, 1))
    # A new large cycle or window is a new map of 200 × 200 races.
    crossing_map = instruments.CrossingMapModel(decay=0.99)
    yield "map-window", crossing_map, instruments.crossing_map_instrument, _over("weeks", range(4, 53, 2))


def _over(trait: str, values: "range | tuple") -> Iterator[tuple[str, object]]:
    return itertools.cycle((trait, value) for value in values)


def _control(instrument: instruments.Instrument, trait: str) -> widgets.Widget:
    return next(part.control for part in instrument.bound if part.trait == trait)


if __name__ == "__main__":
    main()
