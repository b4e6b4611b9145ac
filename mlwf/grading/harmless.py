"""What a student wrote, or a student's program put out, shown to a person in a browser: nothing of it runs, nothing asks elsewhere.

nbgrader's pages, Formgrader's for marking by hand and its own feedback, show a notebook as nbconvert does: HTML as it stands, scripts
included, in the course's own server. With these in `nbgrader_config.py` the same pages show the same notebooks without:

    c.HTMLExporter.preprocessors = ["mlwf.grading.harmless.Harmless"]
    c.HTMLExporter.filters = {
        "markdown2html": "mlwf.grading.harmless.markdown2html",
        "highlight_code": "mlwf.grading.harmless.highlight_code",
    }

A notebook is made anew from what is known to be harmless, rather than rid of what is known to do harm. What would take long to read
as HTML, Markdown or code, since the libraries for it need a time that is quadratic in some texts, is shown as plain text.
"""

import base64
import binascii
import html
import re
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from typing import Any

import bleach  # type: ignore[import-untyped]
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.filters import Highlight2HTML, strip_ansi
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
KINDS = {*IMAGES, "image/svg+xml"}  # of attachments
# What programs tell programs, such as a verdict; no template shows it. Jupyter's own are scripts in the end.
DATA = re.compile(r"application/vnd\.(?!jupyter)[\w.-]+\+json")
GRADE_ID = re.compile(r"[\w-]+", re.ASCII)
# In characters, and more than anybody writes: Markdown or code of one cell, pictures aside; spaces or code in a row; HTML with pictures.
LONGEST, LONGEST_LINE, LONGEST_HTML = 20_000, 2_000, 20_000_000
MOST_SHOWN = 1_000_000  # characters of a text that is shown as it stands
# Characters of code in other languages in one cell: the patterns that those are read by can be cubic.
MOST_FOREIGN, PYTHON = 2_000, ("python", "python3", "py")
# What about a second of cleaning can do (`work`), and how many tags may be open: the parser closes some by recursion. A table of a
# thousand rows and ten columns takes 400,000.
MOST_WORK, DEEPEST = 600_000, 300
CELLS = 10  # that are each as long, or as much work, as a cell may be; more of a page is not read
# A terminal's colours: characters copied for all of them, and characters of one.
MOST_COPIED, LONGEST_COLOUR = 30_000_000_000, 100
VOID = frozenset({"br", "col", "hr", "img"})  # hold nothing, so are not left open

# The text in these is not for reading, and would stand there as text.
_UNREAD = re.compile(r"<(script|style|title|template)\b|</(script|style|title|template)\s*+>", re.IGNORECASE)
_PICTURE = re.compile(r"\]\(data:(image/(?:png|jpeg|gif|svg\+xml));base64,([A-Za-z0-9+/=]{1000,}+)\)")
_COLOUR = re.compile(r"\x1b\[[^@-~\n]*+")
_SPACES = re.compile(rf"[^\S\n]{{{LONGEST_LINE}}}")
_RAW = re.compile(r"<pre>([^<>]*)</pre>")
# What the parser reads one by one, and complains of: `&`, and characters that HTML does not know.
_UNKNOWN = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_STRAY = re.compile(f"[&\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufdd0-\\ufdef{_UNKNOWN}]")
_LONG_NUMBER = re.compile("&#x?[0-9a-f]{9}", re.IGNORECASE)  # is no character, and too long to be counted with
# A tag or comment of which it is certain where it ends; anything else that may begin one is odd.
_MARKUP = re.compile(
    r"""
    <(?P<end>/?)(?P<name>[a-z][a-z0-9:-]{0,50}+)
        (?:[ \t\n\f\r]++[^\s"'<>/=]{1,100}+(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>=`/]++))?+){0,50}+
        [ \t\n\f\r]*+/?>
    |<!--(?!-?>)(?:[^-]|-(?!-!?>)){0,4000}+-->
    |<[!?][a-z][^<>]{0,500}+>
    |(?P<odd><[a-z/!?])
    |<
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


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
    source, pictures = without_pictures(source)
    held = {**context.get("cell", {}).get("attachments", {}), **pictures}
    # What is attached once can be shown many times.
    longest = max((len(data) for bundle in held.values() for data in bundle.values()), default=0)
    if not readable(source) or source.count("![") * longest > LONGEST_HTML:
        raw = _RAW.fullmatch(source)
        return plain(html.unescape(raw[1]) if raw else source)
    return _shown(source, held) if held else _markdown_alone(source)


def highlight_code(source: str, language: str | None = None, metadata: Mapping[str, Any] | None = None) -> str:
    """Return Python as HTML, whatever language a notebook claims; in place of nbconvert's filter of this name.

    Parameters
    ----------
    source : str
    language, metadata
        As nbconvert gives them; not used.
    """
    longest = MOST_FOREIGN if source.lstrip().startswith("%%") else LONGEST
    if len(source) > longest or max(map(len, source.splitlines()), default=0) > LONGEST_LINE:
        return f'<div class="highlight hl-ipython3"><pre>{html.escape(source)}</pre></div>\n'  # without colours
    return str(Highlight2HTML(pygments_lexer="ipython3")(source, metadata={}))  # type: ignore[no-untyped-call]


def clean(text: str, instead: str | None = None) -> str:
    """Return HTML without whatever can run, ask elsewhere, or take the place of something on the page.

    Parameters
    ----------
    text : str
        HTML that anybody may have written.
    instead : str, optional
        What to show as plain text where cleaning would take long, if not the HTML itself.
    """
    return _Page().html(text, instead)


def work(text: str, tags: Set[str] = TAGS) -> int:
    """Return how much work it would be to clean HTML, or more than `MOST_WORK` where that can't be said.

    Each tag costs the parser time for all that is open where it stands: it looks for tags to close, or writes them anew. So does each
    piece of text for the text that is already there. An end tag that does not fit may close nothing.

    Parameters
    ----------
    text : str
    tags : set of str
        Those that cleaning leaves.
    """
    each = 15 + len(text) // 100_000
    done = each * sum(1 for _ in _STRAY.finditer(text))
    if done > MOST_WORK or len(text) > LONGEST_HTML or _LONG_NUMBER.search(text):
        return MOST_WORK + 1
    holding = tags - VOID
    within: list[tuple[str, int]] = []  # what is open, and how long it would be anew
    anew, odd = 0, False
    for found in _MARKUP.finditer(text):
        name = (found["name"] or "").lower()
        odd = odd or found["odd"] is not None
        if found["end"]:
            if not odd and within and within[-1][0] == name:
                anew -= within.pop()[1]
        elif found["odd"] or name in holding:
            within.append((name, 1 + (len(text) if odd else len(found[0])) // 100))
            anew += within[-1][1]
        done += each + anew
        if done > MOST_WORK or len(within) > DEEPEST or (odd and len(text) > LONGEST):
            return MOST_WORK + 1
    return done


def readable(source: str) -> bool:
    """Tell whether Markdown can be read in about a second, by its length and by the spaces in a row."""
    return len(source) <= LONGEST and not _SPACES.search(source)


def without_pictures(source: str) -> tuple[str, dict[str, dict[str, str]]]:
    """Return Markdown whose large pictures stand beside it, and the pictures, as a notebook has them for its attachments."""
    pictures: dict[str, dict[str, str]] = {}

    def beside(found: re.Match[str]) -> str:
        name = f"data:{len(pictures)}"
        pictures[name] = {found[1]: found[2]}
        return f"](attachment:{name})"

    return _PICTURE.sub(beside, source), pictures


def plain(text: str) -> str:
    """Return HTML that shows a text as it stands, and says why."""
    why = "Shown as plain text: it is too long, or too much nested, to be shown as it was meant."
    cut = f" These are the first {MOST_SHOWN:,} of {len(text):,} characters." if len(text) > MOST_SHOWN else ""
    # nbconvert looks for links in Markdown's way here, too, in a time quadratic in brackets.
    shown = html.escape(text[:MOST_SHOWN]).replace("[", "&#91;")
    return f"<pre>{shown}</pre>\n<p><em>{why}{cut}</em></p>\n"


def _may_stay(tag: str, name: str, value: str) -> bool:
    if (tag, name) == ("a", "href"):
        return LINK.fullmatch(value) is not None
    if (tag, name) == ("img", "src"):
        return IMAGE.fullmatch(value) is not None
    return name in ATTRIBUTES.get(tag, ())


_CLEANER = bleach.Cleaner(
    tags=TAGS, attributes=_may_stay, protocols={"http", "https", "mailto", "data"}, strip=True, strip_comments=True
)


class _Renderer(IPythonRenderer):
    """Leaves code in other languages than Python without spans around its words, where there is much of it."""

    foreign = 0

    def block_code(self, code: str, info: str | None = None) -> str:
        self.foreign += len(code) if info not in PYTHON else 0
        return str(super().block_code(code, info if info in PYTHON or self.foreign <= MOST_FOREIGN else None))


def _markdown(source: str, attachments: Mapping[str, Any]) -> str:
    renderer = _Renderer(escape=False, attachments=dict(attachments), exclude_anchor_links=True)
    try:
        return str(MarkdownWithMath(renderer=renderer).render(source))
    except InvalidNotebook:  # names a picture that the cell does not hold
        return _raw(source)


@lru_cache(maxsize=512)  # most texts are the instructor's, and come again with every submission
def _markdown_alone(source: str) -> str:
    return _shown(source, {})


def _shown(source: str, attachments: Mapping[str, Any]) -> str:
    return clean(_markdown(source, attachments), source)


def _without_unread(text: str) -> str:
    """The text without what is not for reading; in one go, for each that is not closed would be looked for to the end."""
    marks = list(_UNREAD.finditer(text))
    last = {mark[2].lower(): mark.start() for mark in marks if mark[2]}
    kept, start, within = [], 0, ""
    for mark in marks:
        if within and (mark[2] or "").lower() == within:
            start, within = mark.end(), ""
        elif not within and mark[1] and mark.start() < last.get(mark[1].lower(), 0):
            kept.append(text[start : mark.start()])
            within = mark[1].lower()
    return "".join([*kept, text[start:]])


class _Page:
    """What the cells of a page may still take, so that many that are each just in time are not too much."""

    def __init__(self) -> None:
        self._work, self._characters = CELLS * MOST_WORK, CELLS * LONGEST

    def html(self, text: str, instead: str | None) -> str:
        """HTML, cleaned."""
        found = _without_unread(text)
        done = work(found)
        self._work -= done
        return str(_CLEANER.clean(found)) if done <= MOST_WORK and self._work >= 0 else plain(instead or text)

    def markdown(self, source: str) -> str:
        """Markdown, for the filter."""
        self._characters -= min(len(without_pictures(source)[0]), LONGEST)
        return source if self._characters >= 0 else _raw(source)


def _raw(text: str) -> str:
    return f"<pre>{html.escape(text)}</pre>"


def _cells(nb: NotebookNode) -> Iterator[dict[str, Any]]:
    page = _Page()
    for number, cell in enumerate(nb.cells):
        kind, source = cell.get("cell_type"), str(cell.get("source", ""))
        anew = {"cell_type": kind, "id": f"cell-{number}", "source": source, "metadata": _of_nbgrader(cell)}
        if kind == "markdown":
            yield {**anew, "source": page.markdown(source), "attachments": _attachments(cell.get("attachments"))}
        elif kind == "code":
            outputs = [shown for output in cell.get("outputs", ()) if (shown := _output(output, page))]
            yield {**anew, "execution_count": _count(cell), "outputs": outputs}
        elif kind == "raw":
            # Meant for a converter, which would take it as HTML. A person reads what it says.
            yield {**anew, "cell_type": "markdown", "source": _raw(source)}


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
        str(name): {kind: _joined(data) for kind, data in bundle.items() if kind in KINDS}
        for name, bundle in found.items()
        if isinstance(bundle, Mapping) and KINDS & bundle.keys()
    }


def _output(output: Mapping[str, Any], page: _Page) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _printed(_text(output.get("text")))}
    if kind == "error":
        lines = output.get("traceback")
        shown = [_printed(str(line)) for line in lines] if isinstance(lines, list) else []
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
    if "text/plain" in data:
        data["text/plain"] = _printed(data["text/plain"])
    if "text/markdown" in data:
        data["text/markdown"] = page.markdown(data["text/markdown"])
    if "text/html" in data:
        data["text/html"] = page.html(data["text/html"], data.get("text/plain"))
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


def _printed(text: str) -> str:
    """The text; without its colours if nbconvert, which copies the rest at each of them, would take long."""
    lengths = [len(colour) for colour in _COLOUR.findall(text)]
    many = len(lengths) * len(text) > MOST_COPIED or max(lengths, default=0) > LONGEST_COLOUR
    return str(strip_ansi(text)) if many else text  # type: ignore[no-untyped-call]


def _joined(value: Any) -> str:  # noqa: ANN401
    return "".join(_text(value).split())


def _base64(value: Any) -> str:  # noqa: ANN401
    try:
        base64.b64decode(_joined(value), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return _joined(value)
