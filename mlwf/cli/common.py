"""What several commands share: which course is meant and what it needs."""

from importlib.util import find_spec
from pathlib import Path

import click

CHECKOUT = Path(__file__).parents[2]


def _course_here() -> Path:
    return Path() if Path("source").is_dir() or Path("gradebook.db").is_file() else CHECKOUT


course_option = click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    default=_course_here,
    show_default="this one if it holds source/ or gradebook.db, else the checkout that mlwf is installed from",
    help="The course's folder.",
)


def need_course_packages() -> None:
    """Refuse, with what to install, where the packages that a course needs are missing; the model does without them."""
    for needed in ("nbgrader", "psutil", "rich"):
        if find_spec(needed) is None:
            raise click.ClickException(f"this needs {needed}; install it with: pip install 'mlwf[course]'")
