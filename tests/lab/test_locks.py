"""Locks keep their secrets: before an answer stands, nothing on the whole page gives it away."""

import re

import ipywidgets as widgets
from choices import ANSWERS
from reader import BEHIND_LAST_REFLECTIONS, answer, button, everything, plain, show_all, source, words

from mlwf.instruments.browser import Panel
from mlwf.lab.content import questions, texts

# What would give each answer away, besides the feedback of its own choices. The choices themselves are on the page, all four.
SECRETS = {
    "cost": r"2\^|<sup>|doubl|\b16\b|\b32\b|\b135\b|\b1[.]6\b|3[.]2",
    "failure": r"one line at stage 1|wrote the memory limit down|written down|nobody wrote",
    "strategy": r"depends|never lead|stops at|\b92\b|\b69\b|120 Wh|overrides|level at hour",
    "crossing": r"\bnever\b(?! got as far)|\b92\b|limit is|<sup>k|draws level|r = 0[.]99",
    "battery": r"overrides|belongs in stage 1|forbids the pace",
    "rate": r"decay sets the limits|cycle ratio decides|fast the gains shrink",
}
FINAL = [question_id for question_id, question in questions().items() if question.final]


def sentences(html: str) -> list[str]:
    """Those that say something: a word or two may stand anywhere."""
    return [sentence for sentence in re.split(r"(?<=[.!?]) ", plain(html)) if len(sentence) > 25]


def on_the_page(shown) -> str:
    """All words, and the HTML that they stand in, without the choices, of which each question shows all four."""
    said = []
    for part in shown.values():
        said.append(source(part))
        for widget in everything(part):
            if not isinstance(widget, widgets.RadioButtons | widgets.HTML):
                said += [str(getattr(widget, name, "")) for name in ("description", "value", "tooltip", "placeholder")]
                said += [label for label, _ in getattr(widget, "_options_full", ())]
    return " ".join(said)


def test_no_answer_is_on_the_page_before_its_time(lab):
    """At each step of the story: does any text, label, readout or description give away what is not answered yet?"""
    shown = show_all(lab)
    for question_id, choice_id in ANSWERS.items():
        page = on_the_page(shown)
        found = re.search(SECRETS[question_id], page, re.IGNORECASE)
        assert not found, f"{found.group()!r} stands on the page before {question_id} is answered"
        said = plain(page)
        for choice in questions()[question_id].choices:
            for sentence in sentences(choice.feedback):
                assert sentence not in said, question_id
        answer(shown, question_id, choice_id)
    # And the same patterns would have been seen: all of it is on the page in the end.
    page = on_the_page(shown)
    for question_id in SECRETS:
        assert re.search(SECRETS[question_id], page, re.IGNORECASE), question_id


def test_a_prediction_that_stands_tells_nothing_about_the_next(lab):
    """Are both predictions about the race open before either is compared, and is what the model says kept for the end?"""
    shown = show_all(lab)
    for question_id in ("cost", "failure", "strategy", "crossing"):
        answer(shown, question_id, ANSWERS[question_id])
    said = plain(on_the_page(shown))
    for question_id in ("strategy", "crossing"):
        for choice in questions()[question_id].choices:
            for sentence in sentences(choice.feedback):
                assert sentence not in said, question_id


def test_nothing_is_chosen_beforehand(lab):
    """Is every question open, without a choice that a tired student could just submit?"""
    shown = show_all(lab)
    for question_id, choice_id in ANSWERS.items():
        text = questions()[question_id].choices[0].text
        choices = [
            widget
            for part in shown.values()
            for widget in everything(part)
            if isinstance(widget, widgets.RadioButtons) and text in dict(widget._options_full)
        ]
        assert [choice.value for choice in choices] == [None], question_id
        answer(shown, question_id, choice_id)


def test_the_status_line_waits_as_well(lab):
    """Is there no status bar on the page, to say "never", before the race was predicted?"""
    shown = show_all(lab)
    for question_id in ("cost", "failure", "strategy"):
        answer(shown, question_id, ANSWERS[question_id])
        assert "mlwf-status" not in on_the_page(shown)
    answer(shown, "crossing", "later")
    assert "mlwf-status" in on_the_page(shown)


def test_what_is_not_shown_yet_is_not_sent_either(lab):
    """Is the crossover kept from the browser, where a saved notebook would keep it, until it is predicted?"""
    shown = show_all(lab)
    for question_id in ("cost", "failure"):
        answer(shown, question_id, ANSWERS[question_id])
    sent = [part.status for place in shown.values() for part in everything(place) if isinstance(part, Panel)]
    assert len(sent) == 2
    assert not [status for status in sent if "never" in status]


def test_the_report_keeps_the_secrets_of_the_page(lab, monkeypatch):
    """Does a report that is made before the last reflections say no more than the page does then?"""
    made = []
    monkeypatch.setattr("mlwf.lab.lab.download", lambda html: made.append(html) or "saved")
    shown = show_all(lab)
    for question_id in ("cost", "failure", "strategy", "crossing"):
        answer(shown, question_id, ANSWERS[question_id])
    button(shown["share"], "Make my report").click()
    for question_id in ("strategy", "crossing"):
        for sentence in sentences(questions()[question_id].choice(ANSWERS[question_id]).feedback):
            assert sentence not in plain(made[0]), question_id


def test_waiting_places_name_what_comes_and_no_more(lab):
    """Does each locked part say in one sentence what will be there, and does the map's place not name the decay?"""
    shown = show_all(lab)
    for name, part in shown.items():
        if name in BEHIND_LAST_REFLECTIONS:
            assert words(part).strip().count(".") == 1
    waiting = [
        section["waiting"]
        for name in ("act1", "act2", "explore")
        for section in texts(name).values()
        if "waiting" in section
    ]
    for sentence in waiting:
        assert sentence.endswith(".")
        for pattern in SECRETS.values():
            assert not re.search(pattern, sentence, re.IGNORECASE), sentence
