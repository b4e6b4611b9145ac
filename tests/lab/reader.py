"""What somebody at the lab's page sees, and does."""

import re
from html import unescape
from typing import Any

import ipywidgets as widgets
from choices import ANSWERS

from mlwf.instruments.browser import Panel
from mlwf.lab import Lab
from mlwf.lab.content import questions, texts
from mlwf.lab.parts import note

PARTS = [
    name
    for name, what in vars(Lab).items()
    if callable(what) and name[0] != "_" and name not in ("save", "receive", "reset")
]
BEHIND_FIRST_PREDICTION = ("show_timeline", "show_split", "compare_cost", "reflect_on_failure")
BEHIND_FIRST_REFLECTION = ("cost_maths", "race_intro", "choose_context", "predict_race")
BEHIND_RACE_PREDICTIONS = ("show_race", "show_gates", "show_energy", "reflect_on_race", "status", "share")
BEHIND_LAST_REFLECTIONS = ("compare_race", "race_maths", "finish", "show_map", "show_challenge")
LOCKED = BEHIND_FIRST_PREDICTION + BEHIND_FIRST_REFLECTION + BEHIND_RACE_PREDICTIONS + BEHIND_LAST_REFLECTIONS
WAITING = {
    note(section["waiting"]).value
    for name in ("act1", "act2", "explore")
    for section in texts(name).values()
    if "waiting" in section
}


def everything(widget: widgets.Widget) -> list[widgets.Widget]:
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in everything(child))]


def plain(html: str) -> str:
    """HTML as it is read."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def source(widget: widgets.Widget) -> str:
    """The HTML of all that a part says."""
    said = []
    for part in everything(widget):
        if isinstance(part, widgets.HTML):
            said.append(part.value)
        elif isinstance(part, Panel):
            said += [part.readout, part.description, part.name]
    return " ".join(said)


def words(widget: widgets.Widget) -> str:
    """All that a part shows and says: texts, readouts, descriptions, labels and buttons."""
    labels = []
    for part in everything(widget):
        if not isinstance(part, widgets.HTML | Panel):
            labels.append(getattr(part, "description", ""))
            labels += [label for label, _ in getattr(part, "_options_full", ())]
    return plain(source(widget)) + " " + " ".join(labels)


def is_waiting(part: widgets.Widget) -> bool:
    """True if a part holds the sentence that says what will be there, and nothing else."""
    inside = [widget for widget in everything(part) if not isinstance(widget, widgets.VBox)]
    return [widget.value for widget in inside if isinstance(widget, widgets.HTML) and widget.value in WAITING] == [
        getattr(widget, "value", None) for widget in inside
    ]


def show_all(lab: Lab) -> dict[str, widgets.Widget]:
    """Every part, as `Run All Cells` shows them."""
    return {name: getattr(lab, name)() for name in PARTS}


def opened(shown: dict[str, widgets.Widget]) -> set[str]:
    return {name for name, part in shown.items() if not is_waiting(part)}


def only(part: widgets.Widget, kind: type[widgets.Widget], number: int = 0) -> Any:
    """The widget of this kind within a part, or the one of this number."""
    return [widget for widget in everything(part) if isinstance(widget, kind)][number]


def button(part: widgets.Widget, label: str) -> widgets.Button:
    (found,) = [w for w in everything(part) if isinstance(w, widgets.Button) and w.description == label]
    return found


def answer(shown: dict[str, widgets.Widget], question_id: str, choice_id: str) -> None:
    """Choose and submit, on the page."""
    text = questions()[question_id].choice(choice_id).text
    for part in shown.values():
        for view in everything(part):
            if "mlwf-question" in getattr(view, "_dom_classes", ()) and text in words(view):
                only(view, widgets.RadioButtons).value = choice_id
                only(view, widgets.Button).click()
                return
    raise AssertionError(f"{question_id} is not on the page")


def answer_all(shown: dict[str, widgets.Widget], answers: dict[str, str] | None = None) -> None:
    for question_id, choice_id in (answers or ANSWERS).items():
        answer(shown, question_id, choice_id)


def submit_all(lab: Lab, answers: dict[str, str] | None = None) -> None:
    """Answer without a page, where only the answers matter."""
    for question_id, choice_id in (answers or ANSWERS).items():
        lab.progress[question_id].submit(choice_id)
