"""Numbers as they were typed: 0.1 is a tenth here, and not the float that is next to it."""

from fractions import Fraction
from functools import lru_cache


@lru_cache(maxsize=1024)  # reading a decimal takes as long as what is then done with it
def decimal(value: float) -> Fraction:
    """Return the shortest decimal that is read as `value`, exactly."""
    return Fraction(str(value))
