"""`mlwf cost | crossover | energy | gates`, as a script and as a person call them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlwf.cli import main

MLWF = Path(sys.executable).parent / "mlwf"


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return ended.value.code or 0, out, err


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("cost 5", {"multiplier": 16, "sunk_days": 135, "stages_to_redo": 4}),
        ("cost deployment", {"multiplier": 16, "sunk_days": 135, "stages_to_redo": 4}),
        ("crossover", {"week": None, "hour": None, "sustained_hour": None, "large_final": 97.21, "small_final": 92.0, "large_limit": 98.0, "small_limit": 92.0, "large_iterations": 26, "small_iterations": 4368}),
        ("crossover --decay 0.99", {"week": 1, "hour": 69, "sustained_hour": 69, "large_final": 98.45, "small_final": 99.0, "large_limit": 99.0, "small_limit": 99.0, "large_iterations": 26, "small_iterations": 4368}),
        ("crossover --decay 0.99 --small-cycle 24", {"week": None, "hour": 3816, "sustained_hour": 4296, "large_final": 98.45, "small_final": 98.39, "large_limit": 99.0, "small_limit": 99.0, "large_iterations": 26, "small_iterations": 182}),
        ("crossover --decay 1 --small-cycle 24", {"week": 10, "hour": 1488, "sustained_hour": 1536, "large_final": 98.9, "small_final": 99.0, "large_limit": 99.0, "small_limit": 99.0, "large_iterations": 26, "small_iterations": 182}),
        ("energy --device mobile", {"wh_per_day": 120.0, "battery_wh": 10.0, "ratio": 12.0, "fits": False}),
        ("energy --device mobile --cycle 24", {"wh_per_day": 10.0, "battery_wh": 10.0, "ratio": 1.0, "fits": True}),
        ("energy --device cloud --session 1", {"kwh": 3057.6, "dollars": 13104.0}),
        ("gates", {"stage": 5, "multiplier": 16, "days_at_risk": 135, "gate_days": 0, "price": 16, "prevented": False}),
        ("gates memory_budget latency_budget", {"stage": 1, "multiplier": 1, "days_at_risk": 0, "gate_days": 2, "price": 3, "prevented": True}),
        ("gates staged_rollout --constraint schema", {"stage": 5, "multiplier": 16, "days_at_risk": 135, "gate_days": 1, "price": 17, "prevented": False}),
    ],
)  # fmt: skip
def test_json_has_the_promised_keys_and_the_facts(capsys, command, answer):
    """May a script rely on these keys, and are the numbers those of the model?"""
    code, out, err = run(capsys, *command.split(), "--json")
    assert (code, err) == (0, "")
    said = json.loads(out)
    assert list(said) == list(answer)
    assert said == pytest.approx(answer, abs=0.005)


@pytest.mark.parametrize(
    ("command", "phrases"),
    [
        ("cost 5", ["2^(5-1) = 16", "5 + 30 + 60 + 40 = 135 of 150"]),
        ("cost 1", ["2^(1-1) = 1", "0 of 150"]),
        ("crossover", ["never draws level", "95 + 0.15 * (1 - 0.95^26) / (1 - 0.95)"]),
        ("crossover --decay 1", ["hour 50", "90 + 0.1 * 4,368"]),
        ("energy --device mobile", ["5 W * min(2, 1) h * 24 / 1 h = 120.00 Wh/day", "does not fit"]),
        ("energy --device cloud", ["3,057.6 kWh and $13,104.00"]),
        ("gates memory_profiling", ["caught by memory_profiling at stage 3", "1 for gates + 4 for the fix = 5"]),
    ],
)
def test_words_have_the_formula_filled_in(capsys, command, phrases):
    """Can a student follow the answer by hand?"""
    code, out, _ = run(capsys, *command.split())
    assert code == 0
    for phrase in phrases:
        assert phrase in out


@pytest.mark.parametrize(
    "command",
    [
        "cost 0", "cost 7", "cost x", "cost", "cost 1.5", "cost -1", "crossover --decay 0", "crossover --decay nan", "crossover --decay 2",
        "crossover --small-cycle 0", "crossover --large-cycle 9000", "crossover --weeks -1", "crossover --weeks 521", "crossover --weeks 1.5",
        "energy", "energy --device toaster", "energy --device mobile --cycle 0", "energy --device mobile --cycle inf",
        "energy --device cloud --session -1", "energy --device cloud --weeks 521", "gates nonsense", "gates --constraint cost", "nonsense",
        "cost 5 6", "course nonsense",
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(capsys, command):
    """Is wrong use said in one line on stderr that names the command, and never in a traceback?"""
    code, out, err = run(capsys, *command.split())
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("mlwf")
    assert "--help" in err


def test_the_option_at_fault_is_named(capsys):
    """Does the message say which of the options is wrong, and what would do?"""
    _, _, err = run(capsys, "crossover", "--small-cycle", "0")
    assert "--small-cycle" in err
    assert "from 1 to 8,736, not 0" in err


@pytest.mark.parametrize("command", ["", "cost", "crossover", "energy", "gates", "course", "course demo"])
def test_help_helps(capsys, command):
    """Does every command explain itself, with exit code 0?"""
    code, out, _ = run(capsys, *command.split(), "--help")
    assert code == 0
    assert "Usage: mlwf" in out


def test_the_command_works_without_activating_the_environment():
    """Does `.venv/bin/mlwf` answer from any folder and with a bare PATH?"""
    done = subprocess.run(
        [MLWF, "cost", "3", "--json"],
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["multiplier"] == 4
