"""What stands in environment.yml and postBuild leaves Binder no version to choose."""

import importlib.metadata
import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FILES = {
    name: (ROOT / name).read_text()
    for name in ("environment.yml", "postBuild", "constraints.txt", "pyproject.toml", "Makefile")
}
EXTRAS = ("lab", "course", "page")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def disagreements(files: dict[str, str]) -> list[str]:
    """What would give Binder another version than `make lab` installs, as sentences."""
    found = []
    lines = files["constraints.txt"].split()
    found += [f"{line} is no pin" for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+!]+", line)]
    pins = {normal(name): version for name, _, version in (line.partition("==") for line in lines)}
    *conda, own = yaml.safe_load(files["environment.yml"])["dependencies"]
    python = re.search(r"python(3\.\d+)", files["Makefile"])[1]  # the one that make prefers
    if conda != [f"python={python}", "pip"]:
        found.append(f"of conda's packages, Python {python} and pip are wanted and nothing else, not {conda}")
    pip = own["pip"] if isinstance(own, dict) else []
    if pip != ["--constraint constraints.txt", f"--editable .[{','.join(EXTRAS)}]"]:
        found.append(f"pip is told {pip}")
    if re.search(r"\b(pip|conda|mamba|npm|apt|apt-get|uv)\b.*\b(install|update|add)\b", files["postBuild"]):
        found.append("postBuild installs something")
    project = tomllib.loads(files["pyproject.toml"])["project"]
    wanted = [*project["dependencies"], *(line for extra in EXTRAS for line in project["optional-dependencies"][extra])]
    found += [sentence for requirement in wanted for sentence in unmet(requirement, pins, set())]
    return sorted({*found})


needs = cache(importlib.metadata.requires)


def unmet(line: str, pins: dict[str, str], seen: set[tuple[str, str]], extra: str = "") -> list[str]:
    """Which packages that a requirement leads to have no pin, or one that it forbids."""
    requirement = Requirement(line)
    name = normal(requirement.name)
    if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
        return []
    if name not in pins:
        return [f"{name} has no pin"]
    found = (
        []
        if requirement.specifier.contains(pins[name], prereleases=True)
        else [f"{name} {pins[name]} does not satisfy {line}"]
    )
    for inner in ("", *requirement.extras):
        if (name, inner) not in seen:
            seen.add((name, inner))
            for further in needs(name) or []:
                found += unmet(further, pins, seen, inner)
    return found


def test_binder_gets_the_versions_of_the_constraints():
    """Would Binder install exactly what `make lab` does, as far as these files decide it?"""
    assert disagreements(FILES) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("environment.yml", "python=3.11", "python=3.12", "of conda's packages, Python 3.11 and pip"),
        ("environment.yml", "python=3.11", "python>=3.11", "of conda's packages, Python 3.11 and pip"),
        ("environment.yml", "  - pip\n", "  - pip\n  - numpy=2.1\n", "of conda's packages, Python 3.11 and pip"),
        ("environment.yml", "--constraint constraints.txt", "--constraint other.txt", "pip is told"),
        ("environment.yml", "      - --constraint constraints.txt\n", "", "pip is told"),
        ("environment.yml", "course,page]", "course,page]\n      - plotly", "pip is told"),
        ("environment.yml", ",page", "", "pip is told"),
        ("postBuild", "mkdir", "python -m pip install plotly\nmkdir", "postBuild installs something"),
        ("constraints.txt", "tornado==", "tornado>=", "is no pin"),
        ("constraints.txt", "websocket-client==", "websocket-klient==", "websocket-client has no pin"),
        ("constraints.txt", "soupsieve==2", "soupsieve==4", "soupsieve 4.7 does not satisfy soupsieve<4"),
        ("pyproject.toml", '"voila>=', '"nbgitpuller", "voila>=', "nbgitpuller has no pin"),
        ("Makefile", "python3.11", "python3.12", "of conda's packages, Python 3.12 and pip"),
    ],
)  # fmt: skip
def test_each_disagreement_is_seen(name, old, new, said):
    """Does the test above fail for what would make the versions differ?"""
    assert old in FILES[name]
    assert any(
        sentence.startswith(said) or said in sentence
        for sentence in disagreements({**FILES, name: FILES[name].replace(old, new)})
    )


def test_one_place_tells_repo2docker_what_to_do():
    """Is there no other folder or file by which repo2docker would leave environment.yml and postBuild unread?"""
    assert not any(
        (ROOT / name).exists()
        for name in ("binder", ".binder", "Dockerfile", "requirements.txt", "runtime.txt", "Pipfile", "setup.py")
    )
    assert (ROOT / "postBuild").stat().st_mode & 0o111


def test_only_the_lab_is_run_at_opening():
    """Is what is run unasked one notebook that is here, and none of a student's?"""
    settings = json.loads((ROOT / "deploy" / "lab" / "labconfig" / "page_config.json").read_text())
    assert settings["runAtOpening"] == {"notebooks/constraint_tax.ipynb": True}
    assert (ROOT / "notebooks" / "constraint_tax.ipynb").is_file()
