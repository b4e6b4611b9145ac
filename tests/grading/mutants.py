"""Submissions as no person would write them: a valid notebook, changed at random."""

import json
from copy import deepcopy
from typing import Any

from generated import Generated
from hypothesis import strategies as st

# Text with halves of characters, control characters and line ends of every sort.
TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
HUGE = "a number of five thousand digits"  # which Python would not write
WORDS = [
    *("code", "markdown", "raw", "heading", "nbgrader", "grade_id", "grade", "solution", "locked", "task", "points"),
    *("schema_version", "checksum", "source", "metadata", "cells", "id", "attachments", "outputs", "tags", "name"),
    *("kernelspec", "language_info", "worksheets", "nbformat", "nbformat_minor", "", "..", "a,b", "application/json"),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.integers(0, 5),
    st.floats(),
    TEXT,
    st.sampled_from([*WORDS, HUGE]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in plain data but the outermost, as a path."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for name, item in items:
        found += [(*place, name), *_places(item, (*place, name))]
    return found


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for name in place:
        value = value[name]
    return value


@st.composite
def documents(draw: st.DrawFn, course: Generated) -> Any:
    """Draw the notebook as plain data, changed in a few places."""
    root = [course.document()]
    for _ in range(draw(st.integers(1, 8))):
        places = _places(root)
        if not places:
            break
        # Cells and their metadata are few among all the lines of text: one time in two, change these.
        few = [place for place in places if len(place) <= 4 or "nbgrader" in place] or places
        place = draw(st.sampled_from(few if draw(st.booleans()) else places))
        parent, name = _at(root, place[:-1]), place[-1]
        action = draw(st.sampled_from(["put", "drop", "copy", "swap", "wrap", "rename", "text"]))
        if action == "put":
            parent[name] = draw(VALUES)
        elif action == "drop":
            del parent[name]
        elif action == "swap" or (action == "copy" and isinstance(parent, dict)):
            other = draw(st.sampled_from(places))
            if other[: len(place)] != place and place[: len(other)] != other:
                theirs = _at(root, other[:-1])
                mine = deepcopy(parent[name])
                if action == "swap":
                    parent[name] = deepcopy(theirs[other[-1]])
                theirs[other[-1]] = mine
        elif action == "copy":
            parent.insert(draw(st.integers(0, len(parent))), deepcopy(parent[name]))
        elif action == "wrap":
            parent[name] = draw(st.sampled_from([[parent[name]], {"": parent[name]}, str(parent[name])[:100]]))
        elif action == "rename" and isinstance(parent, dict):
            parent[draw(TEXT | st.sampled_from(WORDS))] = parent.pop(name)
        elif isinstance(parent[name], str):
            at = draw(st.integers(0, len(parent[name])))
            parent[name] = parent[name][:at] + draw(TEXT) + parent[name][at + draw(st.integers(0, 3)) :]
    return root[0] if root else None


@st.composite
def contents(draw: st.DrawFn, course: Generated) -> bytes:
    """Draw the notebook's file, changed in its data, its bytes, or both."""
    text = json.dumps(draw(documents(course)), ensure_ascii=draw(st.booleans()))
    text = text.replace(f'"{HUGE}"', "9" * 5000)
    encoding = draw(st.sampled_from(["utf-8"] * 8 + ["utf-8-sig", "utf-16", "utf-32-le"]))
    content = text.encode(encoding, "surrogatepass")
    if draw(st.sampled_from([False] * 5 + [True])):
        content = draw(spoiled(content))
    return content


@st.composite
def spoiled(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw a file with a few of its bytes changed, taken out, doubled, or cut off."""
    for _ in range(draw(st.integers(1, 4))):
        start, length = draw(st.integers(0, len(content))), draw(st.integers(0, 20))
        new = draw(st.binary(max_size=8) | st.sampled_from([b'"', b"{", b"}", b"[", b"]", b",", b"\\", b"\\ud800"]))
        match draw(st.sampled_from(["put", "put", "double", "cut"])):
            case "put":
                content = content[:start] + new + content[start + length :]
            case "double":
                content = content[: start + 20 * length] + content[start:]
            case "cut":
                content = content[:start] if draw(st.booleans()) else content[start:]
    return content
