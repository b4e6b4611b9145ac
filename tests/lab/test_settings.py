"""Settings in a link: what goes into it, what comes out of it, and what a bad one does."""

from urllib.parse import parse_qsl

import ipywidgets as widgets
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reader import answer_all, only, plain, show_all, source

from mlwf.instruments import (
    ChallengeModel,
    EnergyModel,
    GatesModel,
    RaceModel,
    SplitModel,
    TimelineModel,
)
from mlwf.instruments.race import DECAYS, LARGE_CYCLES, SMALL_CYCLES
from mlwf.lab.settings import Models, from_query, reset, shared, to_query
from mlwf.model import GATES

SETTINGS = st.fixed_dictionaries(
    {
        "stage": st.integers(1, 6),
        "large_cycle": st.sampled_from(LARGE_CYCLES),
        "small_cycle": st.sampled_from(SMALL_CYCLES),
        "decay": st.sampled_from(DECAYS),
        "weeks": st.integers(4, 52),
        "context": st.sampled_from(("cloud", "mobile")),
        "session": st.integers(1, 48).map(lambda half_hours: half_hours / 2),
        **dict.fromkeys(GATES, st.booleans()),
    }
)


def models() -> Models:
    return Models(TimelineModel(), SplitModel(), RaceModel(), EnergyModel(), GatesModel(), ChallengeModel())


def all_settings(mine: Models) -> dict[str, dict]:
    return {name: model.settings() for name, model in mine.by_name().items()}


def apply(mine: Models, chosen: dict) -> None:
    for model in mine.by_name().values():
        for trait, value in chosen.items():
            if trait in model.inputs and not isinstance(model, ChallengeModel):
                setattr(model, trait, value)


@settings(max_examples=60)
@given(chosen=SETTINGS, before=SETTINGS)
def test_a_link_brings_every_setting_along(chosen, before):
    """Does whoever opens the link see exactly the settings of whoever made it, whatever theirs were before?"""
    mine, theirs = models(), models()
    apply(mine, chosen)
    apply(theirs, before)
    query = to_query(mine)
    assert from_query(theirs, query) == from_query(theirs, f"?{query}") == []
    assert {trait: getattr(model, trait) for trait, model in shared(theirs).items()} == {
        trait: getattr(model, trait) for trait, model in shared(mine).items()
    }
    assert to_query(theirs) == query


def test_a_link_carries_settings_and_nothing_else():
    """Are guess, hints, challenge and answers left out, and does every other setting stand in the link?"""
    mine = models()
    mine.split.data, mine.challenge.hints = 75, 2
    mine.split.commit()
    names = [name for name, _ in parse_qsl(to_query(mine))]
    assert len(names) == len(set(names))
    assert {*names} == {"stage", "large_cycle", "small_cycle", "decay", "weeks", "context", "session", *GATES}
    assert "75" not in to_query(mine)


@settings(max_examples=150)
@given(query=st.text() | st.lists(st.tuples(st.sampled_from([*GATES, "stage", "decay", "session", "weeks", "context"]), st.text()), max_size=4).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)))  # fmt: skip
def test_no_link_is_too_strange(query):
    """Does any text at all after the question mark end in settings that the instruments have, and never in an error?"""
    mine = models()
    ignored = from_query(mine, query)
    assert all("=" in said for said in ignored)
    again = models()
    assert from_query(again, to_query(mine)) == []
    assert mine.split.settings() == SplitModel().settings()
    assert mine.challenge.settings() == ChallengeModel().settings()


@pytest.mark.parametrize(
    "bad",
    ["stage=0", "stage=7", "stage=x", "stage=2.5", "decay=0.5", "decay=nan", "weeks=3", "weeks=53", "session=nan", "session=inf", "session=99",
     "context=toaster", "memory_budget=2", "memory_budget=yes", "small_cycle=2", "large_cycle=-1", f"stage={'9' * 5000}", "stage=<script>",
     "stage=", "stage=__import__('os')", "decy=0.99", "act=2", "cost=16x", "Stage=3", "theme=pink", "__class__=x", "<b>=1"],
    ids=lambda bad: bad[:20],
)  # fmt: skip
def test_what_there_is_not_is_left_out_alone(bad):
    """Is a bad setting told, and is every good one beside it taken over?"""
    mine = models()
    assert from_query(mine, f"theme=dark&{bad}&small_cycle=12&{bad}") == [bad, bad]
    expected = models()
    expected.race.small_cycle = 12
    assert all_settings(mine) == all_settings(expected)


def test_a_decay_may_be_written_as_the_slider_writes_it():
    """Is 0.90 the same as 0.9?"""
    for text, decay in (("0.90", 0.9), ("0.9", 0.9), ("1.0", 1.0), ("1", 1.0)):
        mine = models()
        assert from_query(mine, f"decay={text}") == []
        assert mine.race.decay == decay


def test_reset_puts_every_control_back():
    """Is every setting of every instrument back where it started?"""
    mine = models()
    apply(mine, {"stage": 6, "decay": 1.0, "weeks": 52, "session": 24.0, "context": "mobile", "memory_budget": True})
    mine.challenge.small_cycle, mine.challenge.hints, mine.split.data = 12, 1, 80
    reset(mine)
    assert all_settings(mine) == all_settings(models())


def test_opening_a_link_sets_the_controls(lab):
    """Do the controls of a lab that is opened by a link stand where the sender's stood, answers untouched?"""
    shown = show_all(lab)
    lab.desk.page.query = "?stage=4&decay=0.99&small_cycle=12&context=mobile&staged_rollout=1&cost=16x&committed=1"
    assert lab.models.timeline.stage == 4
    assert lab.models.race.decay == 0.99
    assert lab.models.energy.small_cycle == 12
    assert lab.models.gates.active == ("staged_rollout",)
    assert not lab.models.split.committed
    assert not lab.progress.answered(["cost"])
    answer_all(shown)
    assert only(shown["show_timeline"], widgets.IntSlider).value == 4


def test_a_bad_link_is_told_in_one_sentence_and_changes_nothing_else(lab):
    """Does somebody who follows a broken link learn what was left out, and is all the rest as it was?"""
    shown = show_all(lab)
    before = all_settings(lab.models)
    lab.desk.page.query = "?stage=9&decay=<b>0.7</b>&context=toaster"
    said = source(shown["header"])
    assert said.count("The link asks for settings that there are not, and they were left out: ") == 1
    assert "stage=9, decay=<b>0.7</b>, context=toaster." in plain(
        said.replace("&lt;", "‹").replace("&gt;", "›")
    ).replace("‹", "<").replace("›", ">")
    assert "<b>0.7" not in said
    assert all_settings(lab.models) == before


def test_a_very_long_bad_link_is_told_in_short(lab):
    """Does a link of thousands of characters not fill the page?"""
    shown = show_all(lab)
    lab.desk.page.query = f"?stage={'9' * 5000}&decay=0.99"
    said = plain(source(shown["header"]))
    assert "left out: stage=999" in said
    assert "999 …" in said
    assert len(said) < 2000
    assert lab.models.race.decay == 0.99


def test_voila_tells_the_query_before_the_browser_does(lab, monkeypatch):
    """Are the settings of a request taken over, and is nothing touched where there was none, as in JupyterLab?"""
    shown = show_all(lab)
    lab.desk.page.query = "?stage=9"
    lab.receive()
    assert "left out: stage=9." in plain(source(shown["header"]))
    monkeypatch.setenv("VOILA_PREHEAT", "False")
    monkeypatch.setenv("QUERY_STRING", "stage=4&decay=0.7")
    lab.receive()
    assert lab.models.timeline.stage == 4
    assert "left out: decay=0.7." in plain(source(shown["header"]))
    assert lab.desk.page.query == "?stage=4&decay=0.7"  # what the browser tells too, which is then nothing new


def test_a_good_link_says_nothing(lab):
    """Is there no message if everything could be set, or if the address has other things after its question mark?"""
    shown = show_all(lab)
    before = source(shown["header"])
    for query in ("?stage=3", "?token=abc&reset", "", "?theme=dark", "?stage=3&utm_source=mail&fbclid=x"):
        lab.desk.page.query = query
        assert source(shown["header"]) == before


def test_a_link_that_is_good_in_part_is_still_told_once_nothing_moves(lab):
    """Can the sentence be read, or is it gone as soon as the good settings of the link are saved?"""
    shown = show_all(lab)
    lab.desk.page.query = "?stage=4&decay=0.7"
    assert "left out: decay=0.7." in plain(source(shown["header"]))
    lab.desk.settle()
    assert "left out: decay=0.7." in plain(source(shown["header"]))


def test_the_link_on_the_page_follows_settings_and_address(lab):
    """Is the link one that can be selected and copied, and does it open these settings?"""
    shown = show_all(lab)
    answer_all(shown)
    lab.desk.page.address = "http://hub.example/user/ada/lab"
    lab.models.race.decay, lab.models.energy.session = 0.99, 1.5
    lab.desk.settle()
    html = source(shown["share"])
    (value,) = [part.split('"')[0] for part in html.split('type="text" readonly value="')[1:]]
    address, query = value.replace("&amp;", "&").split("?")
    assert address == "http://hub.example/user/ada/lab"
    assert query == to_query(lab.models)
    for text in ("10x", "requirement", "small&", "hardware", "answered"):
        assert text not in query.replace("small_cycle", "")
    theirs = models()
    assert from_query(theirs, query) == []
    assert (theirs.race.decay, theirs.energy.session) == (0.99, 1.5)
    assert "<label>" in html
