"""`mlwf feedback`: the pages that students get back."""

import json
import time
from pathlib import Path

import click

from mlwf.cli.common import course_option, need_course_packages


@click.command()
@click.argument("assignment")
@course_option
@click.option("--student", "students", multiple=True, metavar="ID", help="Only this student's pages; may be repeated.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: one for each core]")
@click.option("--force", is_flag=True, help="Make pages anew that are there already.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of words.")
def feedback(
    assignment: str, folder: Path, students: tuple[str, ...], workers: int | None, force: bool, as_json: bool
) -> None:
    """Make the feedback pages for a class.

    The pages that nbgrader generate_feedback makes, with the same settings and in the same place, in less time: the
    gradebook is read once and all cores work. Pages that are as new as the submission are left alone. Exits with 1 if a
    page could not be made; the others are.

    \b
    Example: mlwf feedback constraint_tax
    Example: mlwf feedback constraint_tax --student ada --force
    """
    need_course_packages()
    from mlwf.lean import without

    begin = time.monotonic()
    with without("rfc3987_syntax"):
        from mlwf.grading.course import Course
        from mlwf.grading.errors import GradingError
        from mlwf.grading.feedback import FAILED, MADE, SKIPPED, make_feedback
    from mlwf.cli._progress import progress

    try:
        with progress("making ready", "making pages") as say:
            outcomes = make_feedback(
                Course(folder), assignment, students=students, workers=workers, force=force, say=say
            )
    except GradingError as error:
        raise click.UsageError(str(error), click.get_current_context()) from error
    seconds = time.monotonic() - begin
    of = {state: [each for each in outcomes if each.state == state] for state in (MADE, SKIPPED, FAILED)}
    if as_json:
        names = {state: [each.student for each in of[state]] for state in (MADE, SKIPPED)}
        failed = [{"student": each.student, "reason": each.reason} for each in of[FAILED]]
        click.echo(json.dumps({"assignment": assignment, **names, "failed": failed, "seconds": round(seconds, 2)}))
    else:
        for each in of[FAILED]:
            click.echo(f"{each.student}: {each.reason}", err=True)
        parts = [f"{len(of[MADE])} made"]
        if of[SKIPPED]:
            parts.append(f"{len(of[SKIPPED])} left as they are (--force makes them anew)")
        if of[FAILED]:
            parts.append(f"{len(of[FAILED])} failed")
        click.echo(f"feedback for {assignment}: {', '.join(parts)}; {seconds:.1f} s")
    if of[FAILED]:
        click.get_current_context().exit(1)
