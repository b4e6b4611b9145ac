"""How long work on a class looks in a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress(beginning: str, work: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr while the block runs; nothing where stderr is no terminal.

    Parameters
    ----------
    beginning, work : str
        What stands before the bar until the first is done, and from then on.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Drawn when somebody says something, and not by a thread: processes are about to be forked.
    with Progress(
        *columns, console=console, transient=True, auto_refresh=False, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(beginning, total=None)

        def say(done: int, students: int) -> None:
            bar.update(task, description=work, completed=done, total=students, refresh=True)

        yield say
