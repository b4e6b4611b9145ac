"""One place that says no: every argument of the model passes through here, so every refusal reads alike."""

import math
import numbers


def integer(name: str, value: object, low: int, high: int) -> int:
    """Return `value` as a plain int within [low, high].

    Raises
    ------
    TypeError
        `value` is no integer (bools, floats and text are not).
    ValueError
        `value` lies outside the range.
    """
    # A plain int first: asking an abstract class takes ten times as long, and a curve asks for each of its points.
    if type(value) is not int and (isinstance(value, bool) or not isinstance(value, numbers.Integral)):
        raise TypeError(f"{name} must be an integer from {low} to {high:,}, not {_shown(value)}")
    number = int(value)
    if not low <= number <= high:
        raise ValueError(f"{name} must be from {low} to {high:,}, not {_shown(value)}")
    return number


def real(name: str, value: object, low: float, high: float = math.inf, *, above_low: bool = False) -> float:
    """Return `value` as a finite float in [low, high], or in (low, high] with `above_low`.

    Raises
    ------
    TypeError
        `value` is no real number (bools and text are not).
    ValueError
        `value` is not finite or lies outside the range.
    """
    # As with integers; and what is refused is put into words only when something is.
    if type(value) is float and low <= value <= high and value < math.inf and not (above_low and value == low):
        return value
    bound = f"{'above' if above_low else 'at least'} {low:.12g}" + (
        f" and at most {high:.12g}" if high < math.inf else ""
    )
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number {bound}, not {_shown(value)}")
    try:
        number = float(value)
    except OverflowError:  # an int with more digits than a float can hold
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number {bound}, not {_shown(value)}")
    if number < low or number > high or (above_low and number == low):
        raise ValueError(f"{name} must be {bound}, not {_shown(value)}")
    return number


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python refuses to write out ints of several thousand digits
        return f"a number of type {type(value).__name__} with thousands of digits"
    return text if len(text) <= 40 else text[:37] + "..."
