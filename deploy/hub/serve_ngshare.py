"""Start ngshare for this machine alone: by itself it listens on every address there is, without HTTPS."""

from ngshare import ngshare


class Local(ngshare.HTTPServer):  # type: ignore[misc, name-defined]
    """A server that nobody reaches from elsewhere."""

    def listen(self, port: int, address: str = "") -> None:
        super().listen(port, "127.0.0.1")


ngshare.HTTPServer = Local
ngshare.main()
