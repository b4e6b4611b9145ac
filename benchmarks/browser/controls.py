"""What is pressed and dragged, and what must be new on the page after that."""

from dataclasses import asdict, dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Part:
    """Something on the page that follows the controls.

    Attributes
    ----------
    name, where : str
        What it is, and its selector; " >>> " leads into a shadow root.
    kind : str
        What tells that it is new: an image's source, the curves of an SVG, or text.
    """

    name: str
    where: str
    kind: Literal["image", "curve", "text"]

    @property
    def for_the_page(self) -> dict[str, str]:
        """What the stopwatch in the page is told."""
        return asdict(self)

    @property
    def for_playwright(self) -> str:
        """The selector as Playwright wants it: it looks into shadow roots by itself."""
        return self.where.replace(" >>> ", " ")


@dataclass
class Control:
    """A slider, where it stands, and which parts each of its moves renews; the picture comes first.

    Attributes
    ----------
    handle, track : str
        Selectors of what takes the focus, and of the line that it moves on.
    steps, at : int
        How many values it has, and the index of the present one.
    """

    handle: str
    track: str
    steps: int
    at: int
    parts: tuple[Part, ...]
    _direction: int = field(default=1, repr=False)

    def next_key(self) -> str:
        """Return the key for the next press: to and fro over all values, so that each press changes the value."""
        if not 0 <= self.at + self._direction < self.steps:
            self._direction = -self._direction
        self.at += self._direction
        return "ArrowRight" if self._direction > 0 else "ArrowLeft"

    def keys_to(self, at: int) -> list[str]:
        """Return the keys that lead to another of its values."""
        keys = ["ArrowRight" if at > self.at else "ArrowLeft"] * abs(at - self.at)
        self.at = at
        return keys
