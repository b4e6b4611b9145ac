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


@course.command()
@click.argument("assignment", required=False)
@click.option(
    "--as", "form", type=click.Choice(["csv", "canvas", "moodle"]), required=True, help="What reads the file."
)
@course_option
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="FILE", help="Where to.  [default: grades, canvas or moodle.csv]"
)
def export(assignment: str | None, form: str, folder: Path, to: Path | None) -> None:
    """Write the marks as a file that another system imports.

    csv has a row for each question. Who lacks the key by which Canvas or Moodle knows people is named, with exit code 1; the
    file is written all the same.

    \b
    Example: mlwf course export constraint_tax --as canvas --to canvas.csv
    """
    need_course_packages()
    from mlwf.course.export import EXPORTERS
    from mlwf.course.files import CourseError
    from mlwf.course.gradebook import graded, opened

    try:
        with opened(folder) as gradebook:
            exporter = EXPORTERS[form](assignment=[graded(gradebook, assignment).name], to=str(to or ""))
            exporter.log.setLevel("ERROR")  # who has no key is said below
            exporter.export(gradebook)
    except CourseError as error:
        raise click.UsageError(str(error), click.get_current_context()) from error
    click.echo(f"written: {exporter.to or exporter.default}")
    if exporter.keyless:
        raise click.ClickException(
            f"without a key for {form.capitalize()}: {', '.join(exporter.keyless)}; "
            "set lms_user_id or email with: nbgrader db student add"
        )


@course.command()
@click.argument("assignment", required=False)
@course_option
@click.option("--to", type=click.Path(path_type=Path), metavar="FILE", help="Where to.  [default: report.html]")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the report as one JSON object, and write no page unless --to is given.",
)
def report(assignment: str | None, folder: Path, to: Path | None, as_json: bool) -> None:
    """Write a page on how the class did.

    Marks, questions, recognised mistakes, what is missing, and what a person should look at.

    \b
    Example: mlwf course report constraint_tax --to report.html
    """
    need_course_packages()
    from mlwf.course.files import CourseError, write_whole
    from mlwf.course.report import page
    from mlwf.course.report import report as gather

    try:
        found = gather(folder, assignment)
        if to or not as_json:
            write_whole(to or Path("report.html"), page(found))
    except CourseError as error:
        raise click.UsageError(str(error), click.get_current_context()) from error
    click.echo(json.dumps(found) if as_json else f"written: {to or 'report.html'}")
