"""The questions, as data. To add one: an entry here, and two cells in the source notebook.

A question's `solve` is the one place where its answer is worked out, by the reference model. `slips` are the mistakes that
we recognise by the value they lead to, each with its share of the points and the sentence that helps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from mlwf import model
from mlwf.assignment.answers import KINDS, Kind, Number
from mlwf.assignment.case import Case, Race
from mlwf.assignment.draws import Draws
from mlwf.assignment.work import Line

Answers = Mapping[str, Number | None]
FUNCTION = Kind("a function", 0, 0)


@dataclass(frozen=True)
class Slip:
    """A mistake that is recognised by the value it leads to.

    Attributes
    ----------
    name : str
    value : callable
        ``value(case, earlier)``: what somebody gets who makes it.
    share : float
        Part of the points that it is worth, 0 to 1.
    says : str
        What to tell the student.
    """

    name: str
    value: Callable[[Case, Any], Number | None]
    share: float
    says: str


@dataclass(frozen=True)
class Question:
    """One autograded question.

    Attributes
    ----------
    id : str
        Also the `grade_id` of its test cell.
    name : str
        What the student assigns.
    kind : Kind
    points : int
    solve : callable
        ``solve(case, earlier)``: the answer, given the answers to the questions in `builds_on`. For a function question
        the list of results for `inputs`, as `answers.call_plainly` delivers them.
    work : callable
        ``work(case)``: the way there as lines of arithmetic, for the feedback and the key.
    concludes : callable
        ``concludes(case)``: what the lines come to, where that is not simply the last one.
    tolerance : float
        How far off still counts as right, in the answer's unit.
    builds_on : tuple of str
        Ids of earlier questions; an answer that is right for one's own wrong earlier answer counts `follow_through`.
    follow_through : float
        Part of the points for such an answer, 0 to 1.
    slips : tuple of Slip
    inputs : callable, optional
        ``inputs(case)``: argument tuples on which a function is tried.
    """

    id: str
    name: str
    kind: Kind
    points: int
    solve: Callable[[Case, Any], Any]
    work: Callable[[Case], tuple[Line, ...]] = lambda _: ()
    concludes: Callable[[Case], str] = lambda _: ""
    tolerance: float = 0.0
    builds_on: tuple[str, ...] = ()
    follow_through: float = 0.75
    slips: tuple[Slip, ...] = ()
    inputs: Callable[[Case], list[tuple[Any, ...]]] | None = None

    def steps(self, case: Case) -> tuple[str, ...]:
        """The way to the answer step by step, with the numbers of `case`."""
        return tuple(filter(None, (*map(str, self.work(case)), self.concludes(case))))

    def way(self, case: Case) -> str:
        """The way to the answer, in one line."""
        return "; ".join(self.steps(case))


def _rework_inputs(case: Case) -> list[tuple[Any, ...]]:
    return [
        *((stage, case.base_days) for stage in range(1, len(model.STAGES) + 1)),
        (0, 1.0),
        (len(model.STAGES) + 1, 1.0),
    ]


def _rework_results(case: Case, _earlier: Answers) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    for stage, base_days in _rework_inputs(case):
        try:
            results.append({"value": model.rework_days(stage, base_days)})
        except ValueError:
            results.append({"error": "ValueError"})
    return results


def _latest_stage(case: Case) -> int:
    stages = range(1, len(model.STAGES) + 1)
    return max((n for n in stages if model.rework_days(n, case.base_days) <= case.most_days), default=0)


def _stage_lines(case: Case) -> tuple[Line, ...]:
    """The latest stage that can be afforded, and the one after it."""
    latest = _latest_stage(case)
    return tuple(
        Line(f"{case.base_days:g} * 2 ** ({stage} - 1)", f"stage {stage}, {within} {case.most_days:g}")
        for stage, within in ((latest, "within"), (latest + 1, "above"))
        if 1 <= stage <= len(model.STAGES)
    )


def _catch(case: Case) -> model.Catch:
    return model.catch(case.gates, "memory")


def _accuracy_line(strategy: model.Strategy, week: int) -> Line:
    s, k = strategy, strategy.iterations(week * model.HOURS_PER_WEEK)
    gained = f"{s.gain:g} * {k}" if s.linear else f"{s.gain:g} * (1 - {s.decay:g} ** {k}) / (1 - {s.decay:g})"
    return Line(f"min({s.ceiling:g}, {s.start:g} + {gained})", f"{s.name} after week {week}")


def _limit_line(strategy: model.Strategy) -> Line:
    s = strategy
    return Line(f"min({s.ceiling:g}, {s.start:g} + {s.gain:g} / (1 - {s.decay:g}))", f"limit of the {s.name} model")


def _a_week(strategy: model.Strategy) -> str:
    return f"{model.HOURS_PER_WEEK} // {strategy.cycle_hours} * {strategy.gain:g}"


def _linear_lines(race: Race) -> tuple[Line, ...]:
    ahead = race.large.start - race.small.start
    closes = Line(f"{_a_week(race.small)} - {_a_week(race.large)}", "the small model comes nearer, in a week, by")
    return closes, Line(f"{ahead:g} / {closes.value:.4g}", "weeks until level")


@lru_cache(maxsize=64)
def _as_if_linear(race: Race) -> int | None:
    """The crossover week of the same race without saturation."""
    small, large = (_linear(strategy) for strategy in (race.small, race.large))
    return model.crossover(small, large, race.weeks).week


def _linear(strategy: model.Strategy) -> model.Strategy:
    return model.Strategy(strategy.name, strategy.start, strategy.gain, strategy.cycle_hours, 1.0)


def trial_weeks(race: Race) -> list[int]:
    """The weeks whose ends one has to look at, from the crossover of the linear race on, until the small model leads."""
    found, first = race.found.week, _as_if_linear(race)
    return list(range(first, found + 1)) if found and first else []


def _saturating_lines(race: Race) -> tuple[Line, ...]:
    return tuple(_accuracy_line(strategy, week) for week in trial_weeks(race) for strategy in (race.small, race.large))


@dataclass(frozen=True)
class Level:
    """When the small model draws level with a large one that stands still.

    Attributes
    ----------
    stands : Line
        The large model's accuracy during the week.
    iterations : Line
        How many the small model needs to be there.
    hour : int or None
        When it is there, in hours since the project began; None if it never gets there.
    """

    stands: Line
    iterations: Line
    hour: int | None

    @property
    def day(self) -> int | None:
        """The day, counted from 1."""
        return None if self.hour is None else ceil(self.hour / 24)


@lru_cache(maxsize=64)
def level_in_week(case: Case, off: float = 0.0) -> Level:
    """The fourth race in the week to look at; `off` is by how much the large model's level was rounded."""
    race, week = case.race(4), case.fourth_week
    stands = Line(_accuracy_line(race.large, week - 1).sum, f"the large model during week {week}")
    s, level = race.small, stands.value + off
    ratio = f"1 - ({level:.6g} - {s.start:g}) * (1 - {s.decay:g}) / {s.gain:g}"
    iterations = Line(f"ceil(log({ratio}) / log({s.decay:g}))", "iterations of the small model")
    return Level(stands, iterations, int(iterations.value) * s.cycle_hours if level < s.limit() else None)


def _day_lines(case: Case) -> tuple[Line, ...]:
    level = level_in_week(case)
    return level.stands, level.iterations, Line(f"ceil({level.iterations.value} * {case.fourth_cycle} / 24)", "day")


TRIALS = 8
CLEAR = 0.005  # percentage points between the curves at the end of each week, so that no rounding decides a trial


@lru_cache(maxsize=64)
def _crossover_trials(case: Case) -> tuple[tuple[tuple[int, float, int], int | None], ...]:
    """Settings (small cycle, decay, weeks) and their crossover weeks: a quarter linear, a quarter never."""
    draws = Draws(f"trials\n{case!r}")
    trials: list[tuple[tuple[int, float, int], int | None]] = []
    wanted = [("linear", 2), ("never", 2), ("week", TRIALS - 4)]
    for sort, count in wanted:
        while count:
            cycle, weeks = draws.choose((1, 2, 4, 6, 8, 12, 24, 48, 84, 168)), draws.choose(range(4, 53))
            decay = 1.0 if sort == "linear" else draws.choose((0.95, 0.97, 0.98, 0.985, 0.99, 0.995))
            race = Race(case.small(cycle, decay), case.large(decay), weeks)
            found = race.found.week
            if (
                (found is None) == (sort == "never")
                and all(t[0] != (cycle, decay, weeks) for t in trials)
                and _clear(race)
            ):
                trials.append(((cycle, decay, weeks), found))
                count -= 1
    return tuple(trials)


def _clear(race: Race) -> bool:
    hours = [week * model.HOURS_PER_WEEK for week in range(1, race.weeks + 1)]
    pairs = zip(race.small.accuracy_at(hours), race.large.accuracy_at(hours), strict=True)
    return all(abs(small - large) > CLEAR or small == large == race.small.ceiling for small, large in pairs)


def _wh(case: Case) -> float:
    return model.wh_per_day(case.power_w, case.phone_cycle, case.session_hours)


@lru_cache(maxsize=64)
def _fitting_cycles(case: Case) -> tuple[int, ...]:
    """Cycles of the list that the battery allows, the shortest first."""
    phone = model.Device("phone", case.power_w, case.battery_wh, 0)
    return tuple(sorted(model.fitting_cycles(phone, case.cycles, case.session_hours)))


def _shortest_cycle(case: Case) -> int | None:
    return next(iter(_fitting_cycles(case)), None)


def _cloud(case: Case, session_hours: float | None = None) -> model.CloudBill:
    node = model.Device("cloud node", case.cloud_power_w, None, case.cloud_price)
    return model.cloud_bill(node, case.cloud_cycle, session_hours or case.session_hours, case.weeks)


def _trained(case: Case) -> str:
    """Hours of training in the cloud, as an expression."""
    iterations = f"{case.weeks} * {model.HOURS_PER_WEEK} // {case.cloud_cycle}"
    return f"{iterations} * min({case.session_hours:g}, {case.cloud_cycle})"


def _week_off(race: Race, weeks: int) -> int | None:
    week = race.found.week
    return None if week is None else week + weeks


def _day_off(case: Case, days: int) -> int | None:
    day = level_in_week(case).day
    return None if day is None else day + days


def _standing_week(race: Race) -> int:
    """The week by which the small model has reached the large one's start."""
    per_week = race.small.iterations(model.HOURS_PER_WEEK) * race.small.gain
    return ceil((race.large.start - race.small.start) / per_week)


def _gain_only(strategy: Callable[[Case], model.Strategy]) -> Slip:
    return Slip(
        "gain_only",
        lambda case, _: strategy(case).limit() - strategy(case).start,
        0.5,
        "This is what the model gains in all; add it to where it starts.",
    )


QUESTIONS = {
    question.id: question
    for question in (
        Question(
            "multiplier", "multiplier", KINDS["factor"], 2,
            solve=lambda case, _: model.cost_multiplier(case.stage),
            work=lambda case: (Line(f"2 ** ({case.stage} - 1)"),),
            slips=(
                Slip("power_of_n", lambda case, _: 2**case.stage, 0.5,
                     "This is 2^N. The first stage costs 1 = 2^0, so stage N costs 2^(N-1)."),
                Slip("linear", lambda case, _: case.stage, 0.25,
                     "This is N: the cost doubles with each stage, it does not just add up."),
                Slip("times_two", lambda case, _: 2 * (case.stage - 1), 0.25,
                     "This is 2 times (N-1); the stages compound, so it is 2 to the power of N-1."),
            ),
        ),
        Question(
            "fix_days", "fix_days", KINDS["days"], 2, tolerance=0.01, builds_on=("multiplier",),
            solve=lambda case, earlier: case.base_days * earlier["multiplier"],
            work=lambda case: (Line(f"{case.base_days:g} * {model.cost_multiplier(case.stage)}"),),
            slips=(
                Slip("added", lambda case, earlier: case.base_days + earlier["multiplier"], 0.25,
                     "The multiplier multiplies what the fix costs at stage 1; here it was added."),
            ),
        ),
        Question(
            "latest_stage", "latest_stage", KINDS["stage"], 2,
            solve=lambda case, _: _latest_stage(case),
            work=_stage_lines,
            concludes=lambda case: f"so stage {_latest_stage(case)}",
            slips=(
                Slip("less_than", lambda case, _: _latest_stage(case) - 1, 0.5,
                     "One stage too early: a fix that costs exactly the allowed days is still allowed."),
                Slip("one_late", lambda case, _: _latest_stage(case) + 1, 0.5,
                     "One stage too late: at this stage the fix costs more than allowed."),
            ),
        ),
        Question(
            "sunk", "sunk", KINDS["days"], 2,
            solve=lambda case, _: model.sunk_days(case.stage),
            work=lambda case: (Line(" + ".join(str(s.days) for s in model.STAGES[: case.stage - 1]) or "0"),),
            slips=(
                Slip("with_this_stage", lambda case, _: sum(s.days for s in model.STAGES[: case.stage]), 0.5,
                     "This counts the stage of discovery as well; when it begins, only the stages before it are spent."),
                Slip("days_ahead", lambda case, _: sum(s.days for s in model.STAGES[case.stage - 1 :]), 0.25,
                     "These are the days still ahead. Sunk are the days already spent."),
            ),
        ),
        Question(
            "rework_cost", "rework_cost", FUNCTION, 3, tolerance=1e-6,
            inputs=_rework_inputs, solve=_rework_results,
            concludes=lambda _: "base_days * 2 ** (stage - 1), and ValueError for a stage outside 1 to 6",
        ),
        Question(
            "gated_price", "gated_price", KINDS["days"], 2,
            solve=lambda case, _: _catch(case).price,
            work=lambda case: (Line(f"{_catch(case).gate_days} * 1 + 1 * 2 ** ({_catch(case).stage} - 1)", "gates and fix"),),
            slips=(
                Slip("gates_are_free", lambda case, _: _catch(case).multiplier, 0.5,
                     "The fix is right, but each active gate costs one person-day as well."),
                Slip("one_gate_paid", lambda case, _: _catch(case).multiplier + 1, 0.5,
                     "The fix is right, but every active gate is paid for, not only the one that catches."),
                Slip("own_base", lambda case, _: _catch(case).gate_days + case.base_days * _catch(case).multiplier, 0.5,
                     "The gates are right, but here the fix costs one person-day at stage 1, not b."),
                Slip("no_gates", lambda _, __: model.cost_multiplier(model.UNGATED_STAGE["memory"]), 0,
                     "This is the cost without any gate."),
            ),
        ),
        Question(
            "large_iterations", "large_iterations", KINDS["count"], 1,
            solve=lambda case, _: case.race(3).found.leader_iterations,
            work=lambda case: (Line(f"{case.weeks} * {model.HOURS_PER_WEEK} // {case.large_cycle}"),),
        ),
        Question(
            "small_iterations", "small_iterations", KINDS["count"], 1,
            solve=lambda case, _: case.race(3).found.challenger_iterations,
            work=lambda case: (Line(f"{case.weeks} * {model.HOURS_PER_WEEK} // {case.third_cycle}"),),
            slips=(
                Slip("one_week", lambda case, _: case.race(3).small.iterations(model.HOURS_PER_WEEK), 0.5,
                     "These are the iterations of one week; the window has more."),
                Slip("working_days", lambda case, _: case.weeks * 5 * 24 // case.third_cycle, 0.5,
                     "This counts five days a week. A week here is 168 hours, seven days."),
            ),
        ),
        Question(
            "large_limit", "large_limit", KINDS["accuracy"], 1, tolerance=0.01,
            solve=lambda case, _: case.race(3).large.limit(),
            work=lambda case: (_limit_line(case.race(3).large),),
            slips=(_gain_only(lambda case: case.race(3).large),),
        ),
        Question(
            "small_limit", "small_limit", KINDS["accuracy"], 1, tolerance=0.01,
            solve=lambda case, _: case.race(3).small.limit(),
            work=lambda case: (_limit_line(case.race(3).small),),
            slips=(_gain_only(lambda case: case.race(3).small),),
        ),
        Question(
            "linear_week", "linear_week", KINDS["week"], 3,
            solve=lambda case, _: case.race(1).found.week,
            work=lambda case: _linear_lines(case.race(1)),
            concludes=lambda case: f"so from week {case.race(1).found.week}",
            slips=(
                Slip("one_early", lambda case, _: _week_off(case.race(1), -1), 0.5,
                     "One week too early: at its end the small model is still behind. Round the crossing up."),
                Slip("one_late", lambda case, _: _week_off(case.race(1), 1), 0.5,
                     "One week too late: level counts, and so does the week before."),
                Slip("large_stands_still", lambda case, _: _standing_week(case.race(1)), 0.5,
                     "This is when the small model reaches the large one's start; but the large one gains, too."),
            ),
        ),
        Question(
            "saturating_week", "saturating_week", KINDS["week"], 3,
            solve=lambda case, _: case.race(2).found.week,
            work=lambda case: _saturating_lines(case.race(2)),
            concludes=lambda case: f"so from week {case.race(2).found.week}",
            slips=(
                Slip("one_early", lambda case, _: _week_off(case.race(2), -1), 0.5,
                     "One week too early: at its end the small model is still behind."),
                Slip("one_late", lambda case, _: _week_off(case.race(2), 1), 0.5,
                     "One week too late: try the week before."),
                Slip("as_if_linear", lambda case, _: _as_if_linear(case.race(2)), 0.25,
                     "This is the week without saturation; each gain is r times the one before."),
            ),
        ),
        Question(
            "third_week", "third_week", KINDS["week"], 3,
            solve=lambda case, _: case.race(3).found.week,
            work=lambda case: (_limit_line(case.race(3).small),),
            concludes=lambda case: f"below {case.race(3).large.start:g}, where the large model starts, so never",
            slips=(
                Slip("as_if_linear", lambda case, _: _as_if_linear(case.race(3)), 0.25,
                     "This is the week without saturation. What is the highest accuracy the small model can reach?"),
            ),
        ),
        Question(
            "level_day", "level_day", KINDS["day"], 3,
            solve=lambda case, _: level_in_week(case).day,
            work=_day_lines,
            slips=(
                Slip("one_early", lambda case, _: _day_off(case, -1), 0.5,
                     "One day too early: the first 24 hours are day 1, so the day is rounded up."),
                Slip("in_hours", lambda case, _: level_in_week(case).hour, 0.5,
                     "This is the hour; asked is the day."),
                Slip("in_iterations", lambda case, _: int(level_in_week(case).iterations.value), 0.5,
                     "This is how many iterations it takes; each has its cycle, and a day has 24 hours."),
                Slip("day_of_the_week", lambda case, _: _day_off(case, -7 * (case.fourth_week - 1)), 0.75,
                     "This is the day within the week; asked is the day of the project."),
            ),
        ),
        Question(
            "crossover_week", "crossover_week", FUNCTION, 4,
            inputs=lambda case: [arguments for arguments, _ in _crossover_trials(case)],
            solve=lambda case, _: [{"value": week} for _, week in _crossover_trials(case)],
            concludes=lambda _: "for each week up to the last, compare both accuracies at its end; the first that is not behind,"
                                " else None",
        ),
        Question(
            "phone_wh", "phone_wh", KINDS["wh_per_day"], 2, tolerance=0.05,
            solve=lambda case, _: _wh(case),
            work=lambda case: (Line(f"{case.power_w:g} * min({case.session_hours:g}, {case.phone_cycle}) * 24 / {case.phone_cycle}"),),
            slips=(
                Slip("uncut_session", lambda case, _: case.power_w * case.session_hours * 24 / case.phone_cycle, 0.5,
                     "A session can't last longer than its cycle: take the smaller of the two."),
                Slip("one_session", lambda case, _: case.power_w * case.session_hours, 0.25,
                     "This is one session; a day has 24 / c of them."),
            ),
        ),
        Question(
            "battery_ratio", "battery_ratio", KINDS["factor"], 1, tolerance=0.02, builds_on=("phone_wh",),
            solve=lambda case, earlier: earlier["phone_wh"] / case.battery_wh,
            work=lambda case: (Line(f"{_wh(case):g} / {case.battery_wh:g}"),),
            slips=(
                Slip("upside_down", lambda case, earlier: case.battery_wh / earlier["phone_wh"] if earlier["phone_wh"] else None, 0.5,
                     "This is battery by need; asked is need by battery."),
            ),
        ),
        Question(
            "shortest_cycle", "shortest_cycle", KINDS["hours"], 2,
            solve=lambda case, _: _shortest_cycle(case),
            work=lambda case: (Line(f"{case.power_w:g} * {case.session_hours:g} * 24 / {case.battery_wh:g}", "cycles fit from"),),
            concludes=lambda case: f"in the list: {_shortest_cycle(case)}",
            slips=(
                Slip("with_margin", lambda case, _: min((c for c in case.cycles if c > (_shortest_cycle(case) or 0)),
                     default=None), 0.5,
                     "This fits, but a shorter one does too: using the battery to the last Wh still fits."),
            ),
        ),
        Question(
            "longest_session", "longest_session", KINDS["hours"], 2, tolerance=0.005,
            solve=lambda case, _: min(case.session_cycle, case.battery_wh * case.session_cycle / (24 * case.power_w)),
            work=lambda case: (Line(f"{case.battery_wh:g} / (24 / {case.session_cycle}) / {case.power_w:g}"),),
            slips=(
                Slip("whole_battery", lambda case, _: case.battery_wh / case.power_w, 0.5,
                     "This empties the battery in one session, but a day has 24 / c of them."),
            ),
        ),
        Question(
            "cloud_kwh", "cloud_kwh", KINDS["kwh"], 2, tolerance=0.5,
            solve=lambda case, _: _cloud(case).kwh,
            work=lambda case: (Line(f"{_trained(case)} * {case.cloud_power_w / 1000:g}"),),
            slips=(
                Slip("in_wh", lambda case, _: _cloud(case).kwh * 1000, 0.5, "This is in Wh; asked are kWh."),
                Slip("without_pause", lambda case, _: _cloud(case, case.cloud_cycle).kwh, 0.5,
                     "This is training without pause; each iteration only needs its session."),
            ),
        ),
        Question(
            "cloud_dollars", "cloud_dollars", KINDS["dollars"], 2, tolerance=0.5, builds_on=("cloud_kwh",),
            solve=lambda case, earlier: earlier["cloud_kwh"] / (case.cloud_power_w / 1000) * case.cloud_price,
            work=lambda case: (Line(f"{_trained(case)} * {case.cloud_price:g}"),),
            slips=(
                Slip("price_per_kwh", lambda case, earlier: earlier["cloud_kwh"] * case.cloud_price, 0.25,
                     "The rent is for an hour of training, not for a kWh."),
            ),
        ),
    )
}  # fmt: skip


def truth(question: Question, case: Case) -> dict[str, Number | None]:
    """Return the right answers to what `question` builds on."""
    return {name: QUESTIONS[name].solve(case, truth(QUESTIONS[name], case)) for name in question.builds_on}
