"""What the servers are told to use, so that widgets come through at once (JupyterLab and Voila) and reliably (Voila), and
so that a page for readers keeps no more kernels than are needed (Voila).

All are named in the servers' configuration; docs/performance.md and docs/readers.md say what each line brings.
"""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError
from traitlets import Integer, Type

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


class ReadersKernels(AsyncMappingKernelManager):
    """The kernels behind a page for readers: never more than there is room for, and none that nobody needs any more.

    Voila makes its own manager of it, with a pool of kernels that have run the notebook already and wait for a reader.

    Attributes
    ----------
    most : int
        How many there may be at once, those in the pool among them; 0 for any number.
    left_timeout : int
        Seconds after which a kernel is ended that no page is connected to. One that a page is connected to ends after
        `cull_idle_timeout`.
    """

    most = Integer(0, config=True)
    left_timeout = Integer(300, config=True)
    _closing = False

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override] # noqa: ANN401 - as in its base
        """Start one more.

        Raises
        ------
        tornado.web.HTTPError
            503, if there is no room; the page's template says so.
        """
        if self.most and len(self._kernels.keys() | self._pending_kernels.keys()) >= self.most:
            if self._leave_pool():
                raise asyncio.CancelledError
            raise HTTPError(503)
        try:
            return await super().start_kernel(**kwargs)
        except Exception:
            self._leave_pool()
            raise

    def _leave_pool(self) -> bool:
        """Take the task at work out of Voila's pool: one that failed there would keep every other kernel from ending."""
        for pool in getattr(self, "_pools", {}).values():
            if asyncio.current_task() in pool:
                pool.remove(asyncio.current_task())
                return True
        return False

    def notify_disconnect(self, kernel_id: str) -> None:
        """Remember when a page was left."""
        super().notify_disconnect(kernel_id)  # type: ignore[no-untyped-call]
        if kernel_id in self:
            self._kernels[kernel_id].last_activity = datetime.now(UTC)

    async def shutdown_kernel(self, kernel_id: str, now: bool = False, restart: bool = False) -> None:  # type: ignore[override] # as in its base
        """End one, which makes room for another in the pool."""
        await super().shutdown_kernel(kernel_id, now=now, restart=restart)  # type: ignore[no-untyped-call]
        self._refill()

    async def cull_kernels(self) -> None:
        """End what nobody needs, and forget what has died, in the pool too."""
        for kernel_id, kernel in [*self._kernels.items()]:
            if kernel_id not in self._pending_kernels and not await kernel.is_alive():
                with suppress(HTTPError):  # it has been ended meanwhile
                    await self.shutdown_kernel(kernel_id)
        await super().cull_kernels()  # type: ignore[no-untyped-call]
        self._refill()

    def _refill(self) -> None:
        """Fill Voila's pool if there is room: by itself Voila does that only when it hands a kernel out."""
        for notebook in getattr(self, "_pools", {}):
            if not self._closing and (not self.most or len(self) < self.most):
                self.fill_if_needed(notebook_name=notebook)  # type: ignore[attr-defined] # Voila's

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel whose page was left, or rests."""
        kernel = self._kernels[kernel_id]
        rested = datetime.now(UTC) - kernel.last_activity
        is_left = not self._kernel_connections.get(kernel_id) and kernel.execution_state == "idle"
        if is_left and rested > timedelta(seconds=self.left_timeout):
            await self.shutdown_kernel(kernel_id)
        else:
            await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override] # as in its base
        """End all of them, and let no more come."""
        self._closing = True
        await super().shutdown_all(now)
