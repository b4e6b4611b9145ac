"""What iterating costs: Wh a day against a battery, or kWh and dollars in the cloud."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from mlwf.model._exact import decimal
from mlwf.model._validate import integer, real
from mlwf.model.race import HOURS_PER_WEEK, MAX_WEEKS

DEFAULT_SESSION_HOURS = 2.0


@dataclass(frozen=True)
class Device:
    """Where the training runs.

    Attributes
    ----------
    name : str
    power_w : float
        Power while training, watts, at least 0.
    battery_wh : float or None
        Capacity, watt-hours, at least 0; None for a device on the mains.
    price_per_hour : float
        Rent, dollars for an hour of training, at least 0.

    Raises
    ------
    TypeError, ValueError
        A field is of the wrong type or out of range; the message names it.
    """

    name: str
    power_w: float
    battery_wh: float | None
    price_per_hour: float

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"name must be text, not {self.name!r}")
        object.__setattr__(self, "power_w", real("power_w", self.power_w, 0))
        if self.battery_wh is not None:
            object.__setattr__(self, "battery_wh", real("battery_wh", self.battery_wh, 0))
        object.__setattr__(self, "price_per_hour", real("price_per_hour", self.price_per_hour, 0))


# The published lab's two deployment contexts; the phone's battery is its "2 h at 5 W".
CLOUD = Device("Cloud H100", power_w=700.0, battery_wh=None, price_per_hour=3.0)
MOBILE = Device("Phone NPU", power_w=5.0, battery_wh=10.0, price_per_hour=0.0)


def _checked_device(device: Device) -> Device:
    if not isinstance(device, Device):
        raise TypeError(f"device must be a Device, not {device!r}")
    return device


def _rounded(name: str, exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        raise ValueError(f"{name} must be smaller: the result is beyond what a float can hold") from None


def _cycle_and_session(cycle_hours: float, session_hours: float) -> tuple[Fraction, Fraction]:
    """Return both, validated and exact on the decimals typed; a session can't last longer than its cycle."""
    cycle = real("cycle_hours", cycle_hours, 0, above_low=True)
    session = real("session_hours", session_hours, 0, above_low=True)
    return decimal(cycle), decimal(min(session, cycle))


def wh_per_day(power_w: float, cycle_hours: float, session_hours: float = DEFAULT_SESSION_HOURS) -> float:
    """Energy for training in a day: ``power_w * min(session_hours, cycle_hours) * 24 / cycle_hours``.

    Parameters
    ----------
    power_w : float
        Power while training, watts, at least 0.
    cycle_hours : float
        Hours from the start of one iteration to the start of the next, above 0.
    session_hours : float
        Training that one iteration needs, hours, above 0. A session that is longer than the cycle means training without
        pause.

    Returns
    -------
    float
        Watt-hours a day, never above ``24 * power_w``.

    Raises
    ------
    TypeError, ValueError
        An argument is of the wrong type or out of range.
    """
    power = real("power_w", power_w, 0)
    cycle, session = _cycle_and_session(cycle_hours, session_hours)
    # Exact before it is rounded once: a plan that uses a battery to the last Wh must not fail on a float's last bit.
    return min(_rounded("power_w", decimal(power) * session * 24 / cycle), 24 * power)


@dataclass(frozen=True)
class BatteryBudget:
    """A day's training against a battery.

    Attributes
    ----------
    wh_per_day, battery_wh : float
        Watt-hours a day, and watt-hours in one charge.
    """

    wh_per_day: float
    battery_wh: float

    @property
    def fits(self) -> bool:
        """True if one charge lasts for a day's training."""
        return self.wh_per_day <= self.battery_wh

    @property
    def ratio(self) -> float | None:
        """Charges a day; None for an empty battery that something is asked of."""
        if self.battery_wh == 0:
            return None if self.wh_per_day else 0.0
        return self.wh_per_day / self.battery_wh


def battery_budget(device: Device, cycle_hours: float, session_hours: float = DEFAULT_SESSION_HOURS) -> BatteryBudget:
    """Compare a day's training on `device` with its battery.

    Parameters
    ----------
    device : Device
        One with a battery.
    cycle_hours, session_hours : float
        As in `wh_per_day`.

    Raises
    ------
    TypeError, ValueError
        An argument is of the wrong type or out of range, or the device has no battery.
    """
    device = _checked_device(device)
    if device.battery_wh is None:
        raise ValueError(f"device must have a battery, and {device.name} has none")
    return BatteryBudget(wh_per_day(device.power_w, cycle_hours, session_hours), device.battery_wh)


def fitting_cycles(
    device: Device, cycles: Iterable[int], session_hours: float = DEFAULT_SESSION_HOURS
) -> tuple[int, ...]:
    """Those of `cycles` (an iterable of hours) whose training the device's battery carries, in the order given.

    Raises
    ------
    TypeError, ValueError
        As `battery_budget`.
    """
    if not isinstance(cycles, Iterable):
        raise TypeError(f"cycles must be a collection of hours, not {cycles!r}")
    battery_budget(device, 24, session_hours)  # refuses what it must, also for no cycles at all
    return tuple(cycle for cycle in cycles if battery_budget(device, cycle, session_hours).fits)


@dataclass(frozen=True)
class CloudBill:
    """What a window of training costs on rented hardware.

    Attributes
    ----------
    kwh, dollars : float
    """

    kwh: float
    dollars: float


def cloud_bill(
    device: Device, cycle_hours: float, session_hours: float = DEFAULT_SESSION_HOURS, weeks: int = 26
) -> CloudBill:
    """Energy and rent over a window: every finished iteration runs for ``min(session_hours, cycle_hours)``.

    Parameters
    ----------
    device : Device
    cycle_hours, session_hours : float
        As in `wh_per_day`.
    weeks : int
        The window, 0 to 520 weeks.

    Returns
    -------
    CloudBill

    Raises
    ------
    TypeError, ValueError
        An argument is of the wrong type or out of range.
    """
    device = _checked_device(device)
    cycle, session = _cycle_and_session(cycle_hours, session_hours)
    hours = integer("weeks", weeks, 0, MAX_WEEKS) * HOURS_PER_WEEK // cycle * session
    return CloudBill(
        kwh=_rounded("power_w", hours * decimal(device.power_w) / 1000),
        dollars=_rounded("price_per_hour", hours * decimal(device.price_per_hour)),
    )
