"""Small pictures for the feedback page, as inline SVG: the student's own race, and their Wh a day beside the battery.

They take their colours from the page, so that they are right in the light and in the dark. What they show is said in words, too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, floor
from xml.etree import ElementTree

from mlwf.assignment import QUESTIONS, Case, Question
from mlwf.assignment.answers import Number
from mlwf.assignment.case import Race
from mlwf.assignment.questions import truth
from mlwf.assignment.solving import level_in_week
from mlwf.model import HOURS_PER_WEEK, Strategy

WIDTH = 360  # about what a phone has, so that letters keep their size there
LEFT, RIGHT, TOP, BOTTOM = 48, 350, 34, 190
PER_LETTER = 7  # a little more than a letter of a label takes
HOURS_PER_DAY = 24
STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
MOST_TIMES = 5  # a longer bar would leave nothing to see of the others


@dataclass(frozen=True)
class Picture:
    """A picture and its sentence.

    Attributes
    ----------
    svg : str
        An ``<svg>`` element with a title and a description in words.
    says : str
        What it shows about an answer that is not right; empty otherwise.
    """

    svg: str
    says: str = ""


@dataclass(frozen=True)
class NoNumber:
    """An answer that can't be drawn; None is one that can, since it stands for *never*."""


NO_NUMBER = NoNumber()
Drawn = Number | None | NoNumber


def picture(question_id: str, case: Case, answer: Drawn = NO_NUMBER) -> Picture | None:
    """Return the picture for a question; None if it has none.

    Parameters
    ----------
    question_id : str
    case : Case
        The student's numbers.
    answer : number, None or NoNumber
        What was answered, as `answers.read_number` reads it.
    """
    draw = _PICTURES.get(question_id)
    return draw(QUESTIONS[question_id], case, answer) if draw else None


def _weeks(question: Question, case: Case, answer: Drawn, *, number: int) -> Picture:
    """A race over the whole window, with the week from which the small model leads."""
    race = case.race(number)
    right = race.found.week
    chart = _Chart(
        question.id, f"Race {number} with your numbers", race, (0, race.weeks * HOURS_PER_WEEK), HOURS_PER_WEEK
    )
    if right is not None:
        chart.mark(right, f"leads from week {right}", "right")
    says = ""
    if not isinstance(answer, NoNumber) and answer != right:
        says = _about_week(race, answer)
        if answer and answer <= race.weeks:
            chart.mark(answer, f"your week {answer}", "yours")
    return Picture(chart.svg(race.found.in_words()), says)


def _about_week(race: Race, answer: Number | None) -> str:
    if answer is None:
        return f"You answered never, but at the end of week {race.found.week} the small model is not behind."
    if not answer:
        return (
            f"Before the first week the small model has {race.small.start:g} %, the large one {race.large.start:g} %."
        )
    if answer > race.weeks:
        return f"Your week {answer} lies after the project window of {race.weeks} weeks."
    return f"At the end of your week {answer} {_stand(race, int(answer) * HOURS_PER_WEEK)}."


def _day(question: Question, case: Case, answer: Drawn) -> Picture:
    """The fourth race around the week to look at, day by day."""
    race, level = case.race(4), level_in_week(case)
    first, last = (max(0, case.fourth_week - 2) * HOURS_PER_WEEK, (case.fourth_week + 1) * HOURS_PER_WEEK)
    title = f"Race 4 around week {case.fourth_week} with your numbers"
    chart = _Chart(question.id, title, race, (first, last), HOURS_PER_DAY)
    if level.hour is not None:
        chart.mark(level.hour / HOURS_PER_DAY, f"level on day {level.day}", "right")
    says = ""
    if not isinstance(answer, NoNumber) and answer is not None and answer != level.day:
        hour = int(answer) * HOURS_PER_DAY
        if first < hour <= last:
            chart.mark(answer, f"your day {answer}", "yours")
        if hour <= race.weeks * HOURS_PER_WEEK:
            says = f"At the end of your day {answer} {_stand(race, hour)}."
        else:
            says = f"Your day {answer} lies after the project window of {race.weeks} weeks."
    return Picture(chart.svg(f"The small model draws level on day {level.day}, within week {case.fourth_week}."), says)


def _stand(race: Race, hour: int) -> str:
    small, large = (strategy.accuracy_at([hour])[0] for strategy in (race.small, race.large))
    return f"the small model has {small:.2f} %, the large one {large:.2f} %"


class _Chart:
    """Two curves over time. One is solid and one dashed, so that nobody has to tell them apart by colour."""

    def __init__(self, name: str, title: str, race: Race, hours: tuple[int, int], unit: int) -> None:
        self.race, self.hours, self.unit = race, hours, unit
        self.root = _svg(name, title, 222)
        small, large = (strategy.accuracy_at(hours) for strategy in (race.small, race.large))
        self.low, self.high = min(small[0], large[0]), max(small[1], large[1])
        self.marked: list[tuple[float, str]] = []
        self._axes()
        for strategy, at in ((race.large, 164), (race.small, LEFT)):
            _add(self.root, "path", d=f"M{at} 12h26", **{"class": f"line {strategy.name}"})
            _text(self.root, at + 32, 16, f"{strategy.name} model")
            _add(self.root, "path", d=self._path(strategy), **{"class": f"line {strategy.name}"})

    def mark(self, at: float, label: str, kind: str) -> None:
        """Draw a line at a time, in the axis' unit; the picture's last step writes its label."""
        x = self._x(at * self.unit)
        _add(self.root, "path", d=f"M{x:.1f} {TOP}V{BOTTOM}", **{"class": f"mark {kind}"})
        self.marked.append((x, label))

    def svg(self, words: str) -> str:
        """Return the picture, with what its curves do and then `words` as its description."""
        unit = "week" if self.unit == HOURS_PER_WEEK else "day"
        first, last = (hour // self.unit for hour in self.hours)
        goes = " ".join(
            f"The {strategy.name} model goes from {before:.1f} % to {after:.1f} %."
            for strategy in (self.race.large, self.race.small)
            for before, after in [strategy.accuracy_at(self.hours)]
        )
        marks = f" Marked: {'; '.join(label for _, label in self.marked)}." if self.marked else ""
        self._labels()
        return _written(
            self.root, f"Accuracy from the end of {unit} {first} to that of {unit} {last}. {goes} {words}{marks}"
        )

    def _labels(self) -> None:
        """Write each mark's label beside its line: to the left at the first of two, and where there is no room to the right."""
        first = min((x for x, _ in self.marked), default=0.0)
        for row, (x, label) in enumerate(self.marked):
            width = PER_LETTER * len(label)
            leftward = x + width > RIGHT or (len(self.marked) > 1 and x == first and x - width > LEFT)
            place = {"text-anchor": "end"} if leftward else {}
            _text(self.root, x - 5 if leftward else x + 5, BOTTOM - 7 - 16 * row, label, **place, **{"class": "label"})

    def _axes(self) -> None:
        unit = "weeks" if self.unit == HOURS_PER_WEEK else "days"
        for value in _ticks(self.low, self.high, 6):
            y = self._y(value)
            _add(self.root, "path", d=f"M{LEFT} {y:.1f}H{RIGHT}", **{"class": "grid"})
            _text(self.root, LEFT - 5, y + 4, f"{value:g} %", **{"text-anchor": "end", "class": "tick"})
        first, last = (hour / self.unit for hour in self.hours)
        for value in _ticks(first, last, 6):
            if value < last - (last - first) / 8:  # there stands the unit
                _text(
                    self.root,
                    self._x(value * self.unit),
                    BOTTOM + 17,
                    f"{value:g}",
                    **{"text-anchor": "middle", "class": "tick"},
                )
        _text(self.root, RIGHT, BOTTOM + 17, unit, **{"text-anchor": "end", "class": "tick"})
        _add(self.root, "path", d=f"M{LEFT} {BOTTOM}H{RIGHT}", **{"class": "axis"})

    def _path(self, strategy: Strategy) -> str:
        """The curve: as stairs where a step takes days, else through its value at the end of each day."""
        first, last = self.hours
        every = max(HOURS_PER_DAY, strategy.cycle_hours)
        hours = [first, *range(first - first % every + every, last, every), last]
        points = [
            (self._x(hour), self._y(value)) for hour, value in zip(hours, strategy.accuracy_at(hours), strict=True)
        ]
        steps = "H{:.1f}V{:.1f}" if every > HOURS_PER_DAY else "L{:.1f} {:.1f}"
        return "M{:.1f} {:.1f}".format(*points[0]) + "".join(steps.format(*point) for point in points[1:])

    def _x(self, hour: float) -> float:
        first, last = self.hours
        return LEFT + (RIGHT - LEFT) * (hour - first) / (last - first)

    def _y(self, accuracy: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (accuracy - self.low) / (self.high - self.low)


def _ticks(low: float, high: float, most: int) -> Sequence[float]:
    step = next((step for step in STEPS if (high - low) / step <= most), STEPS[-1])
    return [round(step * n, 6) for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _battery(question: Question, case: Case, answer: Drawn, *, in_batteries: bool) -> Picture:
    """What a day's training takes as a bar, beside one battery charge."""
    right = float(QUESTIONS["phone_wh"].solve(case, {}))
    unit = case.battery_wh if in_batteries else 1.0
    bars = [("battery", "One charge of the battery", case.battery_wh), ("right", "A day's training", right)]
    says = ""
    if (
        isinstance(answer, int | float)
        and abs(answer - question.solve(case, truth(question, case))) > question.tolerance
    ):
        if answer * unit <= MOST_TIMES * max(right, case.battery_wh):
            bars.append(("yours", "By your answer", answer * unit))
        else:
            says = "Your answer is too large to be drawn beside it."
    lines = list(_bar_labels(bars, case.battery_wh))
    root = _svg(question.id, "Your Wh a day beside the battery", 48 * len(bars) + 6)
    scale = (WIDTH - 12) / max(size for _, _, size in bars)
    for row, ((kind, _, size), line) in enumerate(zip(bars, lines, strict=True)):
        _text(root, 6, 48 * row + 16, line)
        bar = {"x": "6", "y": f"{48 * row + 22}", "width": f"{size * scale:.1f}", "height": "20"}
        _add(root, "rect", **bar, **{"class": f"bar {kind}"})
    end = 6 + case.battery_wh * scale
    ends = "".join(f"M{end:.1f} {48 * row + 18}v28" for row in range(len(bars)))
    _add(root, "path", d=ends, **{"class": "mark right"})
    return Picture(_written(root, f"{'; '.join(lines)}."), says)


def _bar_labels(bars: Sequence[tuple[str, str, float]], battery_wh: float) -> Iterator[str]:
    for kind, label, size in bars:
        times = "" if kind == "battery" else f", {size / battery_wh:,.4g} times the battery"
        yield f"{label}: {size:,.6g} Wh{times}"


def _svg(name: str, title: str, height: int) -> ElementTree.Element:
    labels = {"role": "img", "aria-labelledby": f"{name}-title", "aria-describedby": f"{name}-words"}
    root = ElementTree.Element("svg", {"viewBox": f"0 0 {WIDTH} {height}", "class": "picture", **labels})
    _add(root, "title", id=f"{name}-title").text = title
    _add(root, "desc", id=f"{name}-words")
    return root


def _written(root: ElementTree.Element, words: str) -> str:
    root[1].text = words
    return ElementTree.tostring(root, encoding="unicode")


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, attributes)


def _text(parent: ElementTree.Element, x: float, y: float, text: str, **attributes: str) -> None:
    _add(parent, "text", x=f"{x:.1f}", y=f"{y:.1f}", **attributes).text = text


_PICTURES: dict[str, Callable[[Question, Case, Drawn], Picture]] = {
    "linear_week": partial(_weeks, number=1),
    "saturating_week": partial(_weeks, number=2),
    "third_week": partial(_weeks, number=3),
    "level_day": _day,
    "phone_wh": partial(_battery, in_batteries=False),
    "battery_ratio": partial(_battery, in_batteries=True),
}
