"""The two widgets of our own: the page, of which there is one, and the panel of an instrument."""

from importlib.resources import files
from typing import Any

import anywidget
from traitlets import Bytes, Dict, Tuple, Unicode

from mlwf.figures import Look
from mlwf.figures.picture import png_address

HERE = files("mlwf.instruments")
MAX_PIXEL_RATIO = 3.0


def _source(name: str) -> str:
    return HERE.joinpath(name).read_text(encoding="utf-8")


def _address(png: bytes, _panel: anywidget.AnyWidget) -> str:
    return png_address(png) if png else ""


class Page(anywidget.AnyWidget):
    """The page in the browser: carries the style sheet, names the sliders, and tells how pictures should look.

    Attributes
    ----------
    look : dict
        ``dark`` (bool), ``pixel_ratio`` (float) and ``narrow`` (bool); empty until a browser has told.
    address, query : str
        Of the page, without and with what follows the question mark.
    """

    _esm = _source("page.js")
    _css = _source("style.css")
    look = Dict().tag(sync=True)
    address = Unicode().tag(sync=True)
    query = Unicode().tag(sync=True)

    @property
    def picture_look(self) -> Look:
        """What pictures on this page should be drawn for."""
        told: dict[str, Any] = self.look
        # In quarters, since each new ratio costs a new background; above three nobody sees a difference.
        ratio = min(max(round(4 * float(told.get("pixel_ratio", 1.0))) / 4, 1.0), MAX_PIXEL_RATIO)
        return Look(dark=bool(told.get("dark")), pixel_ratio=ratio, narrow=bool(told.get("narrow")))


class Panel(anywidget.AnyWidget):
    """An instrument's picture and readout. Set what belongs together under ``hold_sync()``, so that it travels together.

    Attributes
    ----------
    picture : bytes
        PNG; empty for no picture.
    size : (int, int)
        Width and height of the picture in CSS pixels.
    name, description : str
        What kind of picture it is, and what it shows, in words.
    readout, status : str
        HTML below the picture, and inside the status bar.
    """

    _esm = _source("panel.js")
    # As text: a browser shows such an image in the same frame, while one from a Blob is loaded first and often comes a frame late.
    picture = Bytes().tag(sync=True, to_json=_address)
    size = Tuple((0, 0)).tag(sync=True)
    name = Unicode().tag(sync=True)
    description = Unicode().tag(sync=True)
    readout = Unicode().tag(sync=True)
    status = Unicode().tag(sync=True)
