"""The instructors' guide, followed to the letter."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.course


def run(block: str, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-euc", block], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


def test_the_guide_leads_from_the_source_to_marks(tmp_path):
    """Do the guide's commands, copied from the page, take a submission from the source to an exported mark?"""
    course, student, exchange = tmp_path / "course", tmp_path / "student", tmp_path / "exchange"
    for folder in (course, student, exchange):
        folder.mkdir()
    shutil.copytree(ROOT / "source", course / "source")
    shutil.copytree(ROOT / "release", course / "release")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    (tmp_path / "jupyter").mkdir()
    (tmp_path / "jupyter" / "nbgrader_config.py").write_text(f"get_config().Exchange.root = {str(exchange)!r}\n")
    # The recipe of `make assignment` as it stands, without the set-up that it asks for.
    recipe = (ROOT / "Makefile").read_text().split("assignment: .venv/ready-lab+course\n")[1]
    (course / "Makefile").write_text(f"SHELL := /bin/bash\nassignment:\n{recipe}")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "NBGRADER"))},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "PYTHONWARNINGS": "default",
    }
    guide = (ROOT / "docs" / "instructors.md").read_text()
    release, hand_in, mark, feedback = re.findall(r"```sh\n(.*?)```", guide, flags=re.DOTALL)
    run(release, course, environment)
    run(hand_in, student, environment)
    run(mark, course, environment)
    run(feedback, course, environment)
    (row,) = csv.DictReader((course / "grades.csv").read_text().splitlines())
    assert float(row["max_score"]) == 60
    assert float(row["score"]) == 0  # an untouched notebook was handed in
    (page,) = (course / "feedback").glob("*/constraint_tax/constraint_tax.html")
    assert "nothing is assigned to" in page.read_text()

    # A source that can't be released is said in two lines, and what students get stays.
    before = (course / "release" / "constraint_tax" / "constraint_tax.ipynb").read_bytes()
    source = course / "source" / "constraint_tax" / "constraint_tax.ipynb"
    source.write_text(source.read_text().replace("### END SOLUTION", "", 1))
    broken = subprocess.run(
        ["make", "assignment"], cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    said = [line for line in broken.stderr.splitlines() if not line.startswith("make")]
    assert broken.returncode
    assert len(said) == 2
    assert "No end solution statement found" in said[0]
    assert (course / "release" / "constraint_tax" / "constraint_tax.ipynb").read_bytes() == before
