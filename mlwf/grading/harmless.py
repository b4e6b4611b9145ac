"""What a student wrote, or a student's program put out, shown to a person in a browser: nothing of it runs, nothing asks elsewhere.

nbgrader's pages, Formgrader's for marking by hand and its own feedback, show a notebook as nbconvert does: HTML as it stands, scripts
included, in the course's own server. With these in `nbgrader_config.py` the same pages show the same notebooks without:

    c.HTMLExporter.preprocessors = ["mlwf.grading.harmless.Harmless"]
    c.HTMLExporter.filters = {
        "markdown2html": "mlwf.grading.harmless.markdown2html",
        "highlight_code": "mlwf.grading.harmless.highlight_code",
    }

A notebook is made anew from what is known to be harmless, rather than rid of what is known to do harm.
"""

import base64
import binascii
import html
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import bleach  # type: ignore[import-untyped]
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode, from_dict

TAGS = frozenset(
    {
        "a", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2",
        "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "summary", "sup",
        "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
    }
)  # fmt: skip
# Neither `class` nor `id`: the page's own script finds its marks and comments by them. Neither `style`: it can lay a text over a mark.
ATTRIBUTES = {
    "col": {"span"}, "details": {"open"}, "img": {"alt", "title", "width", "height"}, "a": {"title"}, "ol": {"start"},
    "td": {"colspan", "rowspan", "align"}, "th": {"colspan", "rowspan", "align", "scope"},
}  # fmt: skip
# Not within the server that shows the page: there lies what was handed in beside the notebook, as the student wrote it.
LINK = re.compile(r"(?:https?://|mailto:|#)[^\s\\]*")
# What the notebook holds, or a file that was handed in beside it. Nothing from elsewhere: opening a page should tell nobody.
IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=]*|(?!.*\.\.)\w[\w ./-]*")
TEXTS = ("text/html", "text/markdown", "text/latex", "image/svg+xml", "text/plain")
IMAGES = ("image/png", "image/jpeg")
# What programs tell programs, such as a verdict; no template shows it. Jupyter's own are scripts in the end.
DATA = re.compile(r"application/vnd\.(?!jupyter)[\w.-]+\+json")
GRADE_ID = re.compile(r"[\w-]+", re.ASCII)
# The text in these is not for reading, and would stand there as text.
_UNREAD = re.compile(r"<(script|style|title|template)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)


class Harmless(Preprocessor):
    """Leaves of a notebook what can be shown."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Return the notebook made anew."""
        return from_dict({**nb, "metadata": {}, "cells": list(_cells(nb))}), resources  # type: ignore[no-untyped-call]


@pass_context
def markdown2html(context: Context, source: str) -> str:
    """Return Markdown as HTML that can do no harm; in place of nbconvert's filter of this name.

    Parameters
    ----------
    context : jinja2.runtime.Context
        Of a template that shows a cell.
    source : str
    """
    attachments = context.get("cell", {}).get("attachments", {})
    return clean(_markdown(source, attachments)) if attachments else _markdown_alone(source)


def highlight_code(source: str, language: str | None = None, metadata: Mapping[str, Any] | None = None) -> str:
    """Return Python as HTML, whatever language a notebook claims; in place of nbconvert's filter of this name.

    Parameters
    ----------
    source : str
    language, metadata
        As nbconvert gives them; not used.
    """
    return str(Highlight2HTML(pygments_lexer="ipython3")(source, metadata={}))  # type: ignore[no-untyped-call]


def clean(text: str) -> str:
    """Return HTML without whatever can run, ask elsewhere, or take the place of something on the page.

    Parameters
    ----------
    text : str
        HTML that anybody may have written.
    """
    return str(_CLEANER.clean(_UNREAD.sub("", text)))


def _may_stay(tag: str, name: str, value: str) -> bool:
    if (tag, name) == ("a", "href"):
        return LINK.fullmatch(value) is not None
    if (tag, name) == ("img", "src"):
        return IMAGE.fullmatch(value) is not None
    return name in ATTRIBUTES.get(tag, ())


_CLEANER = bleach.Cleaner(
    tags=TAGS, attributes=_may_stay, protocols={"http", "https", "mailto", "data"}, strip=True, strip_comments=True
)


def _markdown(source: str, attachments: Mapping[str, Any]) -> str:
    renderer = IPythonRenderer(escape=False, attachments=dict(attachments), exclude_anchor_links=True)
    try:
        return str(MarkdownWithMath(renderer=renderer).render(source))
    except InvalidNotebook:  # names a picture that the cell does not hold
        return f"<pre>{html.escape(source)}</pre>"


@lru_cache(maxsize=512)  # most texts are the instructor's, and come again with every submission
def _markdown_alone(source: str) -> str:
    return clean(_markdown(source, {}))


def _cells(nb: NotebookNode) -> Iterator[dict[str, Any]]:
    for number, cell in enumerate(nb.cells):
        kind, source = cell.get("cell_type"), str(cell.get("source", ""))
        anew = {"cell_type": kind, "id": f"cell-{number}", "source": source, "metadata": _of_nbgrader(cell)}
        if kind == "markdown":
            yield {**anew, "attachments": _attachments(cell.get("attachments"))}
        elif kind == "code":
            outputs = [shown for output in cell.get("outputs", ()) if (shown := _output(output))]
            yield {**anew, "execution_count": _count(cell), "outputs": outputs}
        elif kind == "raw":
            # Meant for a converter, which would take it as HTML. A person reads what it says.
            yield {**anew, "cell_type": "markdown", "source": f"<pre>{html.escape(source)}</pre>"}


def _of_nbgrader(cell: Mapping[str, Any]) -> dict[str, Any]:
    """What nbgrader's page needs to know of a cell: which one it is, and which marks it may have."""
    found = cell.get("metadata", {}).get("nbgrader")
    if not isinstance(found, Mapping) or not GRADE_ID.fullmatch(str(found.get("grade_id", ""))):
        return {}
    kept: dict[str, Any] = {
        name: found[name] is True for name in ("grade", "solution", "task", "locked") if name in found
    }
    kept |= {name: found[name] for name in ("points", "score") if isinstance(found.get(name), int | float)}
    if isinstance(found.get("comment"), str):
        kept["comment"] = found["comment"]
    return {"nbgrader": {**kept, "grade_id": str(found["grade_id"])}}


def _attachments(found: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(found, Mapping):
        return {}
    return {
        str(name): {kind: _joined(data) for kind, data in bundle.items() if kind in (*IMAGES, "image/svg+xml")}
        for name, bundle in found.items()
        if isinstance(bundle, Mapping)
    }


def _output(output: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        lines = output.get("traceback")
        shown = [str(line) for line in lines] if isinstance(lines, list) else []
        return {
            "output_type": kind,
            "ename": str(output.get("ename")),
            "evalue": str(output.get("evalue")),
            "traceback": shown,
        }
    found = output.get("data")
    if kind not in ("display_data", "execute_result") or not isinstance(found, Mapping):
        return None
    data: dict[str, Any] = {mime: _text(found[mime]) for mime in TEXTS if mime in found}
    data |= {mime: value for mime, value in found.items() if DATA.fullmatch(mime)}
    if "text/html" in data:
        data["text/html"] = clean(data["text/html"])
        if not data["text/html"].strip():
            del data["text/html"]  # so that its text is shown
    data |= {mime: image for mime in IMAGES if mime in found and (image := _base64(found[mime]))}
    if not data:
        return None
    count = {"execution_count": _count(output)} if kind == "execute_result" else {}
    return {"output_type": kind, "data": data, "metadata": _sizes(output.get("metadata")), **count}


def _sizes(found: Any) -> dict[str, dict[str, int]]:  # noqa: ANN401
    """How large images are shown; nothing else that a notebook says of its outputs."""
    sizes = {mime: found.get(mime) for mime in IMAGES} if isinstance(found, Mapping) else {}
    return {
        mime: {side: size[side] for side in ("width", "height") if type(size.get(side)) is int}
        for mime, size in sizes.items()
        if isinstance(size, Mapping)
    }


def _count(node: Mapping[str, Any]) -> int | None:
    count = node.get("execution_count")
    return count if type(count) is int else None


def _text(value: Any) -> str:  # noqa: ANN401
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _joined(value: Any) -> str:  # noqa: ANN401
    return "".join(_text(value).split())


def _base64(value: Any) -> str:  # noqa: ANN401
    try:
        base64.b64decode(_joined(value), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return _joined(value)
