"""A canvas that stamps a text which it has drawn before. Drawing letters is half of what a picture costs, and from one move of
a slider to the next most texts are old acquaintances: an axis' numbers, a title's parts, a label.
"""

from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from numpy.typing import NDArray

STAMPS = 128  # for one picture: more than its sliders' settings bring forth, in a few megabytes

Colour = tuple[float, float, float]


class StampingRenderer(RendererAgg):
    """Agg, but for level and opaque texts, which it keeps. A kept text stands on whole pixels, at most half of one from its place."""

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__(width, height, dpi)  # type: ignore[no-untyped-call]
        self._stamp = lru_cache(STAMPS)(self._drawn)

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,  # noqa: ANN401 - a bool or "TeX"
        mtext: Text | None = None,
    ) -> None:
        """As in matplotlib: `x`, `y` is where the text's baseline begins, in pixels from the upper left corner."""
        plain = gc.get_rgb()[3] == 1 and gc.get_clip_rectangle() is None and gc.get_clip_path() == (None, None)
        if angle or ismath or not plain:
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)  # type: ignore[no-untyped-call]
            return
        stamp, margin, below = self._stamp(s, prop, gc.get_rgb()[:3])
        self.draw_image(gc, round(x) - margin, int(self.height) - round(y) - below, stamp)

    def _drawn(self, s: str, prop: FontProperties, colour: Colour) -> tuple[NDArray[np.uint8], int, int]:
        """Return the text's pixels from the lowest row up, the margin at its left, and how far it reaches below the baseline."""
        width, height, descent = self.get_text_width_height_descent(s, prop, ismath=False)  # type: ignore[no-untyped-call]
        margin = ceil(height / 2)  # letters may overhang their box
        below = ceil(descent) + margin
        paper = RendererAgg(ceil(width) + 2 * margin, ceil(height) + margin + below, self.dpi)  # type: ignore[no-untyped-call]
        ink = paper.new_gc()
        ink.set_foreground((*colour, 1.0), isRGBA=True)
        paper.draw_text(ink, margin, paper.height - below, s, prop, 0)  # type: ignore[no-untyped-call]
        return np.array(paper.buffer_rgba())[::-1], margin, below  # type: ignore[no-untyped-call]


class StampingCanvas(FigureCanvasAgg):
    """Agg's canvas with that renderer."""

    _drawn_for: tuple[float, ...] = ()

    def get_renderer(self) -> StampingRenderer:
        """Return the renderer; a new one only for another size, as when the figure is saved with other dots per inch."""
        width, height = self.get_width_height(physical=True)
        if self._drawn_for != (width, height, self.figure.dpi):
            self._drawn_for = width, height, self.figure.dpi
            self.renderer: StampingRenderer = StampingRenderer(width, height, self.figure.dpi)
        return self.renderer
