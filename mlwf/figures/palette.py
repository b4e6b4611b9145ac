"""The one colour table. Colour never speaks alone: every meaning also has a hatch, a marker, a line style or a word."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as ``#rrggbb``: what is drawn on `surface`, and a tint of each colour to fill with.

    Every colour has a contrast of at least 4.5 to 1 with `surface` and with its own tint, as WCAG 2.1 AA asks of text.
    """

    surface: str
    text: str
    secondary: str
    grid: str
    blue: str
    blue_tint: str
    green: str
    green_tint: str
    red: str
    red_tint: str
    orange: str
    orange_tint: str

    def of_level(self, name: str) -> str:
        """Colour of a level ("good", "warn" or "bad")."""
        return {"good": self.green, "warn": self.orange, "bad": self.red}[name]

    @property
    def inks(self) -> tuple[str, ...]:
        """What lines and letters are drawn in."""
        return (self.text, self.secondary, self.grid, self.blue, self.green, self.red, self.orange)

    @property
    def grounds(self) -> tuple[str, ...]:
        """What they are drawn on."""
        return (self.surface, self.blue_tint, self.green_tint, self.red_tint, self.orange_tint)


LIGHT = Palette(
    surface="#ffffff", text="#1e293b", secondary="#475569", grid="#e2e8f0",
    blue="#006395", blue_tint="#d9ebf5", green="#007a3a", green_tint="#d9f2e3",
    red="#cb202d", red_tint="#fce6e8", orange="#b04800", orange_tint="#fbe6d5",
)  # fmt: skip
# JupyterLab's dark surface, and the same hues lightened until they can be read on it.
DARK = Palette(
    surface="#111111", text="#e2e8f0", secondary="#a9b6c8", grid="#333c49",
    blue="#58b4e5", blue_tint="#10303f", green="#45c483", green_tint="#0f3321",
    red="#ff8087", red_tint="#471b1f", orange="#ffa057", orange_tint="#43260f",
)  # fmt: skip


def level(value: float, warn_above: float, bad_above: float) -> str:
    """Return "good" up to `warn_above`, "warn" up to `bad_above`, then "bad"."""
    return "good" if value <= warn_above else "warn" if value <= bad_above else "bad"


def cost_level(multiplier: int) -> str:
    """How bad a cost multiplier is, wherever one is shown."""
    return level(multiplier, 2, 8)
