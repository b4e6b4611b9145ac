"""From a cell's events to outputs as nbformat has them. The events come from a student's process, so nothing is believed."""

from typing import Any

from mlwf.grading.data import DEPTH, tame, whole_text

OVERHEAD = 100  # characters that an output counts for beside its text,
CONTAINER = 16  # and a list or dict beside what it holds, for it takes memory, even empty
TOO_MUCH = "... The rest of the output was dropped ...\n"
Displays = dict[str, list[dict[str, Any]]]


class Outputs:
    """Gathers one cell's outputs.

    Parameters
    ----------
    most : int
        Characters that they may come to. The inside has a limit of its own, but it is a student's process.
    displays : dict, optional
        What was displayed under an id, in this and earlier cells: a later cell may change it.
    """

    def __init__(self, most: int, displays: Displays | None = None) -> None:
        self._outputs: list[dict[str, Any]] = []
        self._displays: Displays = {} if displays is None else displays
        self._clears_next = False
        self._left = most

    def add(self, event: list[Any]) -> None:
        """Take in an event; one of no known shape is passed over."""
        if self._left < 0:
            return
        match event:
            case ["stream", "stdout" | "stderr" as name, str(text)]:
                if self._has_room(len(text)):
                    self._stream(name, text)
            case ["display", dict(data), dict(metadata), identity]:
                shown = self._displays.setdefault(identity, []) if isinstance(identity, str) else []
                if self._has_room(_size(data, metadata), len(shown) + 1):
                    self._put({"output_type": "display_data"})
                    shown.append(self._outputs[-1])
                    for output in shown:  # whatever has this id shows the same
                        output |= {"data": _bundle(data), "metadata": tame(metadata)}
            case ["update", dict(data), dict(metadata), str(identity)]:
                shown = self._displays.get(identity, [])
                if self._has_room(_size(data, metadata), len(shown)):
                    for output in shown:
                        output |= {"data": _bundle(data), "metadata": tame(metadata)}
            case ["result", dict(data), dict(metadata), int(count)] if self._has_room(_size(data, metadata)):
                self._put(
                    {
                        "output_type": "execute_result", "data": _bundle(data), "metadata": tame(metadata),
                        "execution_count": int(max(count, 0)),  # True is a number, too, but none that a notebook may hold
                    }
                )  # fmt: skip
            case ["error", str(name), str(value), list(lines)] if self._has_room(_size(name, value, lines)):
                self._put(
                    {
                        "output_type": "error", "ename": whole_text(name), "evalue": whole_text(value),
                        "traceback": [whole_text(str(line)) for line in lines],
                    }
                )  # fmt: skip
            case ["clear", bool(waits)] if self._has_room(0):
                self._clears_next = waits
                if not waits:
                    self._outputs.clear()

    def _has_room(self, size: int, times: int = 1) -> bool:
        self._left -= size * times + OVERHEAD
        if self._left < 0:
            self._stream("stdout", TOO_MUCH)
        return self._left >= 0

    @property
    def room(self) -> int:
        """Characters that may still come."""
        return max(0, self._left)

    def as_list(self) -> list[dict[str, Any]]:
        """Return the outputs."""
        return self._outputs

    def _put(self, output: dict[str, Any]) -> None:
        if self._clears_next:
            self._outputs.clear()
            self._clears_next = False
        self._outputs.append(output)

    def _stream(self, name: str, text: str) -> None:
        text = whole_text(text)
        last = self._outputs[-1] if self._outputs and not self._clears_next else {}
        if last.get("output_type") == "stream" and last.get("name") == name:
            last["text"] += text
        else:
            self._put({"output_type": "stream", "name": name, "text": text})


def ended_error(why: str) -> dict[str, Any]:
    """What is put out for a cell in which the process ended, and for each test cell after it."""
    return {
        "output_type": "error", "ename": "ProcessEnded", "evalue": why,
        "traceback": [f"\x1b[0;31mProcessEnded\x1b[0m: the submission's process is gone: {why}"],
    }  # fmt: skip


def _bundle(data: dict[str, Any]) -> dict[str, Any]:
    """Texts by MIME type; JSON types may be more."""
    bundle: dict[str, Any] = {}
    for kind, value in data.items():
        if kind.endswith("json"):
            bundle[whole_text(kind)] = tame(value)
        elif isinstance(value, str):
            bundle[whole_text(kind)] = whole_text(value)
    return bundle


def _size(*parts: Any) -> int:  # noqa: ANN401 - whatever JSON holds
    """Characters that what came as JSON takes in a notebook, where each value stands on a line, about; never 0."""
    total, depth, level = 0, 0, list(parts)
    while level:  # not by recursion: it may be nested as deep as JSON is read
        total += len(level) * (4 + min(depth, DEPTH))
        below: list[Any] = []
        for part in level:
            if isinstance(part, str):
                total += len(part)
            elif isinstance(part, dict | list):
                total += CONTAINER
                below += part if isinstance(part, list) else [*part, *part.values()]
        depth, level = depth + 1, below
    return total
