"""Texts that are stamped look as if they were drawn."""

import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from mlwf.figures.lettering import STAMPS, StampingCanvas


def drawn(canvas_class, texts, *, times=1, dpi=100):
    """The pixels of texts, (x in px, y in px, text, keywords), after so many drawings."""
    figure = Figure((4, 1), dpi=dpi)
    canvas = canvas_class(figure)
    for x, y, text, how in texts:
        figure.text(x / (4 * dpi), y / dpi, text, **how)
    with mpl.rc_context({"text.hinting": "none"}):
        for _ in range(times):
            canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(int)


@pytest.mark.parametrize(
    "how",
    [{}, {"size": 14, "weight": "bold", "color": "#b04800"}, {"rotation": 90}, {"color": "C0", "alpha": 0.5}],
    ids=["plain", "bold", "upright", "see-through"],
)
@pytest.mark.parametrize("text", ["Hagfp 12,345", "$x^2$", "fj", "×–…", " "], ids=repr)
@pytest.mark.parametrize("times", [1, 2])
def test_a_text_on_whole_pixels_is_as_matplotlib_draws_it(text, how, times):
    """Is every pixel the same, at the first drawing as at the second, which only stamps?"""
    texts = [(40, 40, text, how)]
    ours, theirs = drawn(StampingCanvas, texts, times=times), drawn(FigureCanvasAgg, texts)
    assert (ours == theirs).all()


@pytest.mark.parametrize("x", [40.2, 40.5, 40.8])
def test_a_text_between_pixels_moves_by_half_of_one_at_most(x):
    """Is its ink where it belongs, but for less than what anybody sees?"""
    texts = [(x, x, "Hagfp", {})]
    ours, theirs = 255 - drawn(StampingCanvas, texts)[..., 0], 255 - drawn(FigureCanvasAgg, texts)[..., 0]
    for axis in (0, 1):
        middle = [ink.sum(axis=1 - axis) @ np.arange(ink.shape[axis]) / ink.sum() for ink in (ours, theirs)]
        assert abs(middle[0] - middle[1]) <= 0.51


def test_the_same_words_in_another_ink_or_size_are_another_text():
    """Does a stamp know colour, size and weight, so that no text borrows another one's look?"""
    hows = [{}, {"color": "red"}, {"size": 14}, {"weight": "bold"}, {}]
    together = [(5 + 78 * place, 40, "word", how) for place, how in enumerate(hows)]
    assert (drawn(StampingCanvas, together) == drawn(FigureCanvasAgg, together)).all()


def test_a_text_cut_off_by_its_axes_stays_cut_off():
    """Is clipping respected, and not kept in the stamp for the same words elsewhere?"""

    def pixels(canvas_class):
        figure = Figure((4, 1), dpi=100)
        canvas = canvas_class(figure)
        clipped = figure.text(0.1, 0.4, "half of this")
        clipped.set_clip_path(Rectangle((0, 0), 60, 100, transform=None))
        figure.text(0.5, 0.4, "half of this")
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())

    assert (pixels(StampingCanvas) == pixels(FigureCanvasAgg)).all()


def test_a_figure_may_be_saved_in_another_size_and_goes_on():
    """Does saving at twice the dots, as a student might, give a sharp file and leave the picture as it was?"""
    figure = Figure((4, 1), dpi=100)
    canvas = StampingCanvas(figure)
    figure.text(0.1, 0.4, "sharp")
    canvas.draw()
    before = np.asarray(canvas.buffer_rgba()).copy()
    saved = io.BytesIO()
    figure.savefig(saved, format="png", dpi=200)
    assert Image.open(saved).size == (800, 200)
    canvas.draw()
    assert (np.asarray(canvas.buffer_rgba()) == before).all()


def test_no_more_texts_are_kept_than_said():
    """Does a title with ever new numbers leave memory flat?"""
    figure = Figure((4, 1), dpi=100)
    canvas = StampingCanvas(figure)
    title = figure.text(0.1, 0.4, "")
    for number in range(STAMPS + 20):
        title.set_text(f"{number}")
        canvas.draw()
    assert canvas.get_renderer()._stamp.cache_info().currsize == STAMPS
