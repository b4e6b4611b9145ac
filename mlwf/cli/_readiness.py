"""How `mlwf check` looks in a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from mlwf.assignment.rehearsal import Readiness


@contextmanager
def running() -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr while the block runs; nothing where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting Python", total=None)

        def say(done: int, cells: int) -> None:
            bar.update(task, description="running the cells", completed=done, total=cells)

        yield say


def table(found: Readiness) -> None:
    """Print a row for each answer, and what else should be looked at."""
    console = Console(highlight=False, markup=False)
    shown = Table(title=f"Numbers of {found.student}", title_justify="left", title_style="")
    shown.add_column("Answer", no_wrap=True)
    shown.add_column("Points", justify="right")
    shown.add_column("Can it be marked?")
    for answer in found.answers:
        problem = str(answer["problem"] or "")
        shown.add_row(
            str(answer["name"]),
            str(answer["points"]),
            problem.replace("`", "") or "ready",
            style="yellow" if problem else "",
        )
    console.print(shown)
    follows = " An answer that needs it will count nothing." if found.by_hand == "refuse" else ""
    for name, notes in (
        ("Memo", found.memo),
        ("Error", found.errors),
        ("By hand", [f"the notebook uses the package mlwf: {use}.{follows}" for use in found.used]),
    ):
        for note in notes:
            console.print(f"{name}: {note}", style="yellow")
    ready = sum(int(answer["points"] or 0) for answer in found.answers if not answer["problem"])
    total = sum(int(answer["points"] or 0) for answer in found.answers)
    console.print(
        f"{ready} of {total} points can be earned as it stands. Ready means ready to be marked, not right."
        if not found.is_ready
        else "Ready to be submitted. That does not say that it is right."
    )
