"""What goes on, for the person who waits; on the error stream, so that the tables can be piped."""

import sys

import click


def say(text: str) -> None:
    """Print a line."""
    _clear()
    click.echo(f"bench: {text}", err=True)


def show(text: str) -> None:
    """Rewrite the last line, where a person looks on."""
    if sys.stderr.isatty():
        _clear()
        click.echo(f"bench: {text}", err=True, nl=False)


def _clear() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
