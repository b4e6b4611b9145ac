"""`mlwf course`: a course from its source to its feedback."""

import json
from pathlib import Path

import click

from mlwf.cli.common import course_option, need_course_packages


@click.group()
def course() -> None:
    """Run a course with nbgrader."""


@course.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@course_option
def demo(folder: Path, as_json: bool) -> None:
    """Take a class of five through the assignment.

    Real nbgrader, in a fresh temporary folder: generate, release, fetch, submit, collect, autograde, feedback. One
    student has everything right, one makes typical mistakes, one hands in the empty notebook, one crashes in the middle
    and one never ends. The marks are compared with a key; the feedback pages are kept. Takes about half a minute.

    \b
    Example: mlwf course demo
    """
    need_course_packages()
    from mlwf.cli._demo import progress, table
    from mlwf.course import DemoError, differences, has_source, run

    if not has_source(folder):
        raise click.UsageError(
            f"there is no source/constraint_tax in {folder}; name the course's folder with --course DIR",
            click.get_current_context(),
        )
    try:
        with progress() as say:
            result = run(folder, say)
    except DemoError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"scores": result.scores, "feedback": result.feedback}))
    else:
        table(result)
    wrong = differences(result.scores)
    if wrong:
        raise click.ClickException(f"nbgrader's marks are not those of the key: {'; '.join(wrong)}")
