"""The student's record: what is written, what comes back, and what the lab says when the disk does not play along."""

import json
from datetime import UTC, datetime, timedelta

import ipywidgets as widgets
import pytest
from choices import ANSWERS
from hypothesis import given, settings
from hypothesis import strategies as st
from reader import PARTS, answer, answer_all, button, only, opened, plain, show_all, submit_all, words

from mlwf.instruments import (
    ChallengeModel,
    EnergyModel,
    GatesModel,
    RaceModel,
    SplitModel,
    TimelineModel,
)
from mlwf.lab import Lab, record
from mlwf.lab.content import questions
from mlwf.lab.progress import Progress
from mlwf.lab.settings import Models
from mlwf.model import MOBILE, cost_multiplier, crossover, large_strategy, small_strategy, wh_per_day

# As design.md lists them for the labs that read the record.
KEYS = {
    "context",
    "act1_prediction",
    "act1_correct",
    "act1_reflection",
    "act2_prediction",
    "act2_correct",
    "act2_reflection",
    "model_size_chosen",
    "large_cycle_hours",
    "iteration_cycle_hours",
    "decay_rate",
    "window_weeks",
    "session_hours",
    "crossover_week",
    "constraint_gates",
    "constraint_discovery_stage",
    "cost_multiplier",
    "constraint_hit",
    "mlwf_state",
}
OTHER = {"chapter": 5, "design": {"model_size_chosen": "theirs"}, "by": "lab 05"}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def models() -> Models:
    return Models(TimelineModel(), SplitModel(), RaceModel(), EnergyModel(), GatesModel(), ChallengeModel())


def answers_of(lab: Lab) -> dict[str, tuple[str, str]]:
    return {name: (question.choice, question.answered_at) for name, question in lab.progress.questions.items()}


def settings_of(lab: Lab) -> dict[str, dict]:
    return {name: model.settings() for name, model in lab.models.by_name().items()}


def put(file, document) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))


def store(file, design) -> None:
    put(file, {"track": None, "current_chapter": 3, "history": [{"chapter": 3, "design": design}]})


def said_about_record(part: widgets.Widget) -> str:
    """The sentence in the last place of header or status, where the record speaks."""
    return plain(only(part, widgets.HTML, -1).value)


def play(lab: Lab) -> None:
    """Leave every setting where it was not."""
    lab.models.timeline.stage = 5
    lab.models.split.data = 65
    lab.models.split.commit()
    lab.models.race.large_cycle, lab.models.race.small_cycle, lab.models.race.decay, lab.models.race.weeks = (
        24,
        4,
        0.99,
        40,
    )
    lab.models.energy.context, lab.models.energy.session = "mobile", 1.5
    lab.models.gates.memory_budget = lab.models.gates.staged_rollout = True
    lab.models.challenge.small_cycle, lab.models.challenge.hints = 12, 2
    lab.desk.settle()


def test_a_restart_brings_everything_back(open_lab, file):
    """After the kernel was restarted: are answers with their times, settings and the guess back, and are open parts open?"""
    lab = open_lab(file)
    shown = show_all(lab)
    answer_all(shown)
    play(lab)
    again = open_lab(file)
    assert answers_of(again) == answers_of(lab)
    assert settings_of(again) == settings_of(lab)
    assert again.models.split.settings() == {"data": 65, "committed": True}
    shown_again = show_all(again)
    assert opened(shown_again) == set(PARTS)
    for name in PARTS:
        if name != "status":  # the same, but its widgets are counted on
            assert words(shown_again[name]) == words(shown[name]), name


def test_a_restart_in_the_middle_opens_what_was_open(open_lab, file):
    """Are the parts that were locked still locked, and is a guess that was not committed still open?"""
    lab = open_lab(file)
    shown = show_all(lab)
    answer(shown, "cost", "100x")
    answer(shown, "failure", "labels")
    lab.models.split.data = 70
    lab.desk.settle()
    again = open_lab(file)
    shown_again = show_all(again)
    assert opened(shown_again) == opened(shown)
    assert again.models.split.settings() == {"data": 70, "committed": False}
    assert not only(shown_again["show_split"], widgets.IntSlider).disabled
    assert only(shown_again["predict_cost"], widgets.RadioButtons).disabled
    assert "Not quite" in words(shown_again["reflect_on_failure"])


def test_the_design_has_every_key_with_the_models_values(open_lab, file, design):
    """Do later labs find what they read, worked out as the model works it out?"""
    lab = open_lab(file)
    submit_all(lab)
    play(lab)
    found = crossover(small_strategy(4, 0.99), large_strategy(24, 0.99), 40)
    stored = design()
    assert set(stored) == KEYS
    state = stored.pop("mlwf_state")
    assert stored == {
        "context": "mobile",
        "act1_prediction": "10x",
        "act1_correct": False,
        "act1_reflection": "requirement",
        "act2_prediction": "small",
        "act2_correct": False,
        "act2_reflection": "hardware",
        "model_size_chosen": "small" if found.challenger_final >= found.leader_final else "large",
        "large_cycle_hours": 24,
        "iteration_cycle_hours": 4,
        "decay_rate": 0.99,
        "window_weeks": 40,
        "session_hours": 1.5,
        "crossover_week": found.week,
        "constraint_gates": ["memory_budget", "staged_rollout"],
        "constraint_discovery_stage": 5,
        "cost_multiplier": cost_multiplier(5),
        "constraint_hit": wh_per_day(MOBILE.power_w, 4, 1.5) > MOBILE.battery_wh,
    }
    assert stored["constraint_hit"] is True
    assert stored["crossover_week"] == 6
    assert {name: answer["choice"] for name, answer in state["answers"].items()} == ANSWERS
    assert state["settings"] == settings_of(lab)


@pytest.mark.parametrize(
    ("change", "key", "value"),
    [
        ({}, "crossover_week", -1),
        ({"decay": 0.99}, "crossover_week", 1),
        ({"decay": 0.99, "small_cycle": 24}, "crossover_week", -1),
        ({"decay": 0.99, "small_cycle": 24}, "model_size_chosen", "large"),
        ({"decay": 0.99, "small_cycle": 12}, "model_size_chosen", "small"),
        ({}, "model_size_chosen", "large"),
        ({"context": "mobile"}, "constraint_hit", True),
        ({"context": "mobile", "small_cycle": 24}, "constraint_hit", False),
        ({"context": "mobile", "small_cycle": 24, "large_cycle": 1}, "constraint_hit", True),
        ({"context": "cloud"}, "constraint_hit", False),
        ({"stage": 6}, "cost_multiplier", 32),
        ({}, "constraint_gates", []),
    ],
)
def test_derived_values_are_the_models(change, key, value):
    """Is "never" −1, who is ahead at the window's end chosen, and a limit hit if either model's training is too much?"""
    mine = models()
    for trait, new in change.items():
        for model in (mine.timeline, mine.race, mine.energy):
            if trait in model.inputs:
                setattr(model, trait, new)
    stored = record.design(Progress(), mine)[key]
    assert stored == value
    assert type(stored) is type(value)


@pytest.mark.parametrize(
    ("answers", "key", "value"),
    [
        ({}, "act1_correct", None),
        ({}, "act1_prediction", None),
        ({"cost": "16x"}, "act1_correct", True),
        ({"cost": "5x", "failure": "requirement"}, "act1_correct", False),
        ({"strategy": "depends"}, "act2_correct", None),
        ({"strategy": "depends", "crossing": "never"}, "act2_correct", True),
        ({"strategy": "depends", "crossing": "week1"}, "act2_correct", False),
        ({"strategy": "large", "crossing": "never"}, "act2_correct", False),
        ({"battery": "users", "rate": "decay"}, "act2_reflection", "users"),
    ],
)
def test_what_was_not_answered_is_neither_right_nor_wrong(answers, key, value):
    """Does the record speak of the predictions, and is what was not answered null?"""
    progress = Progress()
    for question_id, choice_id in answers.items():
        progress[question_id].submit(choice_id)
    assert record.design(progress, models())[key] is value or record.design(progress, models())[key] == value


def test_nothing_is_written_before_the_student_does_anything(open_lab, file):
    """Does it leave a trace to open the lab, show every part and look at it in a browser?"""
    lab = open_lab(file)
    show_all(lab)
    lab.desk.page.look = {"dark": True, "pixel_ratio": 2, "narrow": False}
    lab.desk.page.address = "http://localhost:8888/lab"
    lab.desk.settle()
    assert not file.exists()
    assert not file.parent.exists()


def test_every_answer_is_on_disk_at_once_and_a_move_once_it_rests(open_lab, file, design):
    """Is an answer safe as soon as it is given, and is a drag written once and not at each step?"""
    lab = open_lab(file)
    lab.progress["cost"].submit("16x")
    assert design()["act1_prediction"] == "16x"
    before = file.stat().st_mtime_ns
    with lab.desk.lock:  # whoever settles the desk waits for the lock
        for stage in (2, 3, 4):
            lab.models.timeline.stage = stage
            assert file.stat().st_mtime_ns == before
        lab.desk.settle()
    assert design()["constraint_discovery_stage"] == 4
    before = file.stat().st_mtime_ns
    lab.save()
    assert file.stat().st_mtime_ns == before


def test_memory_writes_nothing(open_lab, tmp_path, monkeypatch):
    """Does a reader without an account leave no file anywhere, and are they told how long it lasts?"""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    lab = open_lab(":memory:")
    shown = show_all(lab)
    answer_all(shown)
    play(lab)
    assert [*tmp_path.rglob("*")] == []
    assert "for as long as this page is open" in words(shown["finish"])
    assert said_about_record(shown["header"]) == ""


def test_the_end_names_the_record(open_lab, file):
    """Does the last part say where the record is?"""
    lab = open_lab(file)
    shown = {"finish": lab.finish()}
    submit_all(lab)
    assert f"It is kept in your record ( {file} )." in words(shown["finish"])


def test_two_notebooks_share_one_record(open_lab, file, design):
    """Does the prediction that was submitted first stand in both, and is nothing lost of what either was told?"""
    one, two = open_lab(file), open_lab(file)
    shown = {lab: show_all(lab) for lab in (one, two)}
    answer(shown[one], "cost", "5x")
    answer(shown[two], "cost", "16x")
    assert answers_of(two)["cost"] == answers_of(one)["cost"]
    assert one.progress["cost"].choice == two.progress["cost"].choice == "5x"
    view = only(shown[two]["predict_cost"], widgets.RadioButtons)
    assert (view.value, view.disabled) == ("5x", True)
    assert "3.2 times your guess" in words(shown[two]["compare_cost"])
    answer(shown[one], "failure", "labels")
    two.progress["strategy"].submit("large")
    stored = design()
    assert (stored["act1_prediction"], stored["act1_reflection"], stored["act2_prediction"]) == (
        "5x",
        "labels",
        "large",
    )
    # What the other one answered is there once this one saves.
    assert two.progress["failure"].choice == "labels"
    assert "Not quite" in words(shown[two]["reflect_on_failure"])


def test_of_two_reflections_the_later_one_counts(open_lab, file, design):
    """May a reflection be answered anew in the other notebook?"""
    one, two = open_lab(file), open_lab(file)
    for lab, choice in ((one, "labels"), (two, "accuracy"), (one, "requirement")):
        lab.progress["failure"].submit(choice)
        assert design()["act1_reflection"] == choice
    two.save()
    assert two.progress["failure"].choice == one.progress["failure"].choice == "requirement"
    assert design()["act1_reflection"] == "requirement"


def test_a_guess_that_was_committed_elsewhere_stands(open_lab, file):
    """Does a guess outlive a move in another notebook that was open before?"""
    one, two = open_lab(file), open_lab(file)
    one.models.split.data = 65
    one.models.split.commit()
    one.desk.settle()
    two.models.timeline.stage = 3
    two.desk.settle()
    assert open_lab(file).models.split.settings() == {"data": 65, "committed": True}


def test_two_notebooks_give_the_same_record_whoever_saves_first(open_lab, file):
    """Does the earlier prediction stand even if the later one was saved before it?"""
    later = datetime.now(UTC)
    earlier = later - timedelta(minutes=1)
    store(file, {"mlwf_state": {"answers": {"cost": {"choice": "100x", "answered_at": later.isoformat()}}}})
    lab = open_lab(file)
    assert lab.progress["cost"].choice == "100x"
    lab.progress["cost"].adopt("5x", earlier.isoformat())
    assert (lab.progress["cost"].choice, lab.progress["cost"].answered_at) == ("5x", earlier.isoformat())
    assert open_lab(file).progress["cost"].choice == "5x"


def test_a_reset_leaves_the_answers_in_the_record(open_lab, file, design):
    """Is what was answered still in the file after the controls were reset, and after a restart too?"""
    lab = open_lab(file)
    share = lab.share()
    submit_all(lab)
    play(lab)
    button(share, "Reset all controls").click()
    lab.desk.settle()
    again = open_lab(file)
    assert answers_of(again) == answers_of(lab)
    assert again.models.split.settings() == {"data": 65, "committed": True}
    assert again.models.race.settings() == RaceModel().settings()
    assert design()["constraint_gates"] == []


@pytest.mark.parametrize("damage", [b"", b'{"history": [', b"\x80\x81", b"[]", b'{"history": 3}'])
def test_a_damaged_record_is_said_once_and_the_lab_goes_on(damage, open_lab, file, design):
    """Does a student learn in header and status that the record was damaged and where it is now, and is the new one saved?"""
    file.parent.mkdir()
    file.write_bytes(damage)
    lab = open_lab(file)
    shown = {"header": lab.header(), "status": lab.status()}
    submit_all(lab)
    for part in ("header", "status"):
        said = said_about_record(shown[part])
        assert said.startswith(f"Your record {file} was damaged and the lab starts anew.")
        assert said.count("damaged and") == 1
    (aside,) = file.parent.glob("ledger.json.damaged-*")
    assert aside.read_bytes() == damage
    assert design()["act1_prediction"] == "10x"


def test_a_record_that_cannot_be_saved_is_said_and_the_lab_goes_on(open_lab, tmp_path):
    """Does a home that takes no files cost the save, with one sentence in header and status, and nothing else?"""
    (tmp_path / "home").write_text("a file where a folder should be")
    lab = open_lab(tmp_path / "home" / "ledger.json")
    shown = show_all(lab)
    assert said_about_record(shown["header"]) == ""
    answer_all(shown)
    play(lab)
    for part in ("header", "status"):
        said = said_about_record(shown[part])
        assert said.startswith("Your progress can't be saved in ")
        assert said.count("can't be saved") == 1
        assert "The lab goes on" in said
    assert opened(shown) == set(PARTS)
    assert "Solved" in words(shown["show_challenge"])
    assert open_lab(tmp_path / "home" / "ledger.json").progress["cost"].choice == ""


def test_once_the_disk_takes_files_again_the_sentence_goes(open_lab, tmp_path):
    """Is the warning gone, and is everything saved, as soon as the trouble is put right?"""
    home = tmp_path / "home"
    home.write_text("a file where a folder should be")
    lab = open_lab(home / "ledger.json")
    shown = show_all(lab)
    answer(shown, "cost", "5x")
    assert "can't be saved" in said_about_record(shown["header"])
    home.unlink()
    lab.models.timeline.stage = 4
    lab.desk.settle()
    assert said_about_record(shown["header"]) == ""
    assert open_lab(home / "ledger.json").progress["cost"].choice == "5x"


def test_what_is_not_ours_is_kept(open_lab, file):
    """Do other chapters' entries, keys of other programs and notes beside ours outlive a student?"""
    ours = {"chapter": 3, "design": {"context": "mobile", "note": [1, 2]}, "by": "the published lab"}
    put(file, {"colour": "green", "track": "mobile", "history": [OTHER, ours]})
    lab = open_lab(file)
    submit_all(lab)
    stored = json.loads(file.read_text())
    assert (stored["colour"], stored["track"], stored["current_chapter"]) == ("green", "mobile", 3)
    assert OTHER in stored["history"]
    (entry,) = [entry for entry in stored["history"] if entry["chapter"] == 3]
    assert entry["by"] == "the published lab"
    assert entry["design"]["note"] == [1, 2]
    assert entry["design"]["context"] == "cloud"


ODD_STATES = [
    None,
    [],
    "prose",
    {"answers": [], "settings": []},
    {"answers": {"cost": None, "failure": {}, "nobody": {"choice": "x", "answered_at": "y"}}},
    {"answers": {"cost": {"choice": "17x", "answered_at": "2026-01-01T00:00:00+00:00"}}},
    {"answers": {"cost": {"choice": "16x", "answered_at": "yesterday"}}},
    {"answers": {"cost": {"choice": "16x", "answered_at": "2026-01-01T00:00:00"}}},
    {"answers": {"cost": {"choice": ["16x"], "answered_at": 3}}},
    {"settings": {"race": {"decay": "fast", "weeks": 53, "small_cycle": [1], "large_cycle": None, "colour": 1}}},
    {"settings": {"split": {"data": True, "committed": "yes"}, "gates": [], "energy": {"session": -1, "context": {}}}},
    {"settings": {"challenge": {"hints": -3, "small_cycle": 1.5}, "timeline": {"stage": 0}}},
]


@pytest.mark.parametrize("state", ODD_STATES, ids=str)
def test_a_strange_state_is_left_out(state, open_lab, file):
    """Does a record from another version of the lab, or from anybody's editor, ever keep the lab from opening?"""
    store(file, {"context": "mobile", "mlwf_state": state})
    lab = open_lab(file)
    assert words(lab.predict_cost())
    assert answers_of(lab) == dict.fromkeys(questions(), ("", ""))
    fresh = open_lab()
    assert {name: kept for name, kept in settings_of(lab).items() if name != "split"} == {
        name: kept for name, kept in settings_of(fresh).items() if name != "split"
    }
    submit_all(lab)
    assert answers_of(open_lab(file)) == answers_of(lab)


@settings(max_examples=60)
@given(state=PLAIN | st.fixed_dictionaries({"answers": PLAIN, "settings": PLAIN}))
def test_no_state_at_all_is_too_strange(state):
    """Whatever plain value stands where our state should: does resuming leave a lab that can be used?"""
    progress, mine = Progress(), models()
    record.resume({"mlwf_state": state}, progress, mine)
    assert record.design(progress, mine)["act1_prediction"] in {None, *(c.id for c in questions()["cost"].choices)}


def test_a_number_beyond_all_bounds_is_left_out(open_lab, file):
    """Does a session with four hundred digits keep the lab from opening?"""
    store(file, {"mlwf_state": {"settings": {"energy": {"session": 10**400}}}})
    assert open_lab(file).models.energy.session == 2.0


@pytest.mark.parametrize("answered_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_at_the_end_of_time_can_be_shown(answered_at, open_lab, file):
    """Does a prediction with an impossible time keep its part from being shown?"""
    store(file, {"mlwf_state": {"answers": {"cost": {"choice": "16x", "answered_at": answered_at}}}})
    assert words(open_lab(file).predict_cost())


def test_a_restored_slider_stays_within_its_instrument(open_lab, file):
    """Are settings that are possible taken over one by one, when others of the same record are not?"""
    store(file, {"mlwf_state": {"settings": {"race": {"decay": 0.5, "weeks": 30}, "timeline": {"stage": 4}}}})
    lab = open_lab(file)
    assert (lab.models.race.decay, lab.models.race.weeks, lab.models.timeline.stage) == (0.95, 30, 4)
    assert lab.models.energy.weeks == 30
