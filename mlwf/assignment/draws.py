"""Choices that follow from a text alone, the same on every machine and every Python."""

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """A row of choices: SHA-256 of a text and a count. (Python's own `random` may change its ways between versions.)

    Parameters
    ----------
    text : str
        What the choices follow from.
    """

    def __init__(self, text: str) -> None:
        self._text, self._count = text, 0

    def choose(self, options: Sequence[T]) -> T:
        """Return one of `options`; of fewer than a million, none is favoured by more than one in 10^13."""
        self._count += 1
        digest = sha256(f"{self._text}\n{self._count}".encode(errors="surrogatepass")).digest()
        return options[int.from_bytes(digest[:8], "big") % len(options)]
