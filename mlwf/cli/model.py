"""`mlwf cost | crossover | energy | gates`: the model's answers, with the formula filled in."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from mlwf import model

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of words.")
weeks_option = click.option(
    "--weeks", type=int, default=26, show_default=True, help="Project window in weeks, 0 to 520."
)


@contextmanager
def usage_errors(option: str) -> Iterator[None]:
    """Turn the model's refusal of a value into a one-line usage error that names `option`."""
    try:
        yield
    except (TypeError, ValueError) as error:
        # The model names its own argument first; here that is the option.
        refusal = str(error).split(" ", 1)[1]
        raise click.UsageError(f"{option} {refusal}", click.get_current_context()) from error


def answer(as_json: bool, values: Mapping[str, Any], words: str) -> None:
    click.echo(json.dumps(values) if as_json else words)


class StageParameter(click.ParamType[int]):
    """A stage by its number or its name."""

    name = "stage"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        names = [stage.name for stage in model.STAGES]
        numbers = {str(number): number for number in range(1, len(names) + 1)}
        by_name = {name.lower(): number for number, name in enumerate(names, start=1)}
        stage = numbers.get(value) or by_name.get(value.lower())
        if stage is None:
            self.fail(f"{value!r} is no stage; give 1 to {len(names)} or one of {', '.join(names)}.", param, ctx)
        return stage


@click.command()
@click.argument("stage", type=StageParameter())
@as_json
def cost(stage: int, as_json: bool) -> None:
    """What it costs to find a constraint at STAGE.

    STAGE is 1 to 6, or a name: Requirements, Data, Modeling, Evaluation, Deployment, Monitoring.

    \b
    Example: mlwf cost 5
    """
    multiplier, sunk = model.cost_multiplier(stage), model.sunk_days(stage)
    finished = [str(done.days) for done in model.STAGES[: stage - 1]]
    share = sunk / model.TOTAL_DAYS
    answer(
        as_json,
        {"multiplier": multiplier, "sunk_days": sunk, "stages_to_redo": model.stages_to_redo(stage)},
        f"Found at stage {stage} ({model.STAGES[stage - 1].name}):\n"
        f"  cost multiplier  2^({stage}-1) = {multiplier} times the cost at stage 1\n"
        f"  sunk by then     {' + '.join(finished)}{' = ' if finished else ''}{sunk} of {model.TOTAL_DAYS}"
        f" person-days ({share:.0%})\n"
        f"  stages to redo   {model.stages_to_redo(stage)}",
    )


@click.command()
@click.option(
    "--large-cycle", type=int, default=168, show_default=True, help="Hours for an iteration of the large model."
)
@click.option(
    "--small-cycle", type=int, default=1, show_default=True, help="Hours for an iteration of the small model."
)
@click.option(
    "--decay",
    type=float,
    default=0.95,
    show_default=True,
    help="What a gain is worth beside the one before; 1 is linear.",
)
@weeks_option
@as_json
def crossover(large_cycle: int, small_cycle: int, decay: float, weeks: int, as_json: bool) -> None:
    """When the small model overtakes the large one.

    \b
    Large: starts at 95 %, gains 0.15 points at first. Small: 90 %, 0.10 points.
    Example: mlwf crossover --small-cycle 24 --decay 0.99
    """
    with usage_errors("--decay"):
        large, small = model.large_strategy(decay=decay), model.small_strategy(decay=decay)
    with usage_errors("--large-cycle"):
        large = model.large_strategy(large_cycle, decay)
    with usage_errors("--small-cycle"):
        small = model.small_strategy(small_cycle, decay)
    with usage_errors("--weeks"):
        found = model.crossover(small, large, weeks)
    answer(
        as_json,
        {
            "week": found.week,
            "hour": found.hour,
            "sustained_hour": found.sustained_hour,
            "large_final": found.leader_final,
            "small_final": found.challenger_final,
            "large_limit": found.leader_limit,
            "small_limit": found.challenger_limit,
            "large_iterations": found.leader_iterations,
            "small_iterations": found.challenger_iterations,
        },
        f"{found.in_words()}\n"
        f"{_strategy_in_words(large, found.leader_iterations, found.leader_final)}\n"
        f"{_strategy_in_words(small, found.challenger_iterations, found.challenger_final)}",
    )


def _strategy_in_words(strategy: model.Strategy, iterations: int, final: float) -> str:
    if strategy.linear:
        formula = f"{strategy.start:g} + {strategy.gain:g} * {iterations:,}"
    else:
        decay = f"{strategy.decay:g}"
        formula = f"{strategy.start:g} + {strategy.gain:g} * (1 - {decay}^{iterations:,}) / (1 - {decay})"
    return (
        f"  {strategy.name}  {iterations:5,} iterations  min({strategy.ceiling:g}, {formula}) = {final:.2f} %"
        f"  (limit {strategy.limit():.2f} %)"
    )


@click.command()
@click.option("--device", type=click.Choice(["mobile", "cloud"]), required=True, help="Where the training runs.")
@click.option("--cycle", type=float, default=1, show_default=True, help="Hours from one iteration to the next.")
@click.option("--session", type=float, default=2, show_default=True, help="Hours of training that one iteration needs.")
@weeks_option
@as_json
def energy(device: str, cycle: float, session: float, weeks: int, as_json: bool) -> None:
    """What iterating costs in Wh a day, or in dollars.

    On the phone a day's training is compared with the battery; in the cloud the window's kWh and rent are added up.

    \b
    Example: mlwf energy --device mobile --cycle 24
    """
    with usage_errors("--cycle"):
        model.wh_per_day(0, cycle, 1)
    with usage_errors("--session"):
        model.wh_per_day(0, 1, session)
    with usage_errors("--weeks"):
        bill = model.cloud_bill(model.CLOUD, cycle, session, weeks)
    if device == "cloud":
        answer(
            as_json,
            {"kwh": bill.kwh, "dollars": bill.dollars},
            f"{model.CLOUD.name}, {weeks} weeks: {bill.kwh:,.1f} kWh and ${bill.dollars:,.2f}\n"
            f"  every iteration trains for min({session:g}, {cycle:g}) h"
            f" at {model.CLOUD.power_w:g} W and ${model.CLOUD.price_per_hour:g} an hour",
        )
        return
    budget = model.battery_budget(model.MOBILE, cycle, session)
    answer(
        as_json,
        {
            "wh_per_day": budget.wh_per_day,
            "battery_wh": budget.battery_wh,
            "ratio": budget.ratio,
            "fits": budget.fits,
        },
        f"{model.MOBILE.name}: {model.MOBILE.power_w:g} W * min({session:g}, {cycle:g}) h * 24 / {cycle:g} h"
        f" = {budget.wh_per_day:.2f} Wh/day\n"
        f"  {'fits' if budget.fits else 'does not fit'}: {budget.ratio:.2f} times the battery of"
        f" {budget.battery_wh:g} Wh",
    )


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--constraint", type=click.Choice(model.CONSTRAINTS), default="memory", show_default=True)
@as_json
def gates(names: tuple[str, ...], constraint: str, as_json: bool) -> None:
    """Where a constraint is found with gates NAME.

    \b
    memory_budget (stage 1), latency_budget (1), schema_validation (2),
    memory_profiling (3), on_device_test (4), staged_rollout (5).
    Example: mlwf gates memory_profiling on_device_test
    """
    with usage_errors("NAME"):
        found = model.catch(names, constraint)
    how = f"caught by {found.gate.name}" if found.gate else "caught by no gate, it shows itself"
    answer(
        as_json,
        {
            "stage": found.stage,
            "multiplier": found.multiplier,
            "days_at_risk": found.days_at_risk,
            "gate_days": found.gate_days,
            "price": found.price,
            "prevented": found.prevented,
        },
        f"The {constraint} constraint is {how} at stage {found.stage} ({model.STAGES[found.stage - 1].name})"
        f"{': prevented' if found.prevented else ''}.\n"
        f"  multiplier    2^({found.stage}-1) = {found.multiplier}\n"
        f"  days at risk  {found.days_at_risk} person-days\n"
        f"  price         {found.gate_days} for gates + {found.multiplier} for the fix = {found.price} person-days",
    )
