"""The report: one page with everything, for somebody who has neither a kernel nor a network."""

import base64
import io
import re
from html.parser import HTMLParser

import pytest
from choices import ANSWERS
from PIL import Image
from reader import button, plain, source, submit_all

from mlwf.lab import Lab
from mlwf.lab.content import questions
from mlwf.lab.parts import moment
from mlwf.lab.report import FILE_NAME, report
from mlwf.model import sunk_days

EMPTY = {"meta", "img", "br", "hr", "input", "link"}


class Page(HTMLParser):
    """A page taken apart; raises for a tag that is closed without having been opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: dict[str, list[str]] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)
            self.said.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        for tag in {*self.open}:
            self.said[tag][-1] += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def lab_at_the_end() -> Lab:
    """That of somebody who has answered everything and left the settings elsewhere."""
    lab = Lab(":memory:")
    submit_all(lab)
    lab.models.timeline.stage = 5
    lab.models.race.decay, lab.models.race.small_cycle = 0.99, 12
    lab.models.energy.context, lab.models.energy.session = "mobile", 1.5
    lab.models.gates.on_device_test = True
    lab.desk.settle()
    return lab


@pytest.fixture(scope="module")
def made(lab_at_the_end) -> str:
    return report(lab_at_the_end.progress, lab_at_the_end.models, questions())


def test_it_is_a_whole_page(made):
    """Is every tag closed, is it declared what it is, and has it a title and a language?"""
    page = Page(made)
    assert made.startswith("<!doctype html>")
    assert page.attributes("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in page.attributes("meta")
    assert page.said["title"] == page.said["h1"] == ["The Constraint Tax: my report"]
    assert len(page.said["h2"]) == 3


def test_it_asks_nothing_from_the_network(made):
    """Can it be opened years from now, without the lab, and does it call nobody?"""
    page = Page(made)
    addresses = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "action", "srcset", "data")
    ]
    assert addresses
    assert all(address.startswith("data:") for address in addresses)
    assert not page.attributes("script")
    assert not page.attributes("link")
    assert not re.search(r"https?:|@import|url\(", made)


def test_it_holds_every_answer_and_what_came_of_it(made, lab_at_the_end):
    """Are question, answer, time and feedback of all six there, and is a wrong prediction called so?"""
    said = plain(made)
    for question_id, choice_id in ANSWERS.items():
        question = lab_at_the_end.progress[question_id]
        choice = questions()[question_id].choice(choice_id)
        assert plain(question.text.ask) in said
        assert choice.text in said
        assert plain(choice.feedback) in said
        assert moment(question.answered_at) in said
    assert said.count("The model says:") == 3
    assert "Not answered yet" not in said
    assert Page(made).said["h3"][0].startswith("Prediction 1, ")
    assert Page(made).said["h3"][1].startswith("Reflection 2, ")


def test_what_was_not_answered_is_not_given_away(lab):
    """Does a report made early say so, and keep the feedback to itself?"""
    lab.progress["cost"].submit("16x")
    said = plain(report(lab.progress, lab.models, questions()))
    assert said.count("Not answered yet.") == 5
    for question_id in ("failure", "strategy", "crossing", "battery", "rate"):
        for choice in questions()[question_id].choices:
            assert plain(choice.feedback) not in said


def test_what_is_not_revealed_is_told_without_a_judgement(lab):
    """Does a prediction that the page has not compared yet stand in the report as it was made, and no more?"""
    for question_id in ("cost", "strategy", "crossing"):
        lab.progress[question_id].submit(ANSWERS[question_id])
    html = report(lab.progress, lab.models, ["cost"])
    said = plain(html)
    assert plain(questions()["cost"].choice("10x").feedback) in said
    for question_id in ("strategy", "crossing"):
        chosen = questions()[question_id].choice(ANSWERS[question_id])
        assert f"Your prediction: {chosen.text}" in said
        assert plain(chosen.feedback) not in said
    assert said.count("The model says:") == 1
    assert Page(html).said["h3"][3].startswith("Prediction 4, ")


def test_it_holds_the_settings_and_their_results(made):
    """Are all settings that a link would carry there, with the pictures' descriptions, in the model's numbers?"""
    page = Page(made)
    settings = dict(zip(page.said["th"], page.said["td"], strict=True))
    assert settings["stage"] == "5"
    assert settings["decay"] == "0.99"
    assert settings["small cycle"] == "12"
    assert settings["session"] == "1.5"
    assert settings["context"] == "mobile"
    assert settings["on device test"] == "True"
    assert len(settings) == 13
    descriptions = page.said["figcaption"]
    assert f"{sunk_days(5)} in all" in descriptions[0]
    assert "first draws level at hour 1,068" in descriptions[1]
    assert "Small model: 15 Wh a day: over budget, 1.5× the battery." in descriptions[2]
    assert "Memory: caught at stage 4, 8 times the cost" in descriptions[3]


def test_it_holds_four_pictures_that_can_be_heard(made):
    """Are the pictures whole PNG files, each with its description as alternative text?"""
    page = Page(made)
    images = page.attributes("img")
    assert len(images) == 4
    for image, caption in zip(images, page.said["figcaption"], strict=True):
        kind, data = image["src"].split(",", 1)
        assert kind == "data:image/png;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size[0] == 800
        assert image["alt"] == caption
        assert len(caption) > 60


@pytest.mark.parametrize("where", ["setting", "description"])
def test_what_it_is_given_cannot_become_part_of_the_page(where, lab, monkeypatch):
    """Does a setting or a description with angle brackets stay text?"""
    evil = '"><script>alert(1)</script>'
    if where == "setting":
        monkeypatch.setattr(type(lab.models.energy), "context", evil)
    else:
        monkeypatch.setattr(
            type(lab.models.timeline), "depict", lambda _, picture: setattr(picture, "description", evil)
        )
    page = Page(report(lab.progress, lab.models, questions()))
    assert not page.attributes("script")
    assert evil in page.said["td"] + page.said["figcaption"]


def test_the_button_makes_a_file_to_save(lab):
    """Does the page hold the whole report as a link that saves it, made anew each time?"""
    share = lab.share()
    submit_all(lab)
    assert "Save the report" not in source(share)
    for stage in (2, 6):
        lab.models.timeline.stage = stage
        button(share, "Make my report").click()
        (link,) = Page(source(share)).attributes("a")
        assert link["download"] == FILE_NAME
        kind, data = link["href"].split(",", 1)
        assert kind == "data:text/html;base64"
        html = base64.b64decode(data).decode()
        assert f"stage {stage}, " in Page(html).said["figcaption"][0]
