"""Golden pictures: each picture looks as it did when somebody last looked at it. See conftest.py for how to refresh them."""

from pathlib import Path

import pytest
from matplotlib.testing.compare import compare_images
from tours import DARK, NARROW, TOURS, WIDE

BASELINE = Path(__file__).with_name("baseline")
LOOKS = {"wide": WIDE, "dark": DARK, "narrow": NARROW}
# Root mean square over all pixels, of 255. A thin line that is missing comes to 1.4, a word to 4 and more.
TOLERANCE = 0.5


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.name)
def test_a_picture_looks_as_it_did(tour, look, request, tmp_path):
    """Does what is sent to the browser look as it did when it was last reviewed?"""
    expected = BASELINE / f"{tour.name}-{look}.png"
    drawn = tmp_path / expected.name
    drawn.write_bytes(tour.drawn(LOOKS[look], tour.telling)[0])
    if request.config.getoption("--refresh-pictures", default=False):
        BASELINE.mkdir(exist_ok=True)
        expected.write_bytes(drawn.read_bytes())
    # Says where both pictures and their difference are, if there is one.
    difference = compare_images(str(expected), str(drawn), TOLERANCE)
    assert difference is None, difference


def test_the_baseline_holds_these_pictures_and_nothing_else():
    """Is there no picture in the folder that no test looks at, and are they small enough to be kept in the repository?"""
    files = {path.name: path.stat().st_size for path in BASELINE.iterdir()}
    assert set(files) == {f"{tour.name}-{look}.png" for tour in TOURS for look in LOOKS}
    assert sum(files.values()) < 1_000_000


def test_a_small_difference_is_found(tmp_path):
    """Would one line or word that is not drawn be noticed, and is there a picture of the difference?"""
    for tour in TOURS:
        picture = tour.fresh(WIDE, tour.telling)
        del picture._live[-1]
        drawn = tmp_path / "drawn.png"
        drawn.write_bytes(picture.png())
        expected = str(BASELINE / f"{tour.name}-wide.png")
        said = compare_images(expected, str(drawn), TOLERANCE)
        assert said, tour.name
        assert (tmp_path / "drawn-failed-diff.png").exists()
