"""What iterating costs: Wh a day beside the battery, or kWh and dollars over the window."""

from dataclasses import dataclass

from mlwf.figures.palette import BLUE, BLUE_TINT, GREEN, GREEN_TINT, ORANGE, RED, RED_TINT, TEXT
from mlwf.figures.picture import Picture, axes, style, title
from mlwf.model import CLOUD, MOBILE, BatteryBudget, CloudBill, battery_budget, cloud_bill

MODELS = ("large", "small")
MAX_WH_PER_DAY = 24 * MOBILE.power_w
MAX_KWH = 24 * 7 * 52 * CLOUD.power_w / 1000
# fill, edge, hatch
FITS = (GREEN_TINT, GREEN, "")
OVER = (RED_TINT, RED, "////")
BILL = (BLUE_TINT, BLUE, "")


@dataclass(frozen=True)
class _Bar:
    value: float
    look: tuple[str, str, str]
    says: str


class Energy(Picture):
    """A bar for each model, against the battery on the phone, with its price in the cloud."""

    def __init__(self) -> None:
        super().__init__(height_px=230)
        with style():
            ax = axes(self, left=0.12, right=0.97, bottom=0.22, top=0.84)
            self._ax = ax
            ax.set_ylim(-0.6, 1.6)
            ax.set_yticks([1, 0], [f"{name} model" for name in MODELS])
            ax.tick_params(axis="y", length=0)
            ax.grid(axis="x")
            self._bars = [self.live(bar) for bar in ax.barh([1, 0], [1, 1], height=0.55, linewidth=1.4)]
            self._texts = [self.live(ax.text(0, y, "", va="center", weight="bold", color=TEXT)) for y in (1, 0)]
            self._battery = self.live(ax.axvline(MOBILE.battery_wh or 0, color=ORANGE, linewidth=2.2, linestyle="--"))
            self._battery_text = self.live(
                ax.text(MOBILE.battery_wh or 0, 1.45, f"  battery {MOBILE.battery_wh:g} Wh", color=ORANGE, va="center")
            )
            self._title = title(self, ax, 18)
            self._axis = ""

    def depict_battery(self, large: BatteryBudget, small: BatteryBudget) -> None:
        """Show a day's training of both models against the phone's battery."""
        bars = [
            _Bar(
                budget.wh_per_day,
                FITS if budget.fits else OVER,
                f"{budget.wh_per_day:.3g} Wh a day: {'fits' if budget.fits else 'over budget'}, {budget.ratio:.3g}× the battery",
            )
            for budget in (large, small)
        ]
        self._show(
            bars, "Wh a day", 1.12 * MAX_WH_PER_DAY, "Training in a day against one charge of the phone", battery=True
        )

    def depict_bill(self, large: CloudBill, small: CloudBill, weeks: int) -> None:
        """Show what both models cost in the cloud over the window."""
        bars = [_Bar(bill.kwh, BILL, f"{bill.kwh:,.1f} kWh, ${bill.dollars:,.0f}") for bill in (large, small)]
        self._show(bars, "kWh", 1.12 * MAX_KWH, f"Training in the cloud over {weeks} weeks", battery=False)

    def _show(self, bars: list[_Bar], unit: str, end: float, title: str, *, battery: bool) -> None:
        if unit != self._axis:
            self._axis = unit
            self._ax.set_xlim(0, end)
            self._ax.set_xlabel(unit)
            self.redraw_background()
        for artist in (self._battery, self._battery_text):
            artist.set_visible(battery)
        for bar, patch, text in zip(bars, self._bars, self._texts, strict=True):
            patch.set_width(bar.value)
            fill, edge, hatch = bar.look
            patch.set_facecolor(fill)
            patch.set_edgecolor(edge)
            patch.set_hatch(hatch)
            text.set_text(bar.says)
            # Inside a long bar; else to the right of it, and of the battery's line.
            inside = bar.value > 0.5 * end
            edge_of_text = bar.value if inside or not battery else max(bar.value, MOBILE.battery_wh or 0)
            text.set_x(edge_of_text + (-0.012 if inside else 0.012) * end)
            text.set_horizontalalignment("right" if inside else "left")
            text.set_bbox({"facecolor": fill, "edgecolor": "none", "pad": 2} if inside else None)
        self._title.set_text(title)
        self.description = f"{title}. " + " ".join(
            f"{name.capitalize()} model: {bar.says}." for name, bar in zip(MODELS, bars, strict=True)
        ) + (f" The battery holds {MOBILE.battery_wh:g} Wh." if battery else "")  # fmt: skip


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
