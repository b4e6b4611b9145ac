"""The views of which the story is made: texts, questions, and parts that stay shut until something is answered."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from html import escape

import ipywidgets as widgets

from mlwf.instruments.base import Action
from mlwf.instruments.cards import block, box, failure
from mlwf.lab.content import html
from mlwf.lab.progress import Progress, Question


def raw(content: str) -> widgets.HTML:
    """HTML of ours as a widget."""
    return widgets.HTML(block(content))


def text(markdown: str) -> widgets.HTML:
    """A text of the lab."""
    return raw(html(markdown))


def note(markdown: str) -> widgets.HTML:
    """A text in a box."""
    return raw(box(html(markdown)))


def banner(title: str, time: str) -> widgets.HTML:
    """The head of an act."""
    return raw(f'<div class="mlwf-banner"><h2>{title}</h2><span>{time}</span></div>')


def accordion(title: str, body: str) -> widgets.HTML:
    """A closed accordion with HTML in it; the browser's own, since that of ipywidgets can't be opened by keyboard."""
    return raw(f"<details><summary>{title}</summary>{body}</details>")


def moment(answered_at: str) -> str:
    """An instant of the record, in the reader's own time."""
    told = datetime.fromisoformat(answered_at)
    with suppress(OverflowError, ValueError):  # the very ends of the calendar have no local time
        told = told.astimezone()
    return f"{told:%d %B %Y, %H:%M}"


def question_view(question: Question) -> widgets.VBox:
    """Choices and a button; nothing is chosen beforehand.

    A prediction is read-only once it is submitted. A reflection shows its feedback at once and may be tried again.
    """
    choices = widgets.RadioButtons(
        options=[(choice.text, choice.id) for choice in question.text.choices], layout=widgets.Layout(width="auto")
    )
    choices.value = question.choice or None
    choices.add_class("mlwf-choices")
    said = widgets.HTML()

    def submit() -> None:
        if choices.value is None:
            said.value = block(box(f'<p role="status">Choose one of the {len(choices.options)} first.</p>', "warn"))
        elif not question.locked:
            question.submit(choices.value)

    submitting = Action("Submit my prediction" if question.text.final else "Submit", submit, primary=True)

    def update(_change: object = None) -> None:
        if not question.answered:
            return
        choices.value = question.choice
        choices.disabled = submitting.button.disabled = question.locked
        if question.locked:
            stands = (
                f"Your prediction stands since {moment(question.answered_at)}: <b>{escape(question.choice_text)}</b>."
            )
            said.value = block(box(f'<p role="status">{stands}</p>'))
        else:
            said.value = block(verdict(question))

    question.observe(update, names=["answered_at"])
    update()
    view = widgets.VBox([raw(question.text.ask), choices, submitting, said])
    view.add_class("mlwf-question")
    return view


def verdict(question: Question) -> str:
    """What was answered and the feedback for it, as HTML; a wrong answer is called wrong."""
    answer = (
        f"<p>Your {'prediction' if question.text.final else 'answer'}: <em>{escape(question.choice_text)}.</em></p>"
    )
    if question.right:
        return box(answer + question.feedback, "good")
    right = question.text.choice(question.text.right).text
    ending = (
        f"The model says: <b>{escape(right)}.</b>" if question.text.final else "<b>Not quite:</b> you may choose again."
    )
    return box(f"{answer}{question.feedback}<p>{ending}</p>", "warn")


def after(progress: Progress, needed: Iterable[str], waiting: str, build: Callable[[], widgets.Widget]) -> widgets.VBox:
    """A part that is built and shown once the `needed` questions are answered; before, its place says what will be there."""
    place = widgets.VBox([note(waiting)])

    def show() -> None:
        try:
            place.children = (build(),)
        except Exception as error:  # noqa: BLE001 - a student never sees a traceback, and the other parts go on
            place.children = (raw(failure(error)),)

    progress.when_answered(needed, show)
    return place
