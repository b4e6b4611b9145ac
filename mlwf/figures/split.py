"""Two rings: where a project's time goes, as guessed and as surveyed."""

from math import cos, radians, sin

from matplotlib.axes import Axes
from matplotlib.patches import Wedge
from matplotlib.text import Text

from mlwf.figures.palette import Palette
from mlwf.figures.picture import DEFAULT_LOOK, Look, Picture, axes, style
from mlwf.model import SURVEY_SPLIT, TimeSplit, guessed_split

LABELS = {"data": "Data work", "model": "Modeling", "rest": "The rest"}


def _looks(palette: Palette) -> dict[str, tuple[str, str]]:
    """Colour and hatch of each part."""
    return {"data": (palette.blue, "//"), "model": (palette.green, "..."), "rest": (palette.orange, "xx")}


class _Ring:
    """Three wedges and their percentages, updated in place."""

    def __init__(self, picture: Picture, ax: Axes, name: str) -> None:
        ax.set_aspect("equal")
        ax.set_axis_off()
        ax.set_xlim(-1.7, 1.7)
        ax.set_ylim(-1.4, 1.6)
        size = 8 if picture.look.narrow else 10
        self._name = picture.live(ax.text(0, 0, name, ha="center", va="center", weight="bold", size=size))
        self._wedges: list[Wedge] = []
        self._texts: list[Text] = []
        palette = picture.look.palette
        for colour, hatch in _looks(palette).values():
            wedge = Wedge(
                (0, 0), 1, 0, 1, width=0.45, facecolor=colour, edgecolor=palette.surface, linewidth=2, hatch=hatch
            )
            ax.add_patch(wedge)
            self._wedges.append(picture.live(wedge))
            self._texts.append(picture.live(ax.text(0, 0, "", ha="center", va="center", weight="bold")))

    def show(self, split: TimeSplit | None, unknown: str = "") -> None:
        start = 90.0
        for part, wedge, text in zip(LABELS, self._wedges, self._texts, strict=True):
            share = getattr(split, part) if split else 0
            wedge.set_visible(share > 0)
            text.set_visible(share > 0)
            end = start - 3.6 * share
            wedge.set_theta1(end)
            wedge.set_theta2(start)
            text.set_text(f"{share} %")
            text.set_position(_on_circle(1.32, (start + end) / 2))
            start = end
        if unknown:
            self._name.set_text(unknown)


def _on_circle(radius: float, degrees: float) -> tuple[float, float]:
    return radius * cos(radians(degrees)), radius * sin(radians(degrees))


class Split(Picture):
    """The reader's guess beside the survey's figures; the survey's ring stays empty until the guess is committed."""

    name = "Where a project's time goes"

    def __init__(self, look: Look = DEFAULT_LOOK) -> None:
        super().__init__(look, height_px=260 if look.narrow else 300)
        half = look.width_px // 2
        with style(look):
            self._yours = _Ring(self, axes(self, left=4, right=half, bottom=30, top=4), "")
            self._survey = _Ring(self, axes(self, left=half, right=4, bottom=30, top=4), "")
            surface = look.palette.surface
            keys = [
                Wedge((0, 0), 1, 0, 1, facecolor=colour, edgecolor=surface, hatch=hatch)
                for colour, hatch in _looks(look.palette).values()
            ]
            self.legend(keys, list(LABELS.values()), loc="lower center", ncols=3, frameon=False)

    def depict(self, data: int, revealed: bool = True) -> None:
        """Show a guess of `data` percent (0 to 100), and the survey if `revealed`."""
        guess = guessed_split(data)
        self._yours.show(guess, "Your\nguess")
        self._survey.show(SURVEY_SPLIT if revealed else None, "Survey" if revealed else "Survey:\nonce you\ncommit")
        self.description = f"Ring chart of your guess: {_in_words(guess)}. " + (
            f"Ring chart of the survey: {_in_words(SURVEY_SPLIT)}."
            if revealed
            else "The survey is shown once you commit your guess."
        )


def _in_words(split: TimeSplit) -> str:
    return ", ".join(f"{LABELS[part].lower()} {getattr(split, part)} %" for part in LABELS)


def time_split(data: int = 40, revealed: bool = True) -> Split:
    """Picture of a guessed split of a project's time beside the surveyed one.

    Parameters
    ----------
    data : int
        Guessed share of data work, percent, 0 to 100.
    revealed : bool
        Whether the survey's ring is shown.

    Returns
    -------
    Split
        A matplotlib Figure.

    Raises
    ------
    TypeError, ValueError
        `data` is no integer, or not from 0 to 100.
    """
    picture = Split()
    picture.depict(data, revealed)
    return picture
