"""docs/threats.md: each threat has a test, and each test that it names is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
THREATS = re.split(
    r"^(?=\d+\. \*\*)", (ROOT / "docs" / "threats.md").read_text().split("## Threats")[1], flags=re.MULTILINE
)[1:]


def names_in(file):
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_every_threat_has_a_test_that_is_there():
    """Does no line go without a test, or with one that has another name by now?"""
    assert [threat.split(".")[0] for threat in THREATS] == [str(number) for number in range(1, len(THREATS) + 1)]
    for threat in THREATS:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", threat)
        assert named, threat
        assert [(file, test) for file, test in named if test not in names_in(ROOT / file)] == []


def test_every_test_on_the_hub_is_in_the_model():
    """Is there no attack that is tried and not written down?"""
    tried = {name for name in names_in(ROOT / "tests" / "hub" / "test_threats.py") if name.startswith("test_")}
    assert tried - {test for threat in THREATS for test in re.findall(r"::(\w+)`", threat)} == set()
