"""`mlwf grade`: a class's submissions, fast and sealed."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlwf.cli.common import course_option, need_course_packages

if TYPE_CHECKING:
    from mlwf.grading.run import Outcome


@click.command()
@click.argument("assignment")
@course_option
@click.option("--student", "students", multiple=True, metavar="ID", help="Only this one; can be given several times.")
@click.option("--workers", type=click.IntRange(min=1), help="Submissions at a time.  [default: two for each processor]")
@click.option("--force", is_flag=True, help="Also what is graded already and has not been handed in again.")
@click.option("--unsealed", is_flag=True, help="Run students' code without walls. Only for what you trust.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def grade(
    assignment: str,
    folder: Path,
    students: tuple[str, ...],
    workers: int | None,
    force: bool,
    unsealed: bool,
    as_json: bool,
) -> None:
    """Autograde an assignment of any nbgrader course.

    Does what nbgrader autograde does, many times faster: each submission runs sealed in, without a network, and sees its own
    files alone. A damaged or hostile one is graded as far as can be, named, and stops nobody else's. Exits with 1 if a person
    should look at something.

    \b
    Example: mlwf grade constraint_tax --course .
    """
    need_course_packages()
    from mlwf.grading.errors import GradingError
    from mlwf.grading.walls import Ahead
    from mlwf.lean import without

    try:
        with Ahead(sealed=not unsealed) as ahead:  # it gets ready while all else is imported
            with without("rfc3987_syntax"):
                from mlwf.grading.course import Course
                from mlwf.grading.run import grade_assignment

            from mlwf.cli._progress import progress

            with progress("making ready", "grading") as say:
                outcomes = grade_assignment(
                    Course(folder),
                    assignment,
                    students=students,
                    workers=workers,
                    force=force,
                    sealed=not unsealed,
                    ahead=ahead,
                    say=say,
                )
    except GradingError as error:
        raise click.UsageError(str(error), click.get_current_context()) from error
    if as_json:
        click.echo(json.dumps({"assignment": assignment, "submissions": [asdict(outcome) for outcome in outcomes]}))
    else:
        _table(outcomes)
    if any(outcome.flags for outcome in outcomes):
        click.get_current_context().exit(1)


def _table(outcomes: "list[Outcome]") -> None:
    """Print who got what, and below it what a person should look at."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    graded = [outcome for outcome in outcomes if outcome.state == "graded"]
    if graded:
        shown = Table()
        shown.add_column("Student")
        shown.add_column("Marks", justify="right")
        shown.add_column("of", justify="right")
        shown.add_column("By hand", justify="right")
        shown.add_column("Look")
        for outcome in graded:
            marks = f"{outcome.score:g}", f"{outcome.max_score:g}", str(outcome.by_hand or "")
            shown.add_row(_shown(outcome.student), *marks, "yes" if outcome.flags else "")
        console.print(shown)
    skipped = sum(outcome.state == "skipped" for outcome in outcomes)
    failed = sum(outcome.state == "failed" for outcome in outcomes)
    says = [f"{len(graded)} graded"]
    says += [f"{skipped} as before, since they are graded and not newer (--force grades them again)"] if skipped else []
    says += [f"{failed} without marks"] if failed else []
    by_hand = sum(outcome.by_hand for outcome in graded)
    says += [f"{by_hand} cells to mark by hand"] if by_hand else []
    console.print(f"{', '.join(says)}.", soft_wrap=True)
    for outcome in outcomes:
        for flag in outcome.flags:
            console.print(f"{_shown(outcome.student)}: {_line(flag)}", soft_wrap=True)


def _line(flag: str) -> str:
    """A sentence on one line; it may hold a file's name, and that anything."""
    from rich.markup import escape

    return escape("".join(each if each.isprintable() else repr(each)[1:-1] for each in flag))


def _shown(student: str) -> str:
    """A name on one line, whatever it holds."""
    from rich.markup import escape

    return escape(student if student.isprintable() else repr(student))
