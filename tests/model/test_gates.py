"""The rule book of the gates, read against tables that were written by hand from the story and not from the code."""

import itertools

import pytest

from mlwf.model import CONSTRAINTS, GATE_DAYS, GATES, UNGATED_STAGE, catch

NAMES = (
    "memory_budget",
    "latency_budget",
    "schema_validation",
    "memory_profiling",
    "on_device_test",
    "staged_rollout",
)
# Who finds it, earliest first; last, the stage at which it shows itself.
FINDERS = {
    "memory": [("memory_budget", 1), ("memory_profiling", 3), ("on_device_test", 4), (None, 5)],
    "latency": [("latency_budget", 1), ("on_device_test", 4), ("staged_rollout", 5), (None, 6)],
    "schema": [("schema_validation", 2), ("staged_rollout", 5), (None, 6)],
}
# stage -> cost multiplier, person-days spent by then
COST = {1: (1, 0), 2: (2, 5), 3: (4, 35), 4: (8, 95), 5: (16, 135), 6: (32, 145)}
SUBSETS = [subset for size in range(7) for subset in itertools.combinations(NAMES, size)]
every_constraint = pytest.mark.parametrize("constraint", FINDERS)


def test_the_rule_book():
    """Are these the gates, each at its stage and with a label to show, and is a gate one person-day?"""
    assert {name: gate.stage for name, gate in GATES.items()} == dict(zip(NAMES, (1, 1, 2, 3, 4, 5), strict=True))
    assert all(gate.name == name and gate.label for name, gate in GATES.items())
    assert CONSTRAINTS == ("memory", "latency", "schema")
    assert UNGATED_STAGE == {"memory": 5, "latency": 6, "schema": 6}
    assert GATE_DAYS == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_gate_acts(name):
    """Does each gate see exactly the constraints of the story, so that no switch in the designer is dead?"""
    assert GATES[name].sees == {constraint for constraint, finders in FINDERS.items() if name in dict(finders)}
    assert GATES[name].sees


# Stage of discovery with no gate, and with each single one in the order of NAMES.
SINGLE = {
    "memory": (5, 1, 5, 5, 3, 4, 5),
    "latency": (6, 6, 1, 6, 6, 4, 5),
    "schema": (6, 6, 6, 2, 6, 6, 5),
}


@every_constraint
def test_single_gates(constraint):
    """Where does a constraint come to light with no gate, and with each of them alone?"""
    alone = [(), *((name,) for name in NAMES)]
    assert tuple(catch(active, constraint).stage for active in alone) == SINGLE[constraint]


@pytest.mark.parametrize("active", SUBSETS, ids=lambda names: "+".join(names) or "none")
@every_constraint
def test_every_design(constraint, active):
    """Does the earliest gate that sees the constraint find it, at the price of all gates that stand?"""
    gate, stage = next((name, stage) for name, stage in FINDERS[constraint] if name in active or name is None)
    multiplier, days = COST[stage]
    found = catch(active, constraint)
    assert found.constraint == constraint
    assert (found.gate.name if found.gate else None) == gate
    assert found.stage == stage
    assert (found.multiplier, found.days_at_risk) == (multiplier, days)
    assert found.active_gates == found.gate_days == len(active)
    assert found.price == len(active) + multiplier
    assert found.prevented is (stage == 1)


@pytest.mark.parametrize(
    ("active", "constraint", "price"),
    [
        ((), "memory", 16),
        ((), "latency", 32),
        (("memory_budget",), "memory", 2),
        (("on_device_test",), "memory", 9),
        (("on_device_test",), "schema", 33),  # a gate that sees nothing is paid for all the same
        (NAMES, "memory", 7),
        (NAMES, "schema", 8),
    ],
)
def test_price(active, constraint, price):
    """What do gates and fix cost together in the designs that the lab discusses?"""
    assert catch(active, constraint).price == price


@every_constraint
def test_one_more_gate_never_makes_it_later(constraint):
    """Can a gate do harm? It can cost its day and bring nothing, but never delay a discovery."""
    for active, extra in itertools.product(SUBSETS, NAMES):
        before, after = catch(active, constraint), catch({*active, extra}, constraint)
        assert after.stage <= before.stage
        assert after.gate_days - before.gate_days == (extra not in active)


def test_memory_is_the_constraint_of_the_story():
    """Is memory meant when no constraint is named?"""
    assert catch(["memory_profiling"]) == catch(["memory_profiling"], "memory")


@pytest.mark.parametrize(
    "collection", [list, tuple, set, frozenset, iter, dict.fromkeys], ids=lambda kind: kind.__name__
)
def test_any_collection_of_names_will_do(collection):
    """Does it matter how the switches are handed over?"""
    assert catch(collection(["on_device_test", "memory_budget"])) == catch(("memory_budget", "on_device_test"))


def test_a_gate_is_paid_once():
    """Is a name that comes twice one gate?"""
    assert catch(["staged_rollout", "staged_rollout"], "schema").price == 1 + 16
