"""What may be shown of a text that a student, or a student's program, wrote."""

import re
from base64 import b64decode
from binascii import Error
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bleach  # type: ignore[import-untyped]
import mistune
from markupsafe import Markup

from mlwf.grading.harmless import MOST_WORK, plain, readable, without_pictures, work

TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "em", "hr", "i", "li", "ol", "p", "pre", "strong", "sub", "sup", "table", "tbody",
    "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
# No pictures from elsewhere: a page that is opened should tell nobody.
ATTRIBUTES = {"a": ["href", "title"], "ol": ["start"]}
IMAGES = ("image/png", "image/jpeg")
MOST_LINES, MOST_CHARACTERS = 40, 4_000
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class _NoHeadings(mistune.HTMLRenderer):
    """Keeps a student's headings out of the page's outline."""

    def heading(self, text: str, level: int, **attrs: Any) -> str:  # noqa: ANN401 - as mistune calls it
        return f"<p><strong>{text}</strong></p>\n"


_markdown = mistune.create_markdown(renderer=_NoHeadings(escape=False), plugins=["table", "strikethrough"])


def markdown(text: str) -> Markup:
    """Return Markdown as HTML that holds nothing but harmless tags; as plain text if that would take long."""
    text, _ = without_pictures(text)
    return _shown(text) if readable(text) else Markup(plain(text))


@lru_cache(maxsize=512)  # most texts are the instructor's, and come again on every page of a class
def _shown(text: str) -> Markup:
    found = str(_markdown(text))
    if work(found, TAGS) > MOST_WORK:
        return Markup(plain(text))
    clean = bleach.clean(found, tags=TAGS, attributes=ATTRIBUTES, strip=True)
    return Markup(clean.replace("<th></th>", "<td></td>"))  # a table's empty corner is no heading


@dataclass(frozen=True)
class Output:
    """What a cell put out.

    Attributes
    ----------
    text : str
        Empty for an image.
    image : str
        As a ``data:`` address; empty for text.
    """

    text: str = ""
    image: str = ""


def outputs(cell: Any) -> list[Output]:  # noqa: ANN401 - nbformat's nodes have no types
    """Return what a cell put out, as text and images; HTML, SVG and JavaScript are left where they are."""
    return [shown for output in cell.get("outputs", ()) if (shown := _output(output))]


def _output(output: Any) -> Output | None:  # noqa: ANN401
    kind = output.get("output_type")
    if kind == "stream":
        return _short(output.get("text"))
    if kind == "error":
        name, value = str(output.get("ename") or "Error"), str(output.get("evalue") or "")
        return _short(f"{name}: {value}" if value else name)
    data = output.get("data", {})
    for mime in IMAGES:
        if mime in data and (image := _base64(data[mime])):
            return Output(image=f"data:{mime};base64,{image}")
    return _short(data.get("text/plain"))


def _base64(text: object) -> str:
    try:
        joined = "".join(str(text).split())
        b64decode(joined, validate=True)
    except (Error, ValueError):
        return ""
    return joined


def _short(text: object) -> Output | None:
    """The text without a terminal's colours, and not longer than anybody reads; None if there is none."""
    if not isinstance(text, str) or not text.strip():
        return None
    lines = _ANSI.sub("", text).rstrip().splitlines()
    kept = "\n".join(lines[:MOST_LINES])[:MOST_CHARACTERS]
    return Output(kept if kept == "\n".join(lines) else f"{kept}\n…")
