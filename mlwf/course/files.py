"""Files for the instructor's eyes, written whole or not at all."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


class CourseError(Exception):
    """What keeps a command from its work, as one line that says what to do."""


def write_whole(path: Path, text: str) -> None:
    """Put `text` into a file that its owner alone may read: all of it or nothing.

    Raises
    ------
    CourseError
        The folder is missing, or can't be written to.
    """
    if not path.parent.is_dir():
        raise CourseError(f"there is no folder {path.parent}; make it, or name another file")
    if path.is_dir():
        raise CourseError(f"{path} is a folder; name a file")
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        raise CourseError(f"{path} can't be written: {error.strerror}; name another file") from error
