"""What iterating costs: Wh a day beside the battery, or kWh and dollars over the window."""

from dataclasses import dataclass

from matplotlib.text import Text

from mlwf.figures.picture import DEFAULT_LOOK, Look, Picture, axes, style, title
from mlwf.model import CLOUD, MOBILE, BatteryBudget, CloudBill, battery_budget, cloud_bill

MODELS = ("large", "small")
LETTER_PX = 8.2  # a bold letter, on the average of such texts
MAX_WH_PER_DAY = 24 * MOBILE.power_w
MAX_KWH = 24 * 7 * 52 * CLOUD.power_w / 1000


@dataclass(frozen=True)
class _Bar:
    value: float
    state: str
    says: str


class Energy(Picture):
    """A bar for each model, against the battery on the phone, with its price in the cloud."""

    name = "What iterating costs"

    def __init__(self, look: Look = DEFAULT_LOOK) -> None:
        super().__init__(look, height_px=230)
        palette = look.palette
        # fill, edge, hatch
        self._states = {
            "fits": (palette.green_tint, palette.green, ""),
            "over": (palette.red_tint, palette.red, "////"),
            "bill": (palette.blue_tint, palette.blue, ""),
        }
        battery = MOBILE.battery_wh or 0
        with style(look):
            ax = axes(self, left=52 if look.narrow else 92, right=16, bottom=46, top=44)
            self._ax = ax
            ax.set_ylim(-0.6, 1.6)
            ax.set_yticks([1, 0], [name if look.narrow else f"{name} model" for name in MODELS])
            ax.tick_params(axis="y", length=0)
            ax.grid(axis="x")
            self.seldom(ax.xaxis)
            self._bars = [self.live(bar) for bar in ax.barh([1, 0], [1, 1], height=0.55, linewidth=1.4)]
            self._texts = [self.live(ax.text(0, y, "", va="center", weight="bold")) for y in (1, 0)]
            self._battery = self.live(ax.axvline(battery, color=palette.orange, linewidth=2.2, linestyle="--"))
            self._battery_text = self.live(
                ax.text(battery, 1.45, f"  battery {battery:g} Wh", color=palette.orange, va="center")
            )
            self._title = title(self, ax, 16)

    def depict_battery(self, large: BatteryBudget, small: BatteryBudget) -> None:
        """Show a day's training of both models against the phone's battery."""
        bars = [
            _Bar(
                budget.wh_per_day,
                "fits" if budget.fits else "over",
                f"{budget.wh_per_day:.4g} Wh a day: {'fits' if budget.fits else 'over budget'}, {budget.ratio:.3g}× the battery",
            )
            for budget in (large, small)
        ]
        self._show(bars, "Wh a day", 1.12 * MAX_WH_PER_DAY, "A day's training against one charge", battery=True)

    def depict_bill(self, large: CloudBill, small: CloudBill, weeks: int) -> None:
        """Show what both models cost in the cloud over the window."""
        bars = [_Bar(bill.kwh, "bill", f"{bill.kwh:,.1f} kWh, ${bill.dollars:,.0f}") for bill in (large, small)]
        self._show(bars, "kWh", 1.12 * MAX_KWH, f"Training in the cloud over {weeks} weeks", battery=False)

    def _show(self, bars: list[_Bar], unit: str, end: float, title: str, *, battery: bool) -> None:
        self._ax.set_xlim(0, end)
        self._ax.set_xlabel(unit)
        self.set_backdrop(unit)
        for artist in (self._battery, self._battery_text):
            artist.set_visible(battery)
        for bar, patch, text in zip(bars, self._bars, self._texts, strict=True):
            patch.set_width(bar.value)
            fill, edge, hatch = self._states[bar.state]
            patch.set_facecolor(fill)
            patch.set_edgecolor(edge)
            patch.set_hatch(hatch)
            says = bar.says.split(", ")[0] if self.look.narrow else bar.says
            text.set_text(says)
            self._place(text, bar.value, end, fill, battery=battery)
        self._title.set_text(title)
        self.description = f"{title}. " + " ".join(
            f"{name.capitalize()} model: {bar.says}." for name, bar in zip(MODELS, bars, strict=True)
        ) + (f" The battery holds {MOBILE.battery_wh:g} Wh." if battery else "")  # fmt: skip

    def _place(self, text: Text, value: float, end: float, fill: str, *, battery: bool) -> None:
        """Put a bar's text to the right of it and of the battery's line, else inside it, else over its beginning."""
        gap = 0.012 * end
        room = LETTER_PX * len(text.get_text()) / self._ax.bbox.width * self.look.pixel_ratio * end + 2 * gap
        outside = max(value, (MOBILE.battery_wh or 0) if battery else 0)
        if outside + room < end:
            text.set(x=outside + gap, horizontalalignment="left", bbox=None)
            return
        ground = {"facecolor": fill, "edgecolor": "none", "pad": 2}
        if room < value:
            text.set(x=value - gap, horizontalalignment="right", bbox=ground)
        else:
            text.set(x=gap, horizontalalignment="left", bbox=ground)


def energy(
    device: str = "mobile", large_cycle: int = 168, small_cycle: int = 1, session: float = 2.0, weeks: int = 26
) -> Energy:
    """Picture of what iterating costs on a device.

    Parameters
    ----------
    device : str
        "mobile" (Wh a day against the battery) or "cloud" (kWh and dollars over the window).
    large_cycle, small_cycle : int
        Hours from one iteration to the next, above 0.
    session : float
        Hours of training that one iteration needs, above 0.
    weeks : int
        Project window, 0 to 520 weeks; in the cloud only.

    Returns
    -------
    Energy
        A matplotlib Figure.

    Raises
    ------
    TypeError, ValueError
        An argument is of the wrong type or out of range.
    """
    picture = Energy()
    if device == "mobile":
        picture.depict_battery(
            battery_budget(MOBILE, large_cycle, session), battery_budget(MOBILE, small_cycle, session)
        )
    elif device == "cloud":
        picture.depict_bill(
            cloud_bill(CLOUD, large_cycle, session, weeks), cloud_bill(CLOUD, small_cycle, session, weeks), weeks
        )
    else:
        raise ValueError(f"device must be 'mobile' or 'cloud', not {device!r}")
    return picture
