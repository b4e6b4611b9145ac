import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mlwf.lab import Lab


@pytest.fixture(autouse=True)
def _no_record_of_ours(monkeypatch):
    """A lab that is told nothing keeps its record in memory, and not in the home of whoever runs the tests."""
    monkeypatch.setenv("MLWF_LEDGER", ":memory:")


@pytest.fixture
def file(tmp_path) -> Path:
    """Where a student's record is."""
    return tmp_path / "home" / "ledger.json"


@pytest.fixture
def open_lab() -> Iterator[Callable[..., Lab]]:
    """Open a lab on a record, as a notebook does, or as it does again after its kernel was restarted."""
    opened = []

    def start(ledger: Path | str | None = None) -> Lab:
        opened.append(Lab(ledger))
        return opened[-1]

    yield start
    for lab in opened:
        lab.desk.settle()


@pytest.fixture
def lab(open_lab) -> Lab:
    return open_lab()


@pytest.fixture
def design(file) -> Callable[[], dict[str, Any]]:
    """Chapter 3's design as it is on disk."""
    return lambda: next(entry for entry in json.loads(file.read_text())["history"] if entry["chapter"] == 3)["design"]
