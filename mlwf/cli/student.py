"""`mlwf case` and `mlwf check`: a student's numbers, and whether a notebook is ready to be submitted."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from mlwf.cli.common import course_option, need_course_packages

NOTEBOOK = Path("constraint_tax", "constraint_tax.ipynb")


@click.command()
@click.argument("student")
@course_option
@click.option(
    "--key", metavar="TEXT", help="The course's key, instead of the one in the notebook; '' for the published numbers."
)
@click.option("--solution", is_flag=True, help="Add the worked answers.")
@click.option(
    "--page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write numbers and worked answers as a page to print.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of words.")
def case(student: str, folder: Path, key: str | None, solution: bool, page: Path | None, as_json: bool) -> None:
    """The numbers that STUDENT works with, by the id that nbgrader knows.

    \b
    Example: mlwf case ada --solution
    Example: mlwf case ada --page ada.html
    """
    need_course_packages()
    from mlwf.assignment import key as answer_key
    from mlwf.assignment import own_case
    from mlwf.course.files import CourseError, write_whole

    if not student.strip():
        raise click.UsageError("STUDENT must not be empty: it decides the numbers.", click.get_current_context())
    course = _key_of(folder) if key is None else key
    numbers = own_case(course, student)
    if page:
        try:
            write_whole(page, answer_key.page(numbers, student))
        except CourseError as error:
            raise click.UsageError(str(error), click.get_current_context()) from error
        click.echo(f"written: {page}", err=True)
    if as_json:
        values = {"course": course, "student": student, "numbers": asdict(numbers)}
        answers = {"answers": [asdict(answer) for answer in answer_key.worked(numbers)]} if solution else {}
        click.echo(json.dumps(values | answers))
        return
    if page and not solution:
        return
    width = max(len(label) for label, *_ in numbers.rows())
    for label, value, unit, _ in numbers.rows():
        click.echo(f"{label:<{width}}  {value} {unit}".rstrip())
    if solution:
        click.echo()
        for line in answer_key.text(numbers):
            click.echo(line)


def _key_of(folder: Path) -> str:
    """The key in the notebook of a course."""
    from mlwf.assignment.notebook import NotebookError, read, text_of

    for version in ("source", "release"):
        path = folder / version / NOTEBOOK
        if path.is_file():
            try:
                return text_of(read(path)).course
            except NotebookError as error:
                raise click.ClickException(str(error)) from error
    raise click.UsageError(
        f"there is no source/{NOTEBOOK} and no release/{NOTEBOOK} in {folder}; name the course's folder with --course, or "
        "its key with --key",
        click.get_current_context(),
    )


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def check(notebook: Path, as_json: bool) -> None:
    """Is NOTEBOOK ready to be submitted?

    Runs a copy of it from top to bottom, as the grader will, and says of every answer what it is worth and whether it can
    be marked; whether it is right is not said. Looks at the memo, and at what was taken from the package mlwf although
    answers are to be worked out by hand. Exits with 1 if something should be looked at.

    \b
    Example: mlwf check constraint_tax/constraint_tax.ipynb
    """
    need_course_packages()
    from mlwf.assignment.notebook import NotebookError
    from mlwf.assignment.rehearsal import rehearse
    from mlwf.cli._readiness import running, table

    if notebook.is_dir():
        raise click.UsageError(f"{notebook} is a folder; name the notebook in it", click.get_current_context())
    try:
        with running() as say:
            found = rehearse(notebook, say)
    except NotebookError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(asdict(found) | {"ready": found.is_ready}))
    else:
        table(found)
    if not found.is_ready:
        click.get_current_context().exit(1)
