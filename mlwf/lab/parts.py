"""The views of which the story is made: texts, questions, and parts that stay shut until something is answered."""

from collections.abc import Callable, Iterable
from datetime import datetime

import ipywidgets as widgets

from mlwf.instruments.base import block, styled
from mlwf.instruments.cards import box
from mlwf.lab.content import html
from mlwf.lab.progress import Progress, Question

BUTTON = widgets.Layout(width="max-content")


def text(markdown: str) -> widgets.VBox:
    """A text of the lab."""
    return stack(widgets.HTML(block(html(markdown))))


def note(markdown: str) -> widgets.VBox:
    """A text in a box."""
    return stack(widgets.HTML(block(box(html(markdown)))))


def banner(title: str, time: str) -> widgets.VBox:
    """The head of an act."""
    return stack(widgets.HTML(block(f'<div class="mlwf-banner"><h2>{title}</h2><span>{time}</span></div>')))


def accordion(title: str, body: str) -> widgets.VBox:
    """A closed accordion with HTML in it; the browser's own, since that of ipywidgets can't be opened by keyboard."""
    return stack(widgets.HTML(block(f"<details><summary>{title}</summary>{body}</details>")))


def stack(*parts: widgets.Widget) -> widgets.VBox:
    """Parts one below the other, with the style sheet."""
    return widgets.VBox([styled(), *parts])


def question_view(question: Question) -> widgets.VBox:
    """Choices and a button; nothing is chosen beforehand.

    A prediction is read-only once it is submitted. A reflection shows its feedback at once and may be tried again.
    """
    choices = widgets.RadioButtons(
        options=[(choice.text, choice.id) for choice in question.text.choices], layout=widgets.Layout(width="auto")
    )
    choices.value = question.choice or None
    choices.add_class("mlwf-choices")
    label = "Submit my prediction" if question.text.final else "Submit"
    button = widgets.Button(description=label, button_style="primary", layout=BUTTON)
    said = widgets.HTML()

    def submit(_button: object) -> None:
        if choices.value is None:
            said.value = block(box("<p>Choose one of the four first.</p>", "warn"))
        elif not question.locked:
            question.submit(choices.value)

    def update(_change: object = None) -> None:
        if not question.answered:
            return
        choices.value = question.choice
        choices.disabled = button.disabled = question.locked
        if question.locked:
            chosen = question.text.choice(question.choice)
            moment = datetime.fromisoformat(question.answered_at).astimezone()
            said.value = block(
                box(f"<p>Your prediction stands since {moment:%d %B %Y, %H:%M}: <b>{chosen.text}</b>.</p>")
            )
        else:
            said.value = block(verdict(question))

    button.on_click(submit)
    question.observe(update, names=["answered", "choice"])
    update()
    return stack(widgets.HTML(block(question.text.ask)), choices, button, said)


def verdict(question: Question) -> str:
    """What was answered and the feedback for it, as HTML; a wrong answer is called wrong."""
    chosen = question.text.choice(question.choice).text
    answer = f"<p>Your {'prediction' if question.text.final else 'answer'}: <em>{chosen}.</em></p>"
    if question.right:
        return box(answer + question.feedback, "good")
    right = question.text.choice(question.text.right).text
    ending = f"The model says: <b>{right}.</b>" if question.text.final else "<b>Not quite:</b> you may choose again."
    return box(f"{answer}{question.feedback}<p>{ending}</p>", "warn")


def after(progress: Progress, needed: Iterable[str], waiting: str, build: Callable[[], widgets.Widget]) -> widgets.VBox:
    """A part that is built and shown once the `needed` questions are answered; before, its place says what will be there."""
    place = widgets.VBox([note(waiting)])
    progress.when_answered(needed, lambda: setattr(place, "children", (build(),)))
    return place
