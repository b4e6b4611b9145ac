"""The `mlwf` command: the model, and a course, from a shell.

Exit codes: 0 all went well, 1 something needs a person, 2 wrong use.
"""

import sys
from collections.abc import Sequence

import click

from mlwf import __version__
from mlwf.cli.course import course
from mlwf.cli.doctor import doctor
from mlwf.cli.feedback import feedback
from mlwf.cli.grade import grade
from mlwf.cli.links import links_command
from mlwf.cli.model import cost, crossover, energy, gates
from mlwf.cli.student import case, check


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mlwf")
def app() -> None:
    """The Constraint Tax: what a late constraint costs an ML project, and who wins the iteration race.

    Every command answers in words, or with --json for scripts.
    """


for command in (cost, crossover, energy, gates, case, check, course, grade, feedback, doctor, links_command):
    app.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; end the process with its exit code and never with a traceback for bad input."""
    try:
        sys.exit(app.main(arguments, prog_name="mlwf", standalone_mode=False))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(error.exit_code)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "mlwf"
        click.echo(f"{path}: {' '.join(error.format_message().split())} (more: {path} --help)", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"mlwf: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("mlwf: stopped", err=True)
        sys.exit(130)
