"""Start ngshare for this machine alone: by itself it listens on every address there is, without HTTPS."""

from contextlib import suppress

from ngshare import ngshare


class Local(ngshare.HTTPServer):
    """A server that nobody reaches from elsewhere."""

    def listen(self, port: int, address: str = "") -> None:
        super().listen(port, "127.0.0.1")


ngshare.HTTPServer = Local
with suppress(KeyboardInterrupt):  # which is how the hub ends it
    ngshare.main()
