"""How `mlwf course demo` looks in a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from mlwf.course import Progress as Step
from mlwf.course import Result


@contextmanager
def progress() -> Iterator[Callable[[Step], None]]:
    """Show a progress bar on stderr while the block runs; nothing where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting nbgrader", total=None)

        def say(step: Step) -> None:
            who = f": {step.student}" if step.student else ""
            bar.update(task, description=f"{step.step + who:<26}", completed=step.done, total=step.steps)

        yield say


def table(result: Result) -> None:
    """Print the scores, one row for each question and one column for each student, and where the rest is."""
    console = Console(highlight=False)
    students = list(dict.fromkeys(row["student"] for row in result.scores))
    questions = {row["question"]: row["max"] for row in result.scores}
    scores = {(row["student"], row["question"]): row["score"] or 0 for row in result.scores}

    shown = Table(caption="The memo is not in the table: a person reads it.", caption_justify="left")
    shown.add_column("Question", no_wrap=True)
    shown.add_column("Max", justify="right")
    for student in students:
        shown.add_column(student, justify="right")
    for question, most in questions.items():
        shown.add_row(question, f"{most:g}", *(_coloured(scores[student, question], most) for student in students))
    shown.add_section()
    totals = [sum(scores[student, question] for question in questions) for student in students]
    shown.add_row("Total", f"{sum(questions.values()):g}", *(f"{total:g}" for total in totals), style="bold")
    console.print(shown)
    console.print("Feedback pages:")
    for page in result.feedback:
        console.print(f"  {page}", soft_wrap=True)
    console.print(f"Everything else, with nbgrader's log and gradebook, is in {result.folder}", soft_wrap=True)


def _coloured(score: float, most: float) -> str:
    colour = "green" if score == most else "red" if score == 0 else "yellow"
    return f"[{colour}]{score:g}[/{colour}]"
