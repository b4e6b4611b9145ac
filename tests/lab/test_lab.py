"""The story without a browser: locks, what they open, and a whole student."""

import ipywidgets as widgets
import pytest
from choices import ANSWERS
from reader import (
    BEHIND_FIRST_PREDICTION,
    BEHIND_FIRST_REFLECTION,
    BEHIND_LAST_REFLECTIONS,
    BEHIND_RACE_PREDICTIONS,
    LOCKED,
    PARTS,
    answer,
    answer_all,
    button,
    everything,
    is_waiting,
    only,
    opened,
    plain,
    show_all,
    source,
    submit_all,
    words,
)

from mlwf import instruments
from mlwf.instruments.browser import Panel
from mlwf.lab import Lab
from mlwf.lab.content import Choice, QuestionText, questions
from mlwf.lab.parts import question_view, verdict
from mlwf.lab.progress import Progress, Question
from mlwf.model import MOBILE, wh_per_day


@pytest.fixture
def shown(lab) -> dict[str, widgets.Widget]:
    return show_all(lab)


def test_every_part_is_a_widget(shown):
    """Is each public method, but for saving and resetting, a part that a cell can show, and do the tests know all of them?"""
    assert all(isinstance(part, widgets.Widget) for part in shown.values())
    assert {*PARTS} == {"header", "reading", "message", "predict_cost", *LOCKED}


def test_each_lock_opens_its_parts_and_no_others(shown):
    """Does an answer open what stands behind it, at once, and does the rest stay shut?"""
    first = set(PARTS) - {*LOCKED}
    assert opened(shown) == first
    answer(shown, "cost", "5x")
    assert opened(shown) == first | {*BEHIND_FIRST_PREDICTION}
    answer(shown, "failure", "accuracy")
    assert opened(shown) == first | {*BEHIND_FIRST_PREDICTION, *BEHIND_FIRST_REFLECTION}
    answer(shown, "strategy", "depends")
    assert not opened(shown) & {*BEHIND_RACE_PREDICTIONS}
    answer(shown, "crossing", "never")
    assert set(PARTS) - opened(shown) == {*BEHIND_LAST_REFLECTIONS}
    answer(shown, "rate", "start")
    assert set(PARTS) - opened(shown) == {*BEHIND_LAST_REFLECTIONS}
    answer(shown, "battery", "hardware")
    assert opened(shown) == set(PARTS)


def test_a_locked_part_holds_no_instrument(shown):
    """Could a student reach a slider, a button or a picture before predicting?"""
    for name in LOCKED:
        assert all(isinstance(part, widgets.VBox | widgets.HTML) for part in everything(shown[name]))


def test_a_part_that_is_shown_late_is_open_at_once(lab):
    """Does it matter whether a cell is run before or after the answer that opens it?"""
    submit_all(lab)
    assert opened(show_all(lab)) == set(PARTS)


def test_a_prediction_is_submitted_once():
    """Can a prediction be changed after the reveal?"""
    question = Question(questions()["cost"])
    question.submit("100x")
    with pytest.raises(ValueError, match="stands"):
        question.submit("16x")
    assert question.choice == "100x"
    assert question.answered_at.endswith("+00:00")
    assert not question.right


def test_a_reflection_may_be_tried_again():
    """Does a reflection teach by trying, with feedback for each choice?"""
    question = Question(questions()["failure"])
    question.submit("labels")
    first = question.feedback
    question.submit("requirement")
    assert question.right
    assert question.feedback != first


def test_an_unknown_choice_is_refused_by_name():
    """Is a choice that does not exist an error that lists those that do?"""
    with pytest.raises(ValueError, match="16x"):
        Question(questions()["cost"]).submit("17x")


def test_the_view_of_a_prediction_locks_itself():
    """Is nothing chosen beforehand, and everything read-only once submitted?"""
    question = Question(questions()["cost"])
    view = question_view(question)
    choices, submit = only(view, widgets.RadioButtons), only(view, widgets.Button)
    assert choices.value is None
    submit.click()
    assert "Choose one of the 4 first." in words(view)
    assert not question.answered
    choices.value = "10x"
    assert not question.answered
    submit.click()
    assert question.choice == "10x"
    assert choices.disabled
    assert submit.disabled
    assert "stands since" in words(view)
    # A prediction that stands says what it is, and not yet what the model says.
    assert questions()["cost"].choice("10x").text in plain(source(view))
    assert "16×" not in source(view)


@pytest.mark.parametrize(
    ("question_id", "choice_id"), [(q.id, c.id) for q in questions().values() if not q.final for c in q.choices]
)
def test_every_choice_of_a_reflection_is_answered_on_the_page(question_id, choice_id):
    """Is there feedback for each choice, is a wrong one called so, and may one choose again until it is right?"""
    question = Question(questions()[question_id])
    view = question_view(question)
    choices, submit = only(view, widgets.RadioButtons), only(view, widgets.Button)
    choices.value = choice_id
    submit.click()
    assert plain(question.text.choice(choice_id).feedback) in words(view)
    assert ("Not quite:" in words(view)) == (choice_id != question.text.right)
    assert not choices.disabled
    assert not submit.disabled
    choices.value = question.text.right
    submit.click()
    assert "Not quite:" not in words(view)


def test_the_view_shows_an_answer_given_elsewhere():
    """Does a part that is shown a second time, or built later, know what was answered?"""
    progress = Progress()
    early = question_view(progress["cost"])
    progress["cost"].submit("16x")
    for view in (early, question_view(progress["cost"])):
        choices = only(view, widgets.RadioButtons)
        assert choices.value == "16x"
        assert choices.disabled


def test_a_choice_may_hold_any_letters():
    """Can a teacher write `r < 1 & small` into a choice, and does the page show just that?"""
    plain_text = "r < 1 & <b>small</b>"
    choices = (Choice("a", plain_text, "<p>Feedback.</p>"), Choice("b", "other", "<p>Feedback.</p>"))
    question = Question(QuestionText("q", "<p>Which?</p>", choices, right="b", final=True))
    view = question_view(question)
    question.submit("a")
    assert plain_text in plain(source(view))
    assert plain_text in plain(verdict(question))


def test_one_plan_is_seen_by_three_instruments(lab):
    """Is it one plan that is raced, paid for and marked on the map?"""
    race, energy = lab.models.race, lab.models.energy
    submit_all(lab)
    crossings = only(lab.show_map(), Panel)
    race.small_cycle, race.large_cycle, race.weeks, race.decay = 4, 24, 40, 0.99
    assert (energy.small_cycle, energy.large_cycle, energy.weeks) == (4, 24, 40)
    lab.desk.settle()
    assert "cycle 4 hours, decay 0.99" in crossings.description
    assert "large model with a cycle of 24 hours in 40 weeks" in crossings.description
    energy.small_cycle = 24
    assert race.small_cycle == 24


def test_the_context_is_chosen_once_for_all(lab, shown):
    """Is the choice above the predictions the one in the energy panel?"""
    answer_all(shown)
    above, in_panel = (
        only(shown["choose_context"], widgets.RadioButtons),
        only(shown["show_energy"], widgets.RadioButtons),
    )
    above.value = "mobile"
    assert lab.models.energy.context == in_panel.value == "mobile"
    in_panel.value = "cloud"
    assert above.value == "cloud"


@pytest.mark.parametrize("choice", questions()["cost"].choices, ids=lambda choice: choice.id)
def test_the_comparison_speaks_to_what_was_predicted(choice, lab, shown):
    """Does the reveal answer the student's own prediction, and say what the model says?"""
    answer(shown, "cost", choice.id)
    said = words(shown["compare_cost"])
    assert plain(choice.feedback) in said
    assert choice.text in said
    assert ("The model says: About 16 times" in said) == (choice.id != "16x")


@pytest.mark.parametrize("number", range(4))
def test_the_last_comparison_speaks_to_both_predictions(number, lab):
    """Is it said of every pair of predictions what the model says?"""
    part = lab.compare_race()
    strategy, crossing = (questions()[name].choices[number] for name in ("strategy", "crossing"))
    submit_all(lab, ANSWERS | {"strategy": strategy.id, "crossing": crossing.id})
    said = words(part)
    for choice in (strategy, crossing):
        assert plain(choice.feedback) in said
    assert ("The model says: Never." in said) == (crossing.id != "never")


def test_the_status_line_follows_every_instrument(lab, shown):
    """Does the line say the present settings, whichever instrument moved?"""
    answer_all(shown, {name: ANSWERS[name] for name in ("cost", "failure", "strategy", "crossing")})
    assert "Crossover never" in words(shown["status"])
    lab.models.race.decay, lab.models.energy.context, lab.models.timeline.stage = 0.99, "mobile", 5
    lab.models.gates.memory_budget = lab.models.gates.on_device_test = True
    lab.desk.settle()
    line = words(shown["status"])
    for said in (
        "Lab 03 ML Workflow",
        "week 1",
        "on the phone",
        "5 (16×)",
        "△ 2/6 (caution)",
        "1 h small, 168 h large",
    ):
        assert said in line
    # It travels with the picture of the instrument in hand, so that both move in one frame.
    assert only(shown["show_gates"], Panel).status in source(shown["status"])
    lab.models.gates.latency_budget = lab.models.gates.schema_validation = True
    lab.desk.settle()
    assert "✓ 4/6 (good)" in words(shown["status"])


def test_a_line_that_is_shown_twice_follows_twice(lab):
    """Does the status stay true at the top of a notebook too, if somebody shows it there and at the end?"""
    submit_all(lab)
    twice = lab.status(), lab.status()
    lab.models.timeline.stage = 5
    lab.desk.settle()
    assert ["5 (16×)" in words(line) for line in twice] == [True, True]


def test_a_whole_student(lab, shown):
    """Does one go from the first cell to the last, and does every instrument say on the way what the model says?"""
    answer(shown, "cost", "5x")
    lab.models.timeline.stage = 5
    assert "16×" in words(shown["show_timeline"])
    assert "135 d" in words(shown["show_timeline"])
    lab.models.split.data = 35
    button(shown["show_split"], "Commit my guess").click()
    assert "You guessed 35 % for data work: 25 points below" in words(shown["show_split"])
    answer(shown, "failure", "architecture")
    answer(shown, "failure", "requirement")
    assert "cost(N) = 2" in words(shown["cost_maths"])
    answer(shown, "strategy", "large")
    answer(shown, "crossing", "never")
    lab.models.race.decay = 0.99
    assert "first draws level at hour 69" in words(shown["show_race"])
    lab.models.energy.context = "mobile"
    assert f"asks for {wh_per_day(MOBILE.power_w, 1):g} Wh a day" in words(shown["show_energy"])
    lab.models.race.small_cycle, lab.models.energy.session = 12, 1.0
    lab.desk.settle()
    assert "Both fit into the battery, one to its last Wh." in words(shown["show_energy"])
    lab.models.gates.on_device_test = True
    assert "8× at stage 4" in words(shown["show_gates"])
    answer(shown, "battery", "hardware")
    answer(shown, "rate", "decay")
    lab.models.challenge.small_cycle = 12
    assert "Solved: ahead from week 7 on" in words(shown["show_challenge"])
    lab.desk.settle()
    finish = words(shown["finish"])
    assert "the small model is ahead when 26 weeks end, with iterations of 12 h for the small one and 168 h" in finish
    assert "in the phone. No limit of the hardware is hit." in finish
    assert "for as long as this page is open" in finish
    assert "Labs 05 and 08" in finish


def test_the_end_follows_the_settings(lab, shown):
    """Does the last part say which limit is hit, for each model, as soon as it is?"""
    answer_all(shown)
    assert "the large model is ahead when 26 weeks end" in words(shown["finish"])
    lab.models.energy.context = "mobile"
    lab.models.race.large_cycle = 1
    lab.desk.settle()
    assert "A limit is hit: the battery does not carry the large model and the small model" in words(shown["finish"])


def test_a_reset_keeps_all_that_was_answered(lab, shown):
    """Do the controls go back, and do predictions, reflections and the committed guess stay?"""
    answer_all(shown)
    start = {name: model.settings() for name, model in lab.models.by_name().items()}
    lab.models.split.data = 65
    lab.models.split.commit()
    lab.models.timeline.stage, lab.models.race.decay, lab.models.energy.session = 6, 1.0, 8.0
    lab.models.gates.staged_rollout, lab.models.challenge.hints = True, 2
    lab.models.energy.context = "mobile"
    said = {
        question_id: (question.choice, question.answered_at) for question_id, question in lab.progress.questions.items()
    }
    button(shown["share"], "Reset all controls").click()
    kept = {name: model.settings() for name, model in lab.models.by_name().items()}
    assert kept == start | {"split": {"data": 65, "committed": True}}
    assert {question_id: (q.choice, q.answered_at) for question_id, q in lab.progress.questions.items()} == said
    assert opened(shown) == set(PARTS)


def test_an_uncommitted_guess_is_reset(lab):
    """Does the guess go back with the other controls as long as it was not committed?"""
    lab.models.split.data = 65
    lab.reset()
    assert lab.models.split.settings() == {"data": 40, "committed": False}


@pytest.mark.parametrize("part", LOCKED)
def test_a_part_that_fails_says_so_in_its_place(part, lab, monkeypatch):
    """Is it one sentence, never a traceback, whichever part it is?"""
    after = Lab._after
    monkeypatch.setattr(
        Lab, "_after", lambda self, name, section, needed, build: after(self, name, section, needed, lambda: 1 / 0)
    )
    place = getattr(lab, part)()
    assert is_waiting(place)
    submit_all(lab)
    assert words(place).strip() == "This did not work (division by zero). The rest goes on; try another setting."


def test_an_instrument_that_cannot_be_built_stops_no_other(lab, monkeypatch):
    """Does a student lose more than the one part whose instrument is broken?"""
    monkeypatch.setattr(instruments, "race_instrument", lambda *_: 1 / 0)
    shown = show_all(lab)
    answer_all(shown)
    assert "did not work" in words(shown["show_race"])
    assert len(everything(shown["show_race"])) == 2
    assert [name for name in PARTS if "did not work" in words(shown[name])] == ["show_race"]
    lab.models.race.decay = 0.99
    lab.desk.settle()
    assert "week 1" in words(shown["status"])
    assert "decay 0.99" in words(shown["show_map"])


def test_a_button_whose_work_fails_says_so(lab, monkeypatch):
    """Do report and reset say it in place if they can't be done?"""
    monkeypatch.setattr("mlwf.lab.lab.report", lambda *_: 1 / 0)
    monkeypatch.setattr("mlwf.lab.settings.reset", lambda *_: 1 / 0)
    shown = show_all(lab)
    answer_all(shown)
    for label in ("Make my report", "Reset all controls"):
        before = words(shown["share"]).count("did not work")
        button(shown["share"], label).click()
        assert words(shown["share"]).count("did not work") == before + 1


def test_another_look_reaches_every_instrument(lab, shown):
    """Do all pictures on the page change with its theme and its room, and keep what they show?"""
    answer_all(shown)
    panels = [
        part for place in shown.values() for part in everything(place) if isinstance(part, Panel) and part.picture
    ]
    assert len(panels) == 6
    before = [(panel.picture, panel.description) for panel in panels]
    lab.desk.page.look = {"dark": True, "narrow": True, "pixel_ratio": 1}
    for panel, (picture, said) in zip(panels, before, strict=True):
        assert panel.size[0] == 400
        assert panel.picture != picture
        assert panel.description == said
