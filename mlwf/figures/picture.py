"""A matplotlib figure that is laid out once and then updated in place.

Each instrument keeps one. It is drawn in three layers, so that a slider's move costs little: what never changes (once), what
seldom does, such as an axis, and the live artists (each time). pyplot is never used: it would keep every figure alive and is
not thread-safe.
"""

import base64
from collections.abc import Hashable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from html import escape
from io import BytesIO
from typing import Any, ClassVar, TypeVar

import matplotlib as mpl
import matplotlib.style
import numpy as np
from IPython.display import display
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from mlwf.figures.lettering import StampingCanvas
from mlwf.figures.palette import DARK, LIGHT, Palette

AnyArtist = TypeVar("AnyArtist", bound=Artist)
WIDE_PX, NARROW_PX, DPI = 800, 400, 100
PALETTE_SIZE = 256


@dataclass(frozen=True)
class Look:
    """What a picture is drawn for.

    Attributes
    ----------
    dark : bool
        Whether the page around it is dark.
    pixel_ratio : float
        Screen pixels for one CSS pixel.
    narrow : bool
        Whether there is room for 400 CSS pixels only, and not for 800.
    """

    dark: bool = False
    pixel_ratio: float = 1.0
    narrow: bool = False

    @property
    def palette(self) -> Palette:
        """The colours to draw with."""
        return DARK if self.dark else LIGHT

    @property
    def width_px(self) -> int:
        """Width in CSS pixels."""
        return NARROW_PX if self.narrow else WIDE_PX


DEFAULT_LOOK = Look()


class Picture(Figure):
    """Base of all pictures: a fixed size, a background that is kept, live artists, and a description in words.

    A subclass builds its artists in `__init__` under ``style(look)``, registers those that change with `live` or `seldom`, and
    has a method that moves them and sets `description`.

    Parameters
    ----------
    look : Look
    height_px : int
        Height in CSS pixels; the width is that of `look`.
    shades : iterable of str
        Colours that it uses besides those of the palette.
    """

    #: What kind of picture it is, in a few words.
    name: ClassVar[str]

    def __init__(self, look: Look, height_px: int, shades: Iterable[str] = ()) -> None:
        self.look = look
        size = (look.width_px / DPI, height_px / DPI)
        super().__init__(figsize=size, dpi=DPI * look.pixel_ratio, facecolor=look.palette.surface)
        self._agg: Any = StampingCanvas(self)
        self._colours = _png_palette(look.palette, tuple(shades))
        self._live: list[Artist] = []
        self._seldom: list[Artist] = []
        self._paper: object = None
        self._ground: object = None
        self._backdrop: Hashable = None
        #: What the picture shows, in words, for those who can't see it.
        self.description = ""

    def live(self, artist: AnyArtist) -> AnyArtist:
        """Register an artist that every update may move, and return it."""
        artist.set_animated(True)
        self._live.append(artist)
        return artist

    def seldom(self, artist: AnyArtist) -> AnyArtist:
        """Register an artist that changes only when `set_backdrop` says so, and return it."""
        artist.set_animated(True)
        self._seldom.append(artist)
        return artist

    def set_backdrop(self, key: Hashable) -> None:
        """Say by which settings the artists registered with `seldom` are drawn now; equal keys must look equal."""
        if key != self._backdrop:
            self._backdrop, self._ground = key, None

    def png(self) -> bytes:
        """Return the picture as it stands, as a PNG file."""
        with _drawing():
            self._restore_background()
            for artist in self._live:
                self.draw_artist(artist)
        return self._encoded()

    def _restore_background(self) -> None:
        if self._paper is None:
            self._agg.draw()
            self._paper = self._agg.copy_from_bbox(self.bbox)
        if self._ground is not None:
            self._agg.restore_region(self._ground)
            return
        self._agg.restore_region(self._paper)
        for artist in self._seldom:
            self.draw_artist(artist)
        self._ground = self._agg.copy_from_bbox(self.bbox) if self._seldom else self._paper

    def _encoded(self) -> bytes:
        # A fixed palette makes a quarter of the work and half of the bytes of true colour, and its white is white.
        width, height = self._agg.get_width_height(physical=True)
        pixels = Image.frombytes("RGB", (width, height), self._agg.buffer_rgba(), "raw", "RGBX")
        buffer = BytesIO()
        pixels.quantize(palette=self._colours, dither=Image.Dither.NONE).save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    def _ipython_display_(self) -> None:
        # By itself IPython would draw the whole figure anew, cropped, and without a word about what it shows.
        display({"text/html": self.html(), "text/plain": self.description}, raw=True)  # type: ignore[no-untyped-call]

    def html(self) -> str:
        """Return the picture as HTML that holds itself and its description."""
        source = png_address(self.png())
        size = f"width: 100%; max-width: {self.look.width_px}px; height: auto"
        image = f'<img class="mlwf-static" style="{size}" src="{source}" alt="{escape(self.description)}">'
        return f'<div class="mlwf-scroll" tabindex="0" role="group" aria-label="{self.name}">{image}</div>'

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.description}>"


def png_address(png: bytes) -> str:
    """Return a URL that holds the picture itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


@cache
def _png_palette(palette: Palette, shades: tuple[str, ...]) -> Image.Image:
    """All colours of a theme with the steps between each ink and each ground, as Pillow wants them."""
    inks = [np.array(to_rgb(ink)) for ink in (*palette.inks, palette.surface)]
    chosen = [np.array(to_rgb(colour)) for colour in (*palette.grounds, *palette.inks, *shades)]
    for ground, steps in zip(palette.grounds, (8, 4, 4, 4, 4), strict=True):
        for ink in inks:
            for step in range(1, steps):
                shade = ink * (step / steps) + np.array(to_rgb(ground)) * (1 - step / steps)
                # Pillow looks colours up to within a few steps of 255: too near a neighbour would stain the pure ones.
                if min(np.abs(shade - other).max() for other in chosen) > 8 / 255:
                    chosen.append(shade)
    image = Image.new("P", (1, 1))
    image.putpalette([round(255 * part) for colour in chosen[:PALETTE_SIZE] for part in colour])
    return image


# Set while a picture is built. Unhinted text is drawn faster, and looks the same at this size.
_STYLE: Any = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "hatch.linewidth": 0.8,
}


@contextmanager
def style(look: Look) -> Iterator[None]:
    """The settings under which pictures are built, wherever the reader's own defaults stand."""
    palette = look.palette
    themed = {
        "text.color": palette.text,
        "axes.facecolor": palette.surface,
        "axes.edgecolor": palette.secondary,
        "axes.labelcolor": palette.text,
        "grid.color": palette.grid,
    }
    for axis in "xy":
        themed |= {f"{axis}tick.color": palette.secondary, f"{axis}tick.labelcolor": palette.text}
    with mpl.style.context(["default", _STYLE | themed]):
        yield


def _drawing() -> AbstractContextManager[None]:
    """The settings that matplotlib looks at while it draws, and not when the artist is made."""
    settings: Any = {"text.hinting": "none", "patch.force_edgecolor": False, "_internal.classic_mode": False}
    return mpl.rc_context(settings)


def axes(picture: Picture, *, left: float, right: float, bottom: float, top: float) -> Axes:
    """Add axes with fixed margins, in CSS pixels: no layout engine, which would cost time on each draw."""
    width, height = picture.get_size_inches() * DPI
    return picture.add_axes((left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height))


def title(picture: Picture, ax: Axes, above_px: int = 27) -> Text:
    """Add a live title at the left edge of `ax`, `above_px` CSS pixels above it.

    It belongs to the axes, since matplotlib leaves a figure's own live texts out when it saves the figure.
    """
    offset = (0, above_px * 72 / DPI)
    return picture.live(
        ax.annotate("", (0, 1), offset, "axes fraction", "offset points", annotation_clip=False, size=11, weight="bold")
    )
