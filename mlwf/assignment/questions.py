"""The questions, as data. To add one: an entry here, and two cells in the source notebook.

A question's `solve` is the one place where its answer is worked out, by the reference model. `slips` are the mistakes that
we recognise by the value they lead to, each with its share of the points and the sentence that helps. What takes more than a
line to work out is a function in `solving`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlwf import model
from mlwf.assignment import solving
from mlwf.assignment.answers import KINDS, Kind, Number
from mlwf.assignment.case import Case
from mlwf.assignment.work import Line

FUNCTION = Kind("a function", 0, 0)
GAIN_ONLY = "This is what the model gains in all; add it to where it starts."


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
        the list of results for `inputs`, as `mlwf.plain.call_plainly` delivers them.
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
            solve=lambda case, _: solving.latest_stage(case),
            work=solving.stage_lines,
            concludes=lambda case: f"so stage {solving.latest_stage(case)}",
            slips=(
                Slip("less_than", lambda case, _: solving.latest_stage(case) - 1, 0.5,
                     "One stage too early: a fix that costs exactly the allowed days is still allowed."),
                Slip("one_late", lambda case, _: solving.latest_stage(case) + 1, 0.5,
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
            inputs=solving.rework_inputs,
            solve=lambda case, _: solving.rework_results(case),
            concludes=lambda _: "base_days * 2 ** (stage - 1), and ValueError for a stage outside 1 to 6",
        ),
        Question(
            "gated_price", "gated_price", KINDS["days"], 2,
            solve=lambda case, _: solving.catch(case).price,
            work=lambda case: (Line(f"{solving.catch(case).gate_days} * 1 + 1 * 2 ** ({solving.catch(case).stage} - 1)", "gates and fix"),),
            slips=(
                Slip("gates_are_free", lambda case, _: solving.catch(case).multiplier, 0.5,
                     "The fix is right, but each active gate costs one person-day as well."),
                Slip("one_gate_paid", lambda case, _: solving.catch(case).multiplier + 1, 0.5,
                     "The fix is right, but every active gate is paid for, not only the one that catches."),
                Slip("own_base", lambda case, _: solving.catch(case).gate_days + case.base_days * solving.catch(case).multiplier, 0.5,
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
            work=lambda case: (solving.limit_line(case.race(3).large),),
            slips=(Slip("gain_only", lambda case, _: solving.gain_in_all(case.race(3).large), 0.5, GAIN_ONLY),),
        ),
        Question(
            "small_limit", "small_limit", KINDS["accuracy"], 1, tolerance=0.01,
            solve=lambda case, _: case.race(3).small.limit(),
            work=lambda case: (solving.limit_line(case.race(3).small),),
            slips=(Slip("gain_only", lambda case, _: solving.gain_in_all(case.race(3).small), 0.5, GAIN_ONLY),),
        ),
        Question(
            "linear_week", "linear_week", KINDS["week"], 3,
            solve=lambda case, _: case.race(1).found.week,
            work=lambda case: solving.linear_lines(case.race(1)),
            concludes=lambda case: f"so from week {case.race(1).found.week}",
            slips=(
                Slip("one_early", lambda case, _: solving.week_off(case.race(1), -1), 0.5,
                     "One week too early: at its end the small model is still behind. Round the crossing up."),
                Slip("one_late", lambda case, _: solving.week_off(case.race(1), 1), 0.5,
                     "One week too late: level counts, and so does the week before."),
                Slip("large_stands_still", lambda case, _: solving.standing_week(case.race(1)), 0.5,
                     "This is when the small model reaches the large one's start; but the large one gains, too."),
            ),
        ),
        Question(
            "saturating_week", "saturating_week", KINDS["week"], 3,
            solve=lambda case, _: case.race(2).found.week,
            work=lambda case: solving.saturating_lines(case.race(2)),
            concludes=lambda case: f"so from week {case.race(2).found.week}",
            slips=(
                Slip("one_early", lambda case, _: solving.week_off(case.race(2), -1), 0.5,
                     "One week too early: at its end the small model is still behind."),
                Slip("one_late", lambda case, _: solving.week_off(case.race(2), 1), 0.5,
                     "One week too late: try the week before."),
                Slip("as_if_linear", lambda case, _: solving.week_as_if_linear(case.race(2)), 0.25,
                     "This is the week without saturation; each gain is r times the one before."),
            ),
        ),
        Question(
            "third_week", "third_week", KINDS["week"], 3,
            solve=lambda case, _: case.race(3).found.week,
            work=lambda case: (solving.limit_line(case.race(3).small),),
            concludes=lambda case: f"below {case.race(3).large.start:g}, where the large model starts, so never",
            slips=(
                Slip("as_if_linear", lambda case, _: solving.week_as_if_linear(case.race(3)), 0.25,
                     "This is the week without saturation. What is the highest accuracy the small model can reach?"),
            ),
        ),
        Question(
            "level_day", "level_day", KINDS["day"], 3,
            solve=lambda case, _: solving.level_in_week(case).day,
            work=solving.level_day_lines,
            slips=(
                Slip("one_early", lambda case, _: solving.day_off(case, -1), 0.5,
                     "One day too early: the first 24 hours are day 1, so the day is rounded up."),
                Slip("in_hours", lambda case, _: solving.level_in_week(case).hour, 0.5,
                     "This is the hour; asked is the day."),
                Slip("in_iterations", lambda case, _: int(solving.level_in_week(case).iterations.value), 0.5,
                     "This is how many iterations it takes; each has its cycle, and a day has 24 hours."),
                Slip("day_of_the_week", lambda case, _: solving.day_off(case, -7 * (case.fourth_week - 1)), 0.75,
                     "This is the day within the week; asked is the day of the project."),
            ),
        ),
        Question(
            "crossover_week", "crossover_week", FUNCTION, 4,
            inputs=lambda case: [arguments for arguments, _ in solving.crossover_trials(case)],
            solve=lambda case, _: [{"value": week} for _, week in solving.crossover_trials(case)],
            concludes=lambda _: "for each week up to the last, compare both accuracies at its end; the first that is not behind,"
                                " else None",
        ),
        Question(
            "phone_wh", "phone_wh", KINDS["wh_per_day"], 2, tolerance=0.05,
            solve=lambda case, _: solving.phone_wh(case),
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
            work=lambda case: (Line(f"{solving.phone_wh(case):g} / {case.battery_wh:g}"),),
            slips=(
                Slip("upside_down", lambda case, earlier: case.battery_wh / earlier["phone_wh"] if earlier["phone_wh"] else None, 0.5,
                     "This is battery by need; asked is need by battery."),
            ),
        ),
        Question(
            "shortest_cycle", "shortest_cycle", KINDS["hours"], 2,
            solve=lambda case, _: solving.shortest_cycle(case),
            work=lambda case: (Line(f"{case.power_w:g} * {case.session_hours:g} * 24 / {case.battery_wh:g}", "cycles fit from"),),
            concludes=lambda case: f"in the list: {solving.shortest_cycle(case)}",
            slips=(
                Slip("with_margin", lambda case, _: min((c for c in case.cycles if c > (solving.shortest_cycle(case) or 0)),
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
            solve=lambda case, _: solving.cloud_bill(case).kwh,
            work=lambda case: (Line(f"{solving.hours_trained(case)} * {case.cloud_power_w / 1000:g}"),),
            slips=(
                Slip("in_wh", lambda case, _: solving.cloud_bill(case).kwh * 1000, 0.5, "This is in Wh; asked are kWh."),
                Slip("without_pause", lambda case, _: solving.cloud_bill(case, case.cloud_cycle).kwh, 0.5,
                     "This is training without pause; each iteration only needs its session."),
            ),
        ),
        Question(
            "cloud_dollars", "cloud_dollars", KINDS["dollars"], 2, tolerance=0.5, builds_on=("cloud_kwh",),
            solve=lambda case, earlier: earlier["cloud_kwh"] / (case.cloud_power_w / 1000) * case.cloud_price,
            work=lambda case: (Line(f"{solving.hours_trained(case)} * {case.cloud_price:g}"),),
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
