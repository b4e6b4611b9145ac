"""`mlwf doctor`: what this machine and a course can do."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from mlwf.cli.common import course_option, need_course_packages


@click.command()
@course_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list instead of lines.")
def doctor(folder: Path, as_json: bool) -> None:
    """Is a course ready for its term?

    Looks at packages, settings, notebooks, gradebook and exchange; the solution has to get full marks and the empty
    notebook none. Changes nothing. Takes some seconds. Exits with 1 if something has to be done.

    \b
    Example: mlwf doctor --course .
    """
    need_course_packages()
    from mlwf.course.doctor import examine

    if not folder.is_dir():
        raise click.UsageError(
            f"there is no folder {folder}; name the course's with --course", click.get_current_context()
        )
    findings = []
    for finding in examine(folder):
        findings.append(finding)
        if not as_json:
            mark = click.style("ok  ", fg="green") if finding.is_well else click.style("DO  ", fg="red", bold=True)
            click.echo(f"{mark}{finding.what}: {finding.says}")
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    if not all(finding.is_well for finding in findings):
        click.get_current_context().exit(1)
