"""What Voila needs to run a notebook with `interact` reliably."""

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Type

TURN_SECONDS = 0.2


class PatientChannel(AsyncZMQSocketChannel):
    """A channel that looks again, now and then, whether a message has come.

    For an output widget, such as that of `interact`, nbclient sends on the channel on which it waits for the cell's reply.
    That send may swallow the sign that the reply has come, and then the page waits for ever (nbclient's issue 312).
    """

    async def get_msg(  # type: ignore[override] # as in its base
        self, timeout: float | None = None
    ) -> dict[str, Any]:
        """Return the next message; raises `queue.Empty` after `timeout` seconds (None: never)."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = TURN_SECONDS if end is None else end - time.monotonic()
            try:
                return await super().get_msg(max(0.0, min(TURN_SECONDS, left)))
            except Empty:
                if end is not None and time.monotonic() >= end:
                    raise


class PatientClient(AsyncKernelClient):
    """The kernel client that Voila is told to use."""

    shell_channel_class = Type(PatientChannel)
