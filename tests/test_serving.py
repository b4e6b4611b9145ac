"""What the servers are told to use: with real sockets, since it is about them."""

import asyncio
import socket
from queue import Empty

import pytest
import zmq
import zmq.asyncio
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.session import Session
from tornado.iostream import IOStream
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from mlwf.serving import TURN_SECONDS, PatientChannel, PromptConnection, ReadersKernels


def test_a_connection_sends_small_packets_at_once(monkeypatch):
    """Is the browser's socket told not to gather small packets, before anything is sent?"""
    seen = []

    class Handler(WebSocketHandler):
        def open(self):
            # The rest of connecting needs a kernel; the browser tests have one.
            monkeypatch.setattr(PromptConnection.__base__, "connect", lambda _: None)
            prompt = PromptConnection.__new__(PromptConnection)
            monkeypatch.setattr(PromptConnection, "websocket_handler", self)
            before = self._nodelay()
            prompt.connect()
            seen.append((before, self._nodelay()))

        def _nodelay(self):
            stream: IOStream = self.ws_connection.stream
            return bool(stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def visit():
        server = Application([("/", Handler)]).listen(0, "127.0.0.1")
        port = next(iter(server._sockets.values())).getsockname()[1]
        client = await websocket_connect(f"ws://127.0.0.1:{port}/")
        client.close()
        server.stop()

    asyncio.run(visit())
    assert seen == [(False, True)]


def channel(context):
    """A patient channel, and the other end of its line."""
    ours, theirs = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
    ours.linger = theirs.linger = 0
    theirs.connect(f"tcp://127.0.0.1:{ours.bind_to_random_port('tcp://127.0.0.1')}")
    return PatientChannel(ours, Session(key=b""), None), theirs


def test_a_message_is_returned_and_no_message_is_said():
    """Does waiting end with the message, or with Empty at the time that was asked for?"""

    async def talk():
        with zmq.asyncio.Context() as context:
            patient, other = channel(context)
            with pytest.raises(Empty):
                await patient.get_msg(0.01)
            waiting = asyncio.create_task(patient.get_msg(None))
            await asyncio.sleep(2.5 * TURN_SECONDS)  # more than one look before it comes
            await other.send_multipart(Session(key=b"").serialize(Session(key=b"").msg("status")))
            message = await asyncio.wait_for(waiting, 10)
            assert message["header"]["msg_type"] == "status"
            patient.socket.close()
            other.close()

    asyncio.run(talk())


def test_a_message_whose_sign_was_swallowed_is_found_all_the_same(monkeypatch):
    """nbclient's issue 312: another use of the socket took the sign that a message is there. Is it looked for again?"""

    async def talk():
        with zmq.asyncio.Context() as context:
            patient, other = channel(context)
            polls, real = [], patient.socket.poll

            async def deaf_at_first(timeout=None, *flags):
                polls.append(timeout)
                return 0 if len(polls) == 1 else await real(timeout, *flags)

            monkeypatch.setattr(patient.socket, "poll", deaf_at_first)
            await other.send_multipart(Session(key=b"").serialize(Session(key=b"").msg("status")))
            message = await asyncio.wait_for(patient.get_msg(None), 10)
            assert message["header"]["msg_type"] == "status"
            assert len(polls) > 1
            patient.socket.close()
            other.close()

    asyncio.run(talk())


def test_a_kernel_that_does_not_start_leaves_the_pool():
    """Is a task of Voila's pool that failed not in it any more, where it would be given to a reader?"""

    async def fill():
        manager = ReadersKernels()
        starting = asyncio.create_task(manager.start_kernel(kernel_name="there is no such kernel"))
        manager._pools = {"notebook": [starting]}
        with pytest.raises(NoSuchKernel):
            await starting
        assert manager._pools == {"notebook": []}

    asyncio.run(fill())
