"""Writing what a command was asked for: wholly or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import click


def write(path: Path, text: str) -> None:
    """Write `text` to `path`; what stood there stays until all is written.

    Raises
    ------
    click.ClickException
        It can't be written there; the sentence says why.
    """
    try:
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(unfinished).unlink()
            raise
    except OSError as error:
        raise click.ClickException(f"{path} can't be written: {error.strerror}") from error
