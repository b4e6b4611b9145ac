"""A matplotlib figure that is laid out once and then updated in place.

Each instrument keeps one. What never changes (axes, ticks, grid) is drawn once and kept as pixels; an update moves the
live artists and draws only them on top. pyplot is never used: it would keep every figure alive and is not thread-safe.
"""

from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any, TypeVar

import matplotlib as mpl
import numpy as np
from IPython.display import display
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from mlwf.figures.palette import GRID, SECONDARY, SURFACE, TEXT

AnyArtist = TypeVar("AnyArtist", bound=Artist)
WIDTH_PX, DPI = 800, 100

# Unhinted text is drawn faster, and looks the same at this size.
STYLE: Any = {
    "font.size": 10,
    "text.hinting": "none",
    "text.color": TEXT,
    "axes.edgecolor": SECONDARY,
    "axes.labelcolor": TEXT,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": SECONDARY,
    "ytick.color": SECONDARY,
    "xtick.labelcolor": TEXT,
    "ytick.labelcolor": TEXT,
    "grid.color": GRID,
    "hatch.linewidth": 0.8,
}


class Picture(Figure):
    """Base of all pictures: a fixed size, a fixed background, live artists, and a description in words.

    A subclass builds its artists in `__init__` under ``style()``, registers those that change with `live`, and has a method
    that moves them and sets `description`.

    Parameters
    ----------
    height_px : int
        Height at the default resolution of 100 dots per inch; the width is 800.
    """

    def __init__(self, height_px: int) -> None:
        super().__init__(figsize=(WIDTH_PX / DPI, height_px / DPI), dpi=DPI, facecolor=SURFACE)
        self._agg: Any = FigureCanvasAgg(self)
        self._live: list[Artist] = []
        self._background: object = None
        #: What the picture shows, in words, for those who can't see it.
        self.description = ""

    def live(self, artist: AnyArtist) -> AnyArtist:
        """Register an artist that updates move, and return it."""
        artist.set_animated(True)
        self._live.append(artist)
        return artist

    def redraw_background(self) -> None:
        """Say that something besides the live artists has changed, such as an axis."""
        self._background = None

    def png(self) -> bytes:
        """Return the picture as it stands, as a PNG file."""
        with style():
            if self._background is None:
                self._agg.draw()
                self._background = self._agg.copy_from_bbox(self.bbox)
            self._agg.restore_region(self._background)
            for artist in self._live:
                self.draw_artist(artist)
        buffer = BytesIO()
        image = Image.fromarray(np.asarray(self._agg.buffer_rgba())).convert("RGB")
        image.save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    def _ipython_display_(self) -> None:
        # By itself IPython would draw the whole figure anew, cropped, and without a word about what it shows.
        display({"image/png": self.png(), "text/plain": self.description}, raw=True)  # type: ignore[no-untyped-call]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.description}>"


def style() -> AbstractContextManager[None]:
    """The settings under which pictures are built and drawn, wherever the reader's own defaults stand."""
    return mpl.rc_context(STYLE)


def axes(picture: Picture, *, left: float = 0.08, right: float = 0.98, bottom: float = 0.15, top: float = 0.88) -> Axes:
    """Add axes with fixed margins, as fractions of the picture: no layout engine, which would cost time on each draw."""
    return picture.add_axes((left, bottom, right - left, top - bottom))


def title(picture: Picture, ax: Axes, above_px: int = 27) -> Text:
    """Add a live title at the left edge of `ax`, `above_px` pixels above it.

    It belongs to the axes, since matplotlib leaves a figure's own live texts out when it saves the figure.
    """
    offset = (0, above_px * 72 / DPI)
    return picture.live(
        ax.annotate("", (0, 1), offset, "axes fraction", "offset points", annotation_clip=False, size=11, weight="bold")
    )
