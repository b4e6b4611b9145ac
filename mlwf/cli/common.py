"""What several commands share: which course is meant, what it needs, and how a file is written."""

import os
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import click

CHECKOUT = Path(__file__).parents[2]

course_option = click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    default=CHECKOUT,
    show_default="the checkout that mlwf is installed from",
    help="The course's folder, the one that holds source/.",
)


def need_course_packages() -> None:
    """Refuse, with what to install, where the packages that a course needs are missing; the model does without them."""
    for needed in ("nbgrader", "psutil", "rich"):
        if find_spec(needed) is None:
            raise click.ClickException(f"this needs {needed}; install it with: pip install 'mlwf[course]'")


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
