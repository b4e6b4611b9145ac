"""From a cell's events to outputs as nbformat has them. The events come from a student's process, so nothing is believed."""

from typing import Any


class Outputs:
    """Gathers one cell's outputs."""

    def __init__(self) -> None:
        self._outputs: list[dict[str, Any]] = []
        self._ids: dict[str, list[dict[str, Any]]] = {}
        self._clears_next = False

    def add(self, event: list[Any]) -> None:
        """Take in an event; one of no known shape is passed over."""
        match event:
            case ["stream", "stdout" | "stderr" as name, str(text)]:
                self._stream(name, text)
            case ["display", dict(data), dict(metadata), identity]:
                output = {"output_type": "display_data", "data": _bundle(data), "metadata": _plain_names(metadata)}
                self._put(output)
                if isinstance(identity, str):
                    self._ids.setdefault(identity, []).append(output)
            case ["update", dict(data), dict(metadata), str(identity)]:
                for output in self._ids.get(identity, ()):
                    output |= {"data": _bundle(data), "metadata": _plain_names(metadata)}
            case ["result", dict(data), dict(metadata), int(count)]:
                self._put(
                    {
                        "output_type": "execute_result", "data": _bundle(data), "metadata": _plain_names(metadata),
                        "execution_count": max(count, 0),
                    }
                )  # fmt: skip
            case ["error", str(name), str(value), list(lines)]:
                self._put(
                    {
                        "output_type": "error", "ename": _sound(name), "evalue": _sound(value),
                        "traceback": [_sound(str(line)) for line in lines],
                    }
                )  # fmt: skip
            case ["clear", bool(waits)]:
                self._clears_next = waits
                if not waits:
                    self._outputs.clear()

    def as_list(self) -> list[dict[str, Any]]:
        """Return the outputs."""
        return self._outputs

    def _put(self, output: dict[str, Any]) -> None:
        if self._clears_next:
            self._outputs.clear()
            self._clears_next = False
        self._outputs.append(output)

    def _stream(self, name: str, text: str) -> None:
        text = _sound(text)
        last = self._outputs[-1] if self._outputs and not self._clears_next else {}
        if last.get("output_type") == "stream" and last.get("name") == name:
            last["text"] += text
        else:
            self._put({"output_type": "stream", "name": name, "text": text})


def timeout_error() -> dict[str, Any]:
    """What nbgrader puts out for a cell that takes too long."""
    return {
        "output_type": "error", "ename": "CellTimeoutError", "evalue": "",
        "traceback": ["\x1b[0;31mCellTimeoutError\x1b[0m: No reply from kernel before timeout"],
    }  # fmt: skip


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
            bundle[_sound(kind)] = value
        elif isinstance(value, str):
            bundle[_sound(kind)] = _sound(value)
    return bundle


def _plain_names(metadata: dict[str, Any]) -> dict[str, Any]:
    return {_sound(name): value for name, value in metadata.items()}


def _sound(text: str) -> str:
    """Text that can be written as UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
