"""The report: one HTML file with a student's predictions, answers, settings and pictures."""

import base64
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from html import escape
from typing import Any

from mlwf.figures import Picture
from mlwf.instruments import InstrumentModel
from mlwf.instruments.cards import box
from mlwf.lab.content import page
from mlwf.lab.parts import moment, verdict
from mlwf.lab.progress import Progress, Question
from mlwf.lab.settings import Models, shared

FILE_NAME = "constraint-tax-report.html"


def report(progress: Progress, models: Models, revealed: Collection[str]) -> str:
    """Return the report as a page that needs nothing else; what is not `revealed` yet it leaves unjudged."""
    return page(
        "report.html",
        made_at=moment(datetime.now(UTC).isoformat()),
        questions=list(_questions(progress, revealed)),
        settings=[
            (trait.replace("_", " "), escape(str(getattr(model, trait)))) for trait, model in shared(models).items()
        ],
        pictures=[_picture(model) for model in (models.timeline, models.race, models.energy, models.gates)],
    )


def _questions(progress: Progress, revealed: Collection[str]) -> Iterable[dict[str, str]]:
    for question in progress.questions.values():
        yield {
            "title": "Prediction" if question.text.final else "Reflection",
            "when": moment(question.answered_at) if question.answered else "",
            "asked": question.text.ask,
            "verdict": _said(question, judged=question.text.id in revealed),
        }


def _said(question: Question, *, judged: bool) -> str:
    if not question.answered:
        return "<p>Not answered yet.</p>"
    return verdict(question) if judged else box(f"<p>Your prediction: <em>{escape(question.choice_text)}.</em></p>")


def _picture(model: InstrumentModel[Any]) -> Picture:
    assert model.picture_class
    picture = model.picture_class()  # type: ignore[call-arg]
    model.depict(picture)
    return picture


def download(html: str) -> str:
    """Return a link that saves the page `html`; it holds the page itself, so that no server is asked."""
    data = base64.b64encode(html.encode()).decode()
    return f'<a download="{FILE_NAME}" href="data:text/html;base64,{data}">Save the report ({FILE_NAME})</a>'
