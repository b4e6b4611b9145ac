"""The line between kernel and browser: what the browser sends, and a record of what is sent to it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import comm
import ipywidgets as widgets

from mlwf.instruments import Instrument


@dataclass
class Message:
    """One message to the browser.

    Attributes
    ----------
    comm_id : str
        Of the widget that it speaks of.
    method : str
        "update", or "echo_update" for ipywidgets' answer to a control that the browser has moved.
    keys : set of str
        What it changes.
    """

    comm_id: str
    method: str
    keys: set[str]


@dataclass
class Wire:
    """All messages since it was last listened to."""

    messages: list[Message] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[list[Message]]:
        self.messages = []
        yield self.messages

    def open_comm(self, *arguments: Any, **options: Any) -> comm.base_comm.BaseComm:
        """Stands in for `comm.create_comm`."""
        wire = self

        class Recorded(comm.base_comm.BaseComm):
            def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
                if msg_type == "comm_msg":
                    paths = {path[0] for path in data.get("buffer_paths", ())}
                    wire.messages.append(Message(self.comm_id, data["method"], {*data.get("state", ()), *paths}))

        return Recorded(*arguments, **options)


def move(control: widgets.Widget, value: Any) -> None:
    """Do what the browser does when a student moves this control to a value."""
    if isinstance(control, widgets.SelectionSlider | widgets.RadioButtons):
        state = {"index": [option for _, option in control._options_full].index(value)}
    else:
        state = {"value": value}
    control.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


def values(control: widgets.Widget) -> list[Any]:
    """What a student can set this control to, from end to end."""
    if isinstance(control, widgets.Checkbox):
        return [False, True]
    if isinstance(control, widgets.SelectionSlider | widgets.RadioButtons):
        return [option for _, option in control._options_full]
    count = round((control.max - control.min) / control.step)
    return [type(control.value)(control.min + step * control.step) for step in range(count + 1)]


def controls(instrument: Instrument) -> dict[str, widgets.Widget]:
    """The controls of an instrument, by the trait that each stands for."""
    return {part.trait: part.control for part in instrument.bound}


def eventually(condition: Callable[[], Any]) -> None:
    """Wait until it holds; fail if that takes unreasonably long."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)
