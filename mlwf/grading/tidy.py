"""What Beautiful Soup makes of a page, without making a tree of it.

nbconvert sends every page through Beautiful Soup to give images an alternative text, and that takes more time than all the rest.
A page of nbconvert's is of few kinds of tags, of which each is written the same wherever it stands; so each is shown to
Beautiful Soup once. What is written otherwise than nbconvert and Pygments do is left to Beautiful Soup as a whole.
"""

import re
from functools import lru_cache

from bs4 import BeautifulSoup

NO_DESCRIPTION = "No description has been provided for this image"
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
# In these a browser, and newer parsers, do not look for tags, or Beautiful Soup and its selectors treat them in a way of their own.
PECULIAR = frozenset(
    [
        "basefont",
        "bgsound",
        "command",
        "frame",
        "iframe",
        "image",
        "isindex",
        "keygen",
        "listing",
        "math",
        "menuitem",
        "nextid",
        "noembed",
        "noframes",
        "noscript",
        "plaintext",
        "rp",
        "rt",
        "select",
        "spacer",
        "svg",
        "template",
        "textarea",
        "xmp",
    ]
)
RAW = frozenset({"script", "style"})
SPACES = " \n\t\f\r"
_CLEAR = " \n\t=&0123456789"
LONGEST = 500  # characters of a tag that is remembered; a longer one holds a picture

_TAG = re.compile(r"""<[^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*>""")
_START = re.compile(r"""<([a-z][a-z0-9]*)(?:\s+[A-Za-z_][-\w]*(?:=(?:"[^"]*"|'[^']*'|[-\w.%]+))?)*\s*/?>""", re.ASCII)
_END = re.compile(r"</([a-z][a-z0-9]*)>")
# A character reference, or an ampersand that is one.
_SPECIAL = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);|[&>]")


class _UnusualError(Exception):
    """Something that only Beautiful Soup can read."""


def tidy(html: str) -> str:
    """Return a page as nbconvert's ``HTMLExporter`` leaves it after it has filled in a template.

    Parameters
    ----------
    html : str

    Returns
    -------
    str
        The same, as Beautiful Soup writes it, with an alternative text for each image.
    """
    try:
        return _Page(html).written()
    except _UnusualError:
        return by_soup(html)


def by_soup(html: str) -> str:
    """Do the same with Beautiful Soup, as ``HTMLExporter`` does.

    Parameters
    ----------
    html : str

    Returns
    -------
    str
    """
    soup = BeautifulSoup(html, features="html.parser")
    for image in soup.select("img:not([alt])"):
        image.attrs["alt"] = NO_DESCRIPTION
    for part in ("jp-Cell-inputWrapper", "jp-OutputArea-output"):
        for element in soup.select(f".jp-Notebook div.{part}"):
            element.attrs["tabindex"] = "0"
    return str(soup)


class _Page:
    """A page on its way from the first character to the last."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.pieces: list[str] = []
        self.open: list[str] = []
        self.kept = 0  # how many of the open elements keep their white space

    def written(self) -> str:
        html, pieces, position = self.html, self.pieces, 0
        while (start := html.find("<", position)) >= 0:
            if start > position:
                self._text(html[position:start])
            position = self._comment(start) if html.startswith("<!--", start) else self._tag(start)
        if position < len(html):
            if "&" in html[position:]:
                raise _UnusualError
            self._text(html[position:])
        pieces.extend(f"</{name}>" for name in reversed(self.open))
        return "".join(pieces)

    def _text(self, text: str) -> None:
        if not self.kept and not text.strip(SPACES):
            text = "\n" if "\n" in text else " "
        elif "&" in text or ">" in text:
            if self.open and self.open[-1] == "title":
                raise _UnusualError
            text = _SPECIAL.sub(_special, text)
        self.pieces.append(text)

    def _comment(self, start: int) -> int:
        end = self.html.find("-->", start + 4)
        content = self.html[start + 4 : end]
        if end < 0 or not content.strip(SPACES) or "--" in f"-{content}-" or content.startswith(">"):
            raise _UnusualError
        self.pieces.append(self.html[start : end + 3])
        return end + 3

    def _tag(self, start: int) -> int:
        match = _TAG.match(self.html, start)
        if match is None:
            raise _UnusualError
        tag = match[0]
        name, written = _TAGS.get(tag) or _look_at(tag)
        if name in RAW and tag[1] != "/":
            return self._raw(name, written, match.end())
        if tag[1] == "/":
            self._close(name)
        else:
            if self.open and self.open[-1] == "title":
                raise _UnusualError
            self.pieces.append(written)
            if name and name not in VOID:
                self.open.append(name)
                self.kept += name == "pre"
        return match.end()

    def _raw(self, name: str, written: str, start: int) -> int:
        """A script or a style sheet, up to its end."""
        closing = f"</{name}>"
        end = self.html.find(closing, start)
        content = self.html[start:end]
        if end < 0 or "</" in content or "<!" in content:
            raise _UnusualError
        self.pieces.append(written)
        if content and not self.kept and not content.strip(SPACES):
            content = "\n" if "\n" in content else " "
        self.pieces += (content, closing)
        return end + len(closing)

    def _close(self, name: str) -> None:
        """Close an element and those within it that were left open; what was not opened is passed over."""
        if name not in self.open:
            return
        while True:
            last = self.open.pop()
            self.kept -= last == "pre"
            self.pieces.append(f"</{last}>")
            if last == name:
                return


_TAGS: dict[str, tuple[str, str]] = {}


def _special(match: re.Match[str]) -> str:
    if match[0] == ">":
        return "&gt;"
    if match[0] != "&":
        return _reference(match[0])
    # A parser decides by what follows; at a text's end a tag does.
    if match.end() < len(match.string) and match.string[match.end()] in _CLEAR:
        return "&amp;"
    raise _UnusualError


@lru_cache(maxsize=256)
def _reference(text: str) -> str:
    return str(BeautifulSoup(f"({text})", features="html.parser"))[1:-1]


def _look_at(tag: str) -> tuple[str, str]:
    """Return a tag's name, empty for the document type, and how Beautiful Soup writes it."""
    if tag == "<!DOCTYPE html>":
        found = "", str(BeautifulSoup(tag, features="html.parser"))
    elif end := _END.fullmatch(tag):
        found = end[1], tag
        if found[0] in VOID or found[0] in PECULIAR:
            raise _UnusualError
    else:
        found = _opening(tag)
    if len(tag) <= LONGEST:
        _TAGS[tag] = found
    return found


def _opening(tag: str) -> tuple[str, str]:
    match = _START.fullmatch(tag)
    if match is None or match[1] in PECULIAR or "jp-" in tag or (tag.endswith("/>") and match[1] not in VOID):
        raise _UnusualError
    name = match[1]
    soup = BeautifulSoup(tag, features="html.parser")
    element = soup.find(name)
    if element is None or element.can_be_empty_element != (name in VOID):
        raise _UnusualError
    if name == "img":
        element.attrs.setdefault("alt", NO_DESCRIPTION)
    written = str(soup)
    if name not in VOID:
        written = written.removesuffix(f"</{name}>")
    return name, written
