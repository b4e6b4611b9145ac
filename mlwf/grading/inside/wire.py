"""Messages between the grader and the inside: a length of four bytes, and as many bytes of JSON."""

import json
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Message = dict[str, Any]
_LENGTH = struct.Struct(">I")


class WireError(Exception):
    """The other side is gone, sent something that is no message, or took too long."""


class TooLateError(WireError):
    """Nothing whole came in time."""


class Wire:
    """One end of a connection.

    Parameters
    ----------
    connection : socket
    longest : int
        Bytes of the longest message that is taken.
    """

    def __init__(self, connection: socket.socket, longest: int = 1 << 24) -> None:
        self.connection = connection
        self.longest = longest
        self.received = 0
        self._parts: int | None = None
        self._rest = bytearray()

    @contextmanager
    def bounded(self, longest: int, parts: int) -> Iterator[None]:
        """Within the block, take messages of `longest` bytes that have so many commas and brackets."""
        before = self.longest, self._parts
        self.longest, self._parts = longest, parts
        try:
            yield
        finally:
            self.longest, self._parts = before

    def send(self, message: Message, seconds: float | None = None) -> None:
        """Send a message whole; `seconds` bound how long the other side may leave it lying."""
        text = json.dumps(message).encode()
        try:
            self.connection.settimeout(seconds)
            self.connection.sendall(_LENGTH.pack(len(text)) + text)
            self.connection.settimeout(None)
        except OSError as error:
            raise WireError(f"it did not take in what it was told: {error}" if seconds else str(error)) from None

    def receive(self, deadline: float | None = None) -> Message:
        """Return the next message.

        Parameters
        ----------
        deadline : float, optional
            By `time.monotonic`; nothing of a message that comes in two parts is lost by it.

        Raises
        ------
        TooLateError
            The deadline has passed.
        WireError
            The other side has closed, or what it sent is no message.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, deadline, keep=True))
        if length > self.longest:
            raise WireError(f"a message of {length} bytes")
        whole = self._exactly(_LENGTH.size + length, deadline)
        if self._parts is not None and sum(map(whole.count, (b",", b"[", b"{"))) > self._parts:
            raise WireError("a message of too many parts")
        try:
            message = json.loads(whole[_LENGTH.size :])
        except (ValueError, RecursionError) as error:
            raise WireError(f"no message: {error}") from None
        if not isinstance(message, dict):
            raise WireError("no message")
        return message

    def _exactly(self, size: int, deadline: float | None, keep: bool = False) -> bytes:
        while len(self._rest) < size:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TooLateError("nothing came in time")
            self.connection.settimeout(left)
            try:
                part = self.connection.recv(1 << 18)
            except TimeoutError:
                raise TooLateError("nothing came in time") from None
            except OSError as error:
                raise WireError(str(error)) from None
            finally:
                self.connection.settimeout(None)
            if not part:
                raise WireError("closed")
            self.received += len(part)
            self._rest += part
        found = bytes(self._rest[:size])
        if not keep:
            del self._rest[:size]
        return found
