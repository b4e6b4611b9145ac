"""The colour table: what is written can be read, on either theme, and reaches the browser as it is."""

import re
from dataclasses import fields
from importlib.resources import files

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from tours import DARK, TOURS, WIDE, pixels

from mlwf.figures.palette import Palette, cost_level, level

PALETTES = {"light": WIDE.palette, "dark": DARK.palette}
each_palette = pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
HUES = ("blue", "green", "red", "orange")
AA = 4.5  # WCAG 2.1, 1.4.3: text of usual size
STYLE = files("mlwf.instruments").joinpath("style.css").read_text(encoding="utf-8")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.1 defines it, 0 (black) to 1."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(round(255 * part) for part in to_rgb(colour))


def declared(selector: str) -> dict[str, str]:
    """The colours that the style sheet sets under a selector."""
    (rule,) = re.findall(rf"^{re.escape(selector)} {{(.*?)}}", STYLE, re.S | re.M)
    return dict(re.findall(r"--mlwf-(\w+): (#[0-9a-f]{6})", rule))


def test_contrast_is_computed_as_it_should_be():
    """Is black on white 21 to 1, and is #767676 the lightest grey that passes on white?"""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") >= AA > contrast("#777777", "#ffffff")


@each_palette
def test_text_can_be_read(palette):
    """Has every colour that letters are drawn in enough contrast with the surface, and with what else they stand on?"""
    for ink in ("text", "secondary", *HUES):
        assert contrast(getattr(palette, ink), palette.surface) >= AA, ink
    for hue in HUES:
        assert contrast(getattr(palette, hue), getattr(palette, f"{hue}_tint")) >= AA, hue
        # The numbers inside of a bar stand on its tint.
        assert contrast(palette.text, getattr(palette, f"{hue}_tint")) >= AA, hue


@pytest.mark.parametrize(("selector", "palette"), [(":root", PALETTES["light"]), (".mlwf-dark", PALETTES["dark"])])
def test_the_page_has_the_colours_of_the_pictures(selector, palette):
    """Is there one colour table, for pictures and for what stands around them, and can it be read on the page too?"""
    colours = declared(selector)
    for name in ("text", "secondary", *HUES):
        assert colours[name] == getattr(palette, name), name
    assert contrast(colours["text"], colours["block"]) >= AA
    assert contrast(colours["blue"], palette.surface) >= AA  # links


def test_the_status_bar_can_be_read():
    """Have names and values in the bar enough contrast with its ground, which is the same on both themes?"""
    (ground,) = re.findall(r"\.mlwf-status {[^}]*background: (#\w+)", STYLE)
    inks = re.findall(r"\.mlwf-status(?: span)? {[^}]*?color: (#\w+)", STYLE)
    assert len(inks) == 2
    assert all(contrast(ink, ground) >= AA for ink in inks)


@each_palette
def test_a_palette_has_every_colour_once(palette):
    """Can no two meanings look the same?"""
    colours = [getattr(palette, field.name) for field in fields(Palette)]
    assert len(set(colours)) == len(colours)
    assert [palette.of_level(name) for name in ("good", "warn", "bad")] == [palette.green, palette.orange, palette.red]


@pytest.mark.parametrize("look", [WIDE, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("tour", TOURS, ids=lambda tour: tour.name)
def test_colours_reach_the_browser_as_they_are(tour, look):
    """Is the surface exactly the page's colour, and is each colour that fills an area exactly that of the table?"""
    drawn = pixels(tour.drawn(look, tour.telling)[0])
    corners = {tuple(map(int, drawn[y, x])) for y in (0, -1) for x in (0, -1)}
    assert corners == {rgb(look.palette.surface)}
    found, counts = np.unique(drawn @ (256**2, 256, 1), return_counts=True)
    seen = {
        (code // 256**2, code // 256 % 256, code % 256): count
        for code, count in zip(found.tolist(), counts.tolist(), strict=True)
    }
    assert max(seen, key=seen.get) == rgb(look.palette.surface)
    filled = {
        "Timeline": ("red_tint", "orange_tint"),
        "Split": HUES[:2] + HUES[3:],
        "Race": ("blue", "green"),
        "Energy": ("red_tint", "green_tint"),
        "Gates": ("secondary", "grid"),
        "CrossingMap": ("red",),
    }
    for name in filled[tour.name]:
        assert seen.get(rgb(getattr(look.palette, name)), 0) > 30, name


def test_levels_are_as_the_cards_say():
    """Are the borders of good, caution and bad on the better side, and is 2× good, 8× a caution and 16× bad?"""
    assert [level(value, 20, 60) for value in (0, 20, 21, 60, 61)] == ["good", "good", "warn", "warn", "bad"]
    assert [cost_level(2**n) for n in range(6)] == ["good", "good", "warn", "warn", "bad", "bad"]
