"""Data of a student's making, as it can be written into a notebook."""

import math
from typing import Any

from nbformat import NotebookNode

DEPTH = 40  # lists and dicts in each other


def whole_text(text: str) -> str:
    """Text that can be written: JSON can smuggle in halves of characters."""
    if text.isascii():
        return text
    return text if is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def is_whole(text: str) -> bool:
    """Tell whether text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def tame(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return plain data as it can be written and copied: no halves of characters, no nan, nothing too deep."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, dict):
        node = NotebookNode()  # type: ignore[no-untyped-call]
        if depth < DEPTH:
            dict.update(node, {whole_text(name): tame(item, depth + 1) for name, item in value.items()})
        return node
    if isinstance(value, list):
        return [tame(item, depth + 1) for item in value] if depth < DEPTH else []
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
