"""What the servers are told to use, so that widgets come through at once (JupyterLab and Voila) and reliably (Voila).

Both are named in the servers' configuration; docs/performance.md says what each line brings.
"""

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
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


class PromptConnection(ZMQChannelsWebsocketConnection):
    """The line from a kernel to the browser, without the delay by which TCP gathers small packets.

    A picture follows two small messages: that the kernel is busy, and the slider's echo. Gathered, it would now and then wait
    40 ms until the browser has acknowledged those.
    """

    def connect(self) -> Any:  # noqa: ANN401 - its base and that one's base disagree
        """Open it; called by the server for each page that is opened, which awaits what it returns."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
