"""The whole lab in JupyterLab, by keyboard alone, with a restart of the kernel in the middle."""

import json
from pathlib import Path

import pytest
from choices import ANSWERS
from playwright.sync_api import Page, expect
from student import Student

from mlwf import model
from mlwf.lab.content import questions

pytestmark = pytest.mark.browser
OUTPUTS = ".jp-OutputArea"
RACE, ENERGY, GATES, MAP = (
    "Race of the two models",
    "What iterating costs",
    "Where each constraint is found",
    "Map of all races",
)
TIMELINE, SPLIT = "Timeline of the project", "Where a project's time goes"


@pytest.fixture(scope="module")
def student(browser, lab_url) -> Student:
    """One student for the whole story: each test goes on where the one before has ended."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(30_000)
    student = Student(page, keyboard=True)
    student.open_in_jupyterlab(lab_url)
    yield student
    page.close()


def test_before_the_first_lock(student: Student):
    """Does nothing tell the answer or offer an instrument, and is submitting nothing met with a sentence?"""
    page = student.page
    notebook = page.locator(".jp-Notebook")
    expect(notebook).not_to_contain_text("16×")
    expect(notebook).not_to_contain_text("never")
    expect(page.get_by_text("The project's timeline appears here")).to_be_visible()
    assert page.get_by_role("slider", name="Stage of discovery").count() == 0
    radio = student.radio("cost", "5x")
    assert page.locator(".mlwf-question input:checked").count() == 0
    question = page.locator(".mlwf-question").filter(has=radio)
    student.activate(question.get_by_role("button"))
    expect(page.get_by_text("Choose one of the 4 first.")).to_be_visible()
    assert student.violations(OUTPUTS) == []


def test_a_prediction_stands_and_opens_the_timeline(student: Student):
    """Is a submitted prediction read-only and dated, and does the slider move picture, cards and words as the model says?"""
    student.answer("cost", ANSWERS["cost"])
    expect(student.page.get_by_text("Your prediction stands since").first).to_be_visible()
    assert all(student.radio("cost", choice.id).is_disabled() for choice in questions()["cost"].choices)
    timeline = student.instrument(TIMELINE)
    for stage in range(1, 6):
        timeline.move("Stage of discovery")
        expect(timeline.place.get_by_text(f"2^({stage + 1}−1)").first).to_be_visible()
        assert timeline.card("Days sunk").endswith(f"{model.sunk_days(stage + 1)} d")
        assert timeline.card("Cost multiplier").endswith(f"{model.cost_multiplier(stage + 1)}×")
        assert timeline.card("Stages to redo").endswith(f"{model.stages_to_redo(stage + 1)}")
        assert timeline.value("Stage of discovery") == str(stage + 1)
    timeline.move("Stage of discovery", "ArrowLeft")
    expect(timeline.description).to_contain_text("stage 5, Deployment")
    expect(student.page.get_by_text("You said 10×")).to_be_visible()


def test_the_guess_is_committed_once(student: Student):
    """Does the survey show only after the guess stands?"""
    split = student.instrument(SPLIT)
    split.move("Share of data work (%)")
    expect(split.description).to_contain_text("The survey is shown once you commit")
    student.activate(split.place.get_by_role("button"))
    expect(split.place.get_by_text("You guessed 45 %")).to_be_visible()
    expect(split.description).to_contain_text("data work 70 %")
    assert student.violations(OUTPUTS) == []


def test_a_reflection_opens_the_second_act(student: Student):
    """Does each choice have its feedback, and may one choose again?"""
    for choice in questions()["failure"].choices:
        student.answer("failure", choice.id)
        expect(student.page.locator(".mlwf-box", has_text=choice.text).last).to_be_visible()
    student.answer("failure", ANSWERS["failure"])
    summary = student.page.get_by_text("The formula, stage by stage")
    student.activate(summary)
    expect(student.page.get_by_text("A teaching approximation, not a law.")).to_be_visible()
    expect(student.page.get_by_role("heading", name="Act II: The Iteration Race")).to_be_visible()
    assert student.violations(OUTPUTS) == []


def test_the_race_follows_each_of_its_controls(student: Student):
    """Do picture, cards and status bar say what the model says, control by control?"""
    student.answer("strategy", ANSWERS["strategy"])
    student.answer("crossing", ANSWERS["crossing"])
    race = student.instrument(RACE)
    settings = {"large_cycle": 168, "small_cycle": 1, "decay": 0.95, "weeks": 26}
    for label, key, change in (
        ("Cycle of the large model", "ArrowLeft", {"large_cycle": 24}),
        ("Cycle of the large model", "ArrowRight", {"large_cycle": 168}),
        ("Cycle of the small model", "ArrowRight", {"small_cycle": 4}),
        ("Cycle of the small model", "ArrowRight", {"small_cycle": 12}),
        ("Decay of the gain (r)", "ArrowRight", {"decay": 0.99}),
        ("Project window (weeks)", "ArrowRight", {"weeks": 28}),
        ("Project window (weeks)", "ArrowLeft", {"weeks": 26}),
    ):
        settings |= change
        race.move(label, key)
        small = model.small_strategy(settings["small_cycle"], settings["decay"])
        large = model.large_strategy(settings["large_cycle"], settings["decay"])
        found = model.crossover(small, large, settings["weeks"])
        week = "never" if found.week is None else f"week {found.week}"
        expect(race.place.get_by_text(f"{found.leader_iterations:,} iterations", exact=True)).to_be_visible()
        assert race.card("Large model, final").endswith(f"{found.leader_final:.1f} %")
        assert race.card("Small model, final").endswith(f"{found.challenger_final:.1f} %")
        assert race.card("Crossover") == week
        expect(student.status("Crossover")).to_have_text(week)
        expect(student.status("Cycles")).to_have_text(
            f"{settings['small_cycle']} h small, {settings['large_cycle']} h large"
        )
    expect(race.description).to_contain_text(found.in_words())


def test_gates_and_energy_follow_too(student: Student):
    """Does every gate act on some constraint, and does the battery judge both models at the race's cycles?"""
    gates = student.instrument(GATES)
    on: list[str] = []
    for gate in model.GATES.values():
        student.activate(gates.place.get_by_role("checkbox").nth(len(on)), "Space")
        on.append(gate.name)
        expect(gates.place.locator(".mlwf-card").first).to_contain_text(f"{len(on)} for all active gates")
        for constraint in model.CONSTRAINTS:
            caught = model.catch(on, constraint)
            said = "prevented" if caught.prevented else f"{caught.multiplier}× at stage {caught.stage}"
            assert gates.card(f"{constraint.capitalize()} constraint").endswith(said)
    expect(student.page.locator(".mlwf-status").first).to_contain_text("6/6")

    energy = student.instrument(ENERGY)
    student.activate(energy.place.get_by_role("radio").nth(1), "Space")
    expect(energy.place.get_by_text("Over budget: the small model")).to_be_visible()
    wh = model.wh_per_day(model.MOBILE.power_w, 12)
    expect(energy.place.get_by_text(f"asks for {wh:.4g} Wh a day")).to_be_visible()
    expect(student.page.locator(".mlwf-status").first).to_contain_text("on the phone")
    energy.move("One iteration needs (hours)", "ArrowLeft")
    energy.move("One iteration needs (hours)", "ArrowLeft")
    expect(energy.place.get_by_text("Both fit into the battery")).to_be_visible()
    # The race shares its cycles with this panel.
    energy.move("Cycle of the small model")
    expect(student.instrument(RACE).slider("Cycle of the small model")).to_have_attribute("aria-valuetext", "24 h")
    energy.move("Cycle of the small model", "ArrowLeft")
    assert student.violations(OUTPUTS) == []


def test_a_restart_of_the_kernel_loses_nothing(student: Student):
    """Are predictions, reflections and settings back after a restart, the locks still open, and the predictions still locked?"""
    page = student.page
    stood = page.get_by_text("Your prediction stands since").first.inner_text()
    page.wait_for_timeout(1000)
    page.click(".lm-MenuBar-itemLabel:text-is('Kernel')")
    page.click(".lm-Menu-itemLabel:text-is('Restart Kernel and Run All Cells…')")
    page.click(".jp-Dialog button:has-text('Restart')")
    page.wait_for_selector(".mlwf-question", state="detached")
    student.wait_for_lab()
    race = student.instrument(RACE)
    assert page.get_by_text("Your prediction stands since").first.inner_text() == stood
    assert student.radio("cost", ANSWERS["cost"]).is_checked()
    assert student.radio("cost", "16x").is_disabled()
    expect(race.slider("Cycle of the small model")).to_have_attribute("aria-valuetext", "12 h")
    expect(race.slider("Decay of the gain (r)")).to_have_attribute("aria-valuetext", "0.99")
    assert race.card("Crossover") == "week 7"
    assert student.instrument(TIMELINE).value("Stage of discovery") == "5"
    expect(student.instrument(SPLIT).place.get_by_text("You guessed 45 %")).to_be_visible()
    assert student.instrument(GATES).place.locator("input:checked").count() == len(model.GATES)


def test_the_end_and_what_lies_beyond(student: Student):
    """Do the last reflections open comparison, record, map and challenge, and can the challenge be solved?"""
    page = student.page
    student.answer("battery", ANSWERS["battery"])
    student.answer("rate", ANSWERS["rate"])
    expect(page.get_by_text("Your predictions and the model")).to_be_visible()
    expect(page.get_by_text("iteration_cycle_hours")).to_be_visible()
    crossing_map = student.instrument(MAP)
    crossing_map.move("Decay of the gain (r)", "ArrowLeft")
    assert crossing_map.card("Crossover") == "never"
    crossing_map.move("Decay of the gain (r)")
    assert crossing_map.card("Crossover") == "week 7"
    expect(crossing_map.description).to_contain_text("week 7.")

    challenge = page.locator(".mlwf-instrument").filter(has_text="Fits into one charge a day?")
    slider = challenge.get_by_role("slider")
    hint = challenge.get_by_role("button")
    for number in (1, 2, 3):
        student.activate(hint)
        expect(challenge.get_by_text(f"Hint {number}")).to_be_visible()
    assert hint.is_disabled()
    student.tab_to(slider)
    for week, wh in (("week 2", "30 Wh"), ("week 7", "10 Wh")):
        page.keyboard.press("ArrowRight")
        expect(challenge.locator(".mlwf-card").first).to_contain_text(week)
        expect(challenge.locator(".mlwf-card").last).to_contain_text(wh)
    expect(challenge.get_by_text("Solved:")).to_be_visible()
    assert student.violations(OUTPUTS) == []


def test_reset_moves_controls_and_nothing_else(student: Student):
    """Do the controls start over while predictions, guess and reflections stay?"""
    student.activate(student.page.get_by_role("button", name="Reset all controls"))
    race = student.instrument(RACE)
    expect(race.slider("Decay of the gain (r)")).to_have_attribute("aria-valuetext", "0.95")
    expect(student.instrument(TIMELINE).slider("Stage of discovery")).to_have_attribute("aria-valuetext", "1")
    assert student.radio("cost", ANSWERS["cost"]).is_checked()
    expect(student.instrument(SPLIT).place.get_by_text("You guessed 45 %")).to_be_visible()
    assert student.radio("rate", ANSWERS["rate"]).is_checked()


def test_the_record_is_on_disk(student: Student, lab_home: Path):
    """Does the ledger hold the design that later labs read?"""
    student.page.wait_for_timeout(1000)
    ledger = json.loads((lab_home / ".mlsys" / "ledger.json").read_text())
    (entry,) = ledger["history"]
    assert entry["chapter"] == 3
    assert entry["design"]["act1_prediction"] == ANSWERS["cost"]
    assert entry["design"]["act2_reflection"] == ANSWERS["battery"]
    assert entry["design"]["crossover_week"] == -1
    assert entry["design"]["model_size_chosen"] == "large"


def test_each_instrument_fits_one_screen(student: Student):
    """Can a student see a slider and its whole picture at once, 900 pixels high?"""
    bar = student.page.locator(".jp-NotebookPanel-toolbar").bounding_box()
    room = 900 - (bar["y"] + bar["height"]) - student.page.locator("#jp-main-statusbar").bounding_box()["height"]
    for name in (TIMELINE, SPLIT, RACE, ENERGY, GATES, MAP):
        place = student.instrument(name)
        top = place.place.bounding_box()["y"]
        picture = place.picture.bounding_box()
        assert picture["y"] + picture["height"] - top <= room, name


def test_no_request_left_this_machine(student: Student):
    """Did the whole lab ask nothing of the network?"""
    assert student.asked_elsewhere == []


def test_in_notebook_7(page: Page, lab_url: str):
    """Does the same notebook open in Notebook 7, run by itself as well, with the student's record in it?"""
    student = Student(page)
    page.goto(lab_url.replace("/lab/tree/", "/notebooks/"))
    student.wait_for_lab()
    timeline = student.instrument(TIMELINE)
    timeline.move("Stage of discovery")
    assert timeline.card("Days sunk").endswith(f"{model.sunk_days(2)} d")
    assert student.radio("cost", ANSWERS["cost"]).is_checked()
    assert student.violations(OUTPUTS) == []
    assert student.asked_elsewhere == []
