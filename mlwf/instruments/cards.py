"""The one renderer of readouts: cards, boxes and formulas, as HTML."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

# A level is said by a sign and a word as well as by its colour.
SIGNS = {"good": ("✓", "good"), "warn": ("△", "caution"), "bad": ("✗", "bad"), "plain": ("", "")}


@dataclass(frozen=True)
class Card:
    """One figure with its name.

    Attributes
    ----------
    label, value, note : str
    level : str
        "good", "warn", "bad" or "plain".
    """

    label: str
    value: str
    note: str = ""
    level: str = "plain"

    def html(self) -> str:
        sign, word = SIGNS[self.level]
        said = f'<span class="mlwf-hidden">{word}: </span><span aria-hidden="true">{sign} </span>' if sign else ""
        return (
            f'<li class="mlwf-card mlwf-{self.level}"><b>{escape(self.label)}</b>'
            f"<strong>{said}{escape(self.value)}</strong><small>{escape(self.note)}</small></li>"
        )


def block(html: str) -> str:
    """Wrap HTML so that the style sheet applies."""
    return f'<div class="mlwf">{html}</div>'


def cards(row: Iterable[Card]) -> str:
    """Return the HTML of a row of cards."""
    return f'<ul class="mlwf-cards">{"".join(card.html() for card in row)}</ul>'


def box(html: str, level: str = "note") -> str:
    """Return a callout around `html`; `level` is "note", "good", "warn" or "bad"."""
    return f'<div class="mlwf-box mlwf-{level}">{html}</div>'


def failure(error: Exception) -> str:
    """Return what is said in place of something that went wrong: never a traceback."""
    return box(
        f'<p role="status">This did not work ({escape(str(error))}). The rest goes on; try another setting.</p>', "bad"
    )


def physics(lines: Iterable[tuple[str, str]]) -> str:
    """Return a block of named formulas, aligned at the equals sign."""
    rows = list(lines)
    width = max(len(name) for name, _ in rows)
    text = "\n".join(f"{name.ljust(width)} = {value}" for name, value in rows)
    return f'<pre class="mlwf-physics">{escape(text)}</pre>'
