"""The project keeps its own promises: light imports, pins, short cells, nothing private."""

import importlib.metadata
import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import pytest
import yaml

from mlwf.lab import Lab

ROOT = Path(__file__).parents[1]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("mlwf", ["numpy", "matplotlib", "ipywidgets", "nbgrader", "click"]),
        ("mlwf.model", ["numpy", "matplotlib", "ipywidgets", "nbgrader", "click"]),
        ("mlwf.ledger", ["numpy", "matplotlib", "ipywidgets", "nbgrader", "click"]),
        ("mlwf.cli", ["numpy", "matplotlib", "ipywidgets", "nbgrader", "IPython"]),
        (
            "mlwf.assignment.verifier",
            ["numpy", "matplotlib", "ipywidgets", "nbgrader", "nbformat", "IPython", "jinja2"],
        ),
        ("mlwf.grading.verify", ["numpy", "matplotlib", "ipywidgets", "nbgrader", "nbformat", "IPython", "click"]),
    ],
)
def test_imports_are_light(module, heavy):
    """Does importing the package, the model or the command load what only a lab or a course needs?"""
    code = f"import sys, {module}; print(*[name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_everything_installed_is_pinned():
    """Would another machine get the same versions of everything?"""
    pinned = {normal(name): version for name, version in PINS.items()}
    here = importlib.metadata.distributions(path=[sysconfig.get_path("purelib")])
    installed = {normal(dist.name): dist.version for dist in here}
    assert installed
    for tool in ("mlwf", "pip"):
        installed.pop(tool, None)
    assert {name: version for name, version in installed.items() if pinned.get(name) != version} == {}


def test_binder_gets_the_same_versions():
    """Does the environment for Binder take every version from the constraints, and Python from those we test on?"""
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert "--constraint constraints.txt" in pip
    assert any(line.startswith("--editable .[lab") for line in pip)
    assert "python=3.11" in environment["dependencies"]


def test_no_file_names_a_registry_or_this_machine():
    """Are there names and versions only, no addresses, and no path of anybody's machine? Images have a home of their own."""
    forbidden = re.compile(
        r"https?://(?:registry|files|pypi|conda|deb|packages)[.\-]|index[-]url|/(?:home|root|Users)/(?!jovyan\b)\w"
    )
    found = [
        f"{name}: {hit.group()}"
        for name in TRACKED
        if name != "tests/test_project.py" and (ROOT / name).suffix not in {".png", ".gif"}
        for hit in [forbidden.search((ROOT / name).read_text(encoding="utf-8"))]
        if hit
    ]
    assert found == []


def test_the_lab_notebook_is_short_cells_without_stale_widgets():
    """Is each part its own cell of at most five lines, and is no widget's state stored that nobody can run?"""
    notebook = nbformat.read(ROOT / "notebooks" / "constraint_tax.ipynb", as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert len(cell.source.splitlines()) <= 5
        assert "widget-view" not in json.dumps(cell)
    assert "widgets" not in notebook.metadata


def test_the_notebook_shows_every_part_once_and_in_order():
    """Does a student meet the whole story, as the lab tells it, in cells of which each is named after its part?"""
    notebook = nbformat.read(ROOT / "notebooks" / "constraint_tax.ipynb", as_version=4)
    shown = {cell.id: cell.source for cell in notebook.cells if cell.source.startswith("lab.")}
    parts = [name for name, what in vars(Lab).items() if callable(what) and name[0] != "_"]
    parts = [name for name in parts if name not in ("save", "receive", "reset")]
    assert [*shown.values()] == [f"lab.{part}()" for part in parts]
    assert [cell_id.split("-")[0] for cell_id in shown] == [part.split("_")[0] for part in parts]


def test_what_the_notebook_stores_gives_no_prediction_away():
    """Does a student who scrolls down before predicting see none of the answers in the stored outputs?"""
    notebook = nbformat.read(ROOT / "notebooks" / "constraint_tax.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    # All but the count of the cell, which may be any number.
    stored = " ".join(
        f"{name}: {what}" for output in outputs for name, what in output.items() if name != "execution_count"
    )
    assert "Requirements" in stored
    assert not re.search(r"never|\b(16|32|69|70|135|120)\b", stored)


def test_make_says_what_is_missing(tmp_path):
    """Does a machine without Python get one line that says what to install?"""
    done = subprocess.run(
        ["make", "-C", ROOT, "PYTHON=", ".venv/ready-nothing"], capture_output=True, text=True, check=False
    )
    assert done.returncode
    assert "setup: Python 3.11 or newer is needed" in done.stderr
    assert not (ROOT / ".venv" / "ready-nothing").exists()
