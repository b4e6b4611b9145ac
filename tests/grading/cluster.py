"""A PostgreSQL server of the tests' own, in a folder that goes when they end; the system's is left alone."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from lab import free_port
from psycopg import sql

PASSWORD = "not-to-be-shown"


class Cluster:
    """A server on this machine alone, and its databases.

    Parameters
    ----------
    programs : Path
        Where `initdb` and `postgres` are.
    folder : Path
        An empty folder, which the server's user can reach.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        # PostgreSQL refuses to be root.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = next(pwd.getpwnam(name) for name in ("postgres", "nobody") if _is_user(name))
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._made = 0

    def make(self) -> None:
        """Make the server's folder; over the network everybody needs the password."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        subprocess.run(
            [self.programs / "initdb", "--pgdata", self.folder / "data", "--username", "grader", "--pwfile", secret,
             "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"],
            cwd=self.folder, check=True, capture_output=True, timeout=60, **self._as,
        )  # fmt: skip

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
            "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "16MB",
        }  # fmt: skip
        command = [self.programs / "postgres", "-D", self.folder / "data"]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, **self._as)
        until = time.monotonic() + 60
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                assert self._server.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < until
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """End the server, connections or not."""
        if self._server:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(20)
            finally:
                with suppress(ProcessLookupError):
                    self._server.kill()
            self._server = None

    def database(self, template: str = "") -> str:
        """Make a database, empty or as the one with the address `template` is, and return its address."""
        self._made += 1
        name, like = f"course{self._made}", template.rpartition("/")[2] or "template0"
        self.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like)))
        return self.url(name)

    def url(self, database: str, password: str = PASSWORD) -> str:
        """Return the address of a database."""
        return f"postgresql+psycopg://grader:{password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: Any, database: str = "postgres") -> list[Any]:
        """Execute a statement as a person with `psql` would."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="grader", password=PASSWORD, dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@contextmanager
def running(initdb: str) -> Iterator[Cluster]:
    """Run a server with the programs beside `initdb`; nothing is left of it."""
    folder = Path(tempfile.mkdtemp(prefix="mlwf-pg-"))  # a short name, for the socket's
    cluster = Cluster(Path(initdb).parent, folder)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
