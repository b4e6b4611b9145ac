"""Letters: none is cut off at the edge of a picture, and none stands on another, wherever the sliders are."""

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

import pytest
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox
from tours import NARROW, TOURS, WIDE

from mlwf.figures import Look, Picture

pytestmark = pytest.mark.thorough

# A text's box is as high as its font's tallest letters, and they are seldom there.
MAY_OVERLAP_PX, MAY_STICK_OUT_PX = 1.0, 0.5


def unseen(picture: Picture) -> set[Text]:
    """Labels of ticks outside of the axes' limits, and all those of axes that are switched off."""
    found = set()
    for ax in picture.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            labels = axis.get_ticklabels(which="both")
            places = [label.get_position()[axis is ax.yaxis] for label in labels]
            found |= {
                label
                for label, place in zip(labels, places, strict=True)
                if not ax.axison or not low - 1e-9 <= place <= high + 1e-9
            }
    return found


def boxes(picture: Picture, texts: Iterable[Text]) -> list[tuple[str, Bbox]]:
    """Those of the texts that can be seen, with the place of each in pixels."""
    renderer, found = picture.canvas.get_renderer(), []
    for text in texts:
        if text.get_visible() and text.get_text().strip():
            if isinstance(text, Annotation):
                text.update_positions(renderer)
            # Of the letters alone: an annotation's own extent includes its arrow.
            found.append((text.get_text(), Text.get_window_extent(text, renderer)))
    return found


class Proofreader:
    """Looks for letters that can't be read. What stands still is measured once for each backdrop."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self._still: dict[Hashable, list[tuple[str, Bbox]]] = {}

    def troubles(self) -> list[str]:
        """What a reader of the picture as it stands would complain about."""
        return list(self._troubles())

    def _troubles(self) -> Iterator[str]:
        picture, backdrop = self.picture, self.picture._backdrop
        moving = [artist for artist in picture._live if isinstance(artist, Text)]
        if backdrop not in self._still:
            picture.png()  # labels of axes and legends get their places when they are drawn
            self._still[backdrop] = boxes(picture, {*picture.findobj(Text)} - {*moving} - unseen(picture))
        moved, still = boxes(picture, moving), self._still[backdrop]
        for text, box in (*moved, *still):
            out = max(-box.x0, -box.y0, box.x1 - picture.bbox.width, box.y1 - picture.bbox.height)
            if out > MAY_STICK_OUT_PX:
                yield f"{text!r} sticks out of the picture by {out:.1f} px"
        for (text, box), (other, other_box) in itertools.combinations((*moved, *still), 2):
            across = min(box.x1, other_box.x1) - max(box.x0, other_box.x0)
            down = min(box.y1, other_box.y1) - max(box.y0, other_box.y0)
            if min(across, down) > MAY_OVERLAP_PX:
                yield f"{text!r} and {other!r} overlap by {across:.1f} × {down:.1f} px"


@pytest.mark.parametrize("look", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.name)
def test_all_texts_can_be_read(tour, look):
    """Is every letter inside of the picture, and beside every other one, in every state?"""
    picture, found = tour.picture_class(look), defaultdict(list)
    proofreader = Proofreader(picture)
    for state in tour.crowded:
        tour.show(picture, *state)
        for trouble in proofreader.troubles():
            found[trouble].append(state)
    said = [
        f"{trouble} in {len(states)} of {len(tour.crowded)} states: {states[:3]}" for trouble, states in found.items()
    ]
    assert not found, "\n".join(said)


@pytest.mark.parametrize("look", [WIDE, NARROW], ids=["wide", "narrow"])
def test_trouble_would_be_found(look: Look):
    """Does the test above see a text that is cut off, and one that stands on another?"""
    picture = TOURS[0].fresh(look, TOURS[0].telling)
    assert Proofreader(picture).troubles() == []
    (ax,) = picture.axes
    ax.annotate("too far left", (0, 0.5), xycoords="figure fraction", ha="center")
    ax.text(3, 62, "on it", ha="center")
    found = "\n".join(Proofreader(picture).troubles())
    assert "'too far left' sticks out" in found
    assert "'60 d' and 'on it'" in found or "'on it' and '60 d'" in found
