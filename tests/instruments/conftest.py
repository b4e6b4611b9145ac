import comm
import pytest
from wire import Wire


@pytest.fixture
def wire(monkeypatch) -> Wire:
    """The line to a browser; widgets made after this are on it."""
    wire = Wire()
    monkeypatch.setattr(comm, "create_comm", wire.open_comm)
    return wire
