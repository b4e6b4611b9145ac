"""The one colour table. Colour never speaks alone: every meaning also has a hatch, a marker, a line style or a word."""

BLUE, BLUE_TINT = "#006395", "#d9ebf5"
GREEN, GREEN_TINT = "#008f45", "#d9f2e3"
RED, RED_TINT = "#cb202d", "#fbe0e2"
ORANGE, ORANGE_TINT = "#cc5500", "#fbe6d5"
TEXT, SECONDARY = "#1e293b", "#475569"
GRID, SURFACE = "#e2e8f0", "#ffffff"

LEVELS = {"good": GREEN, "warn": ORANGE, "bad": RED}


def level(value: float, warn_above: float, bad_above: float) -> str:
    """Return "good" up to `warn_above`, "warn" up to `bad_above`, then "bad"."""
    return "good" if value <= warn_above else "warn" if value <= bad_above else "bad"


def cost_level(multiplier: int) -> str:
    """How bad a cost multiplier is, wherever one is shown."""
    return level(multiplier, 2, 8)
