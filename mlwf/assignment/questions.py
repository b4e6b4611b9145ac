"""The questions, as data. To add one: an entry here, and two cells in the source notebook.

A question's `solve` is the one place where its answer is worked out, by the reference model. `slips` are the mistakes that
we recognise by the value they lead to, each with its share of the points and the sentence that helps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlwf import model
from mlwf.assignment.answers import KINDS, Kind, Number
from mlwf.assignment.case import Case

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
    formula : callable
        ``formula(case)``: the way there with the numbers filled in, for the feedback.
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
    formula: Callable[[Case], str]
    tolerance: float = 0.0
    builds_on: tuple[str, ...] = ()
    follow_through: float = 0.75
    slips: tuple[Slip, ...] = ()
    inputs: Callable[[Case], list[tuple[Any, ...]]] | None = None


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


def _latest_stage(case: Case, base: int = 2) -> int:
    stages = range(1, len(model.STAGES) + 1)
    return max((n for n in stages if case.base_days * base ** (n - 1) <= case.most_days), default=0)


def _catch(case: Case) -> model.Catch:
    return model.catch(case.gates, "memory")


def _linear(case: Case) -> model.Crossover:
    return model.crossover(case.small(case.linear_cycle, 1), case.large(1), case.weeks)


def _saturating(case: Case) -> model.Crossover:
    small = case.small(case.saturating_cycle, case.saturating_decay)
    return model.crossover(small, case.large(case.saturating_decay), case.weeks)


def _third(case: Case) -> model.Crossover:
    small = case.small(case.third_cycle, case.third_decay)
    return model.crossover(small, case.large(case.third_decay), case.weeks)


def _wh(case: Case) -> float:
    return model.wh_per_day(case.power_w, case.phone_cycle, case.session_hours)


def _shortest_cycle(case: Case) -> int | None:
    phone = model.Device("phone", case.power_w, case.battery_wh, 0)
    return min(model.fitting_cycles(phone, case.cycles, case.session_hours), default=None)


def _cloud(case: Case, session_hours: float | None = None) -> model.CloudBill:
    node = model.Device("cloud node", case.cloud_power_w, None, case.cloud_price)
    return model.cloud_bill(node, case.cloud_cycle, session_hours or case.session_hours, case.weeks)


def _stage_days(case: Case) -> str:
    days = [str(stage.days) for stage in model.STAGES[: case.stage - 1]]
    return " + ".join(days) or "nothing is finished yet"


def _race(case: Case, small: model.Strategy, week: int) -> str:
    large = case.large(small.decay)
    rows = []
    for strategy in (small, large):
        k = strategy.iterations(week * model.HOURS_PER_WEEK)
        rows.append(f"{strategy.name} {strategy.accuracy(k):.2f} % after {k} iterations")
    return f"week {week}: " + ", ".join(rows)


def _crossing(case: Case, small: model.Strategy) -> str:
    week = model.crossover(small, case.large(small.decay), case.weeks).week
    return "; ".join(_race(case, small, w) for w in (week - 1, week)) if week else _race(case, small, case.weeks)


def _week_off(race: model.Crossover, weeks: int) -> int | None:
    return None if race.week is None else race.week + weeks


def _limit_formula(strategy: model.Strategy) -> str:
    s = strategy
    return f"min({s.ceiling:g}, {s.start:g} + {s.gain:g} / (1 - {s.decay:g})) = {s.limit():g}"


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
            formula=lambda case: f"2^(N-1) = 2^({case.stage}-1) = {model.cost_multiplier(case.stage)}",
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
            formula=lambda case: f"b * 2^(N-1) = {case.base_days:g} * {model.cost_multiplier(case.stage)}"
                                 f" = {model.rework_days(case.stage, case.base_days):g}",
            slips=(
                Slip("added", lambda case, earlier: case.base_days + earlier["multiplier"], 0.25,
                     "The multiplier multiplies what the fix costs at stage 1; here it was added."),
            ),
        ),
        Question(
            "latest_stage", "latest_stage", KINDS["stage"], 2,
            solve=lambda case, _: _latest_stage(case),
            formula=lambda case: f"{case.base_days:g} * 2^(N-1) <= {case.most_days:g} holds up to N = {_latest_stage(case)}",
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
            formula=lambda case: f"{_stage_days(case)} = {model.sunk_days(case.stage)}",
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
            formula=lambda _: "base_days * 2 ** (stage - 1), and ValueError for a stage outside 1 to 6",
        ),
        Question(
            "gated_price", "gated_price", KINDS["days"], 2,
            solve=lambda case, _: _catch(case).price,
            formula=lambda case: f"{_catch(case).gate_days} for the gates + 2^({_catch(case).stage}-1) ="
                                 f" {_catch(case).price}",
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
            solve=lambda case, _: _third(case).leader_iterations,
            formula=lambda case: f"{case.weeks} * 168 / {case.large_cycle}, rounded down"
                                 f" = {_third(case).leader_iterations}",
        ),
        Question(
            "small_iterations", "small_iterations", KINDS["count"], 1,
            solve=lambda case, _: _third(case).challenger_iterations,
            formula=lambda case: f"{case.weeks} * 168 / {case.third_cycle}, rounded down"
                                 f" = {_third(case).challenger_iterations}",
            slips=(
                Slip("one_week", lambda case, _: case.small(case.third_cycle, 1).iterations(168), 0.5,
                     "These are the iterations of one week; the window has more."),
                Slip("working_days", lambda case, _: case.weeks * 5 * 24 // case.third_cycle, 0.5,
                     "This counts five days a week. A week here is 168 hours, seven days."),
            ),
        ),
        Question(
            "large_limit", "large_limit", KINDS["accuracy"], 1, tolerance=0.01,
            solve=lambda case, _: case.large(case.third_decay).limit(),
            formula=lambda case: _limit_formula(case.large(case.third_decay)),
            slips=(_gain_only(lambda case: case.large(case.third_decay)),),
        ),
        Question(
            "small_limit", "small_limit", KINDS["accuracy"], 1, tolerance=0.01,
            solve=lambda case, _: case.small(case.third_cycle, case.third_decay).limit(),
            formula=lambda case: _limit_formula(case.small(case.third_cycle, case.third_decay)),
            slips=(_gain_only(lambda case: case.small(case.third_cycle, case.third_decay)),),
        ),
        Question(
            "linear_week", "linear_week", KINDS["week"], 3,
            solve=lambda case, _: _linear(case).week,
            formula=lambda case: _crossing(case, case.small(case.linear_cycle, 1)),
            slips=(
                Slip("one_early", lambda case, _: _week_off(_linear(case), -1), 0.5,
                     "One week too early: at its end the small model is still behind. Round the crossing up."),
                Slip("one_late", lambda case, _: _week_off(_linear(case), 1), 0.5,
                     "One week too late: level counts, and so does the week before."),
            ),
        ),
        Question(
            "saturating_week", "saturating_week", KINDS["week"], 3,
            solve=lambda case, _: _saturating(case).week,
            formula=lambda case: _crossing(case, case.small(case.saturating_cycle, case.saturating_decay)),
            slips=(
                Slip("one_early", lambda case, _: _week_off(_saturating(case), -1), 0.5,
                     "One week too early: at its end the small model is still behind."),
                Slip("one_late", lambda case, _: _week_off(_saturating(case), 1), 0.5,
                     "One week too late: try the week before."),
                Slip("as_if_linear", lambda case, _: model.crossover(
                     case.small(case.saturating_cycle, 1), case.large(1), case.weeks).week, 0.25,
                     "This is the week without saturation; each gain is r times the one before."),
            ),
        ),
        Question(
            "third_week", "third_week", KINDS["week"], 3,
            solve=lambda case, _: _third(case).week,
            formula=lambda case: "never: the small model's limit is"
                                 f" {case.small(case.third_cycle, case.third_decay).limit():g} %, and the large model"
                                 f" starts at {case.large(case.third_decay).start:g} %",
            slips=(
                Slip("as_if_linear", lambda case, _: model.crossover(
                     case.small(case.third_cycle, 1), case.large(1), case.weeks).week, 0.25,
                     "This is the week without saturation. What is the highest accuracy the small model can reach?"),
            ),
        ),
        Question(
            "phone_wh", "phone_wh", KINDS["wh_per_day"], 2, tolerance=0.05,
            solve=lambda case, _: _wh(case),
            formula=lambda case: f"P * min(s, c) * 24 / c = {case.power_w:g} * min({case.session_hours:g}, {case.phone_cycle})"
                                 f" * 24 / {case.phone_cycle} = {_wh(case):g}",
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
            formula=lambda case: f"{_wh(case):g} / {case.battery_wh:g} = {_wh(case) / case.battery_wh:g}",
            slips=(
                Slip("upside_down", lambda case, earlier: case.battery_wh / earlier["phone_wh"] if earlier["phone_wh"] else None, 0.5,
                     "This is battery by need; asked is need by battery."),
            ),
        ),
        Question(
            "shortest_cycle", "shortest_cycle", KINDS["hours"], 2,
            solve=lambda case, _: _shortest_cycle(case),
            formula=lambda case: f"P * s * 24 / c <= {case.battery_wh:g} for c >="
                                 f" {case.power_w * case.session_hours * 24 / case.battery_wh:g}; in the list:"
                                 f" {_shortest_cycle(case)}",
            slips=(
                Slip("with_margin", lambda case, _: min((c for c in case.cycles if c > (_shortest_cycle(case) or 0)),
                     default=None), 0.5,
                     "This fits, but a shorter one does too: using the battery to the last Wh still fits."),
            ),
        ),
        Question(
            "longest_session", "longest_session", KINDS["hours"], 2, tolerance=0.005,
            solve=lambda case, _: min(case.session_cycle, case.battery_wh * case.session_cycle / (24 * case.power_w)),
            formula=lambda case: f"battery * c / (24 * P) = {case.battery_wh:g} * {case.session_cycle}"
                                 f" / (24 * {case.power_w:g})"
                                 f" = {case.battery_wh * case.session_cycle / (24 * case.power_w):g}",
            slips=(
                Slip("whole_battery", lambda case, _: case.battery_wh / case.power_w, 0.5,
                     "This empties the battery in one session, but a day has 24 / c of them."),
            ),
        ),
        Question(
            "cloud_kwh", "cloud_kwh", KINDS["kwh"], 2, tolerance=0.5,
            solve=lambda case, _: _cloud(case).kwh,
            formula=lambda case: f"{case.weeks} * 168 / {case.cloud_cycle} iterations of"
                                 f" min({case.session_hours:g}, {case.cloud_cycle}) h at {case.cloud_power_w / 1000:g} kW"
                                 f" = {_cloud(case).kwh:g}",
            slips=(
                Slip("in_wh", lambda case, _: _cloud(case).kwh * 1000, 0.5, "This is in Wh; asked are kWh."),
                Slip("without_pause", lambda case, _: _cloud(case, case.cloud_cycle).kwh, 0.5,
                     "This is training without pause; each iteration only needs its session."),
            ),
        ),
        Question(
            "cloud_dollars", "cloud_dollars", KINDS["dollars"], 2, tolerance=0.5, builds_on=("cloud_kwh",),
            solve=lambda case, earlier: earlier["cloud_kwh"] / (case.cloud_power_w / 1000) * case.cloud_price,
            formula=lambda case: f"{_cloud(case).kwh:g} kWh / {case.cloud_power_w / 1000:g} kW * ${case.cloud_price:g}"
                                 f" = ${_cloud(case).dollars:,.2f}",
            slips=(
                Slip("price_per_kwh", lambda case, earlier: earlier["cloud_kwh"] * case.cloud_price, 0.25,
                     "The rent is for an hour of training, not for a kWh."),
            ),
        ),
    )
}  # fmt: skip
