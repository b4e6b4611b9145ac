"""What Binder does with this project, replayed: repo2docker's steps, BinderHub's start, and both links in a real browser."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import binder
import pytest
from playwright.sync_api import Browser, Page, expect
from student import Student

pytestmark = [pytest.mark.browser, pytest.mark.thorough, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split())
TIMELINE = "Timeline of the project"


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> binder.Replay:
    """What repo2docker would build."""
    replay = binder.Replay(tmp_path_factory.mktemp("binder"), binder.pip_cache())
    replay.make_base()
    replay.build()
    return replay


@pytest.fixture(scope="module")
def server(image) -> Iterator[binder.Server]:
    """What BinderHub would start of it."""
    with image.serve() as server:
        yield server


@pytest.fixture
def reader(browser: Browser) -> Iterator[Student]:
    """Somebody who has followed a link, and has no mouse: nothing is clicked."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(30_000)
    yield Student(page, keyboard=True)
    page.close()


def test_repo2docker_takes_these_steps(tmp_path):
    """Does repo2docker find its steps here: the environment once the tree is there, then postBuild, and nothing else?"""
    recipe = binder.recipe(binder.copy_tree(tmp_path))
    taken = [argument for instruction, argument in binder.steps(recipe) if instruction == "RUN"]
    assert [re.sub(r"^.*env update.*$", "environment.yml", step) for step in taken] == [
        "environment.yml",
        "chmod +x postBuild",
        "./postBuild",
    ]
    assert re.search(r"^COPY .*/environment.py-3.11-linux-64.lock", recipe, re.M) or "py-3-2e11-linux-64" in recipe


def test_repo2docker_refuses_what_is_broken(tmp_path):
    """Does that test see an environment that can't be read, and one that an empty folder hides?"""
    tree = binder.copy_tree(tmp_path / "tree")
    (tree / "environment.yml").write_text("dependencies: [python=3.11\n")
    with pytest.raises(binder.ReplayError, match="refuses the tree"):
        binder.recipe(tree)
    shutil.copy(ROOT / "environment.yml", tree)
    (tree / ".binder").mkdir()
    assert [step for step in binder.steps(binder.recipe(tree)) if step[0] == "RUN"] == []


def test_what_is_installed_has_the_pinned_versions(image):
    """Has the environment every package at its pinned version, and none but those?"""
    normal = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in PINS.items()}
    installed = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in image.installed().items()}
    assert {"jupyterlab", "voila", "nbgrader", "matplotlib"} <= {*installed}
    assert {name: version for name, version in installed.items() if name != "pip" and normal.get(name) != version} == {}


def the_lab_is_there_and_follows(reader: Student) -> None:
    """Answer the first question by keyboard, and move a slider: the picture has to follow."""
    reader.wait_for_lab()
    reader.answer("cost", "5x")
    timeline = reader.instrument(TIMELINE)
    before = timeline.picture.get_attribute("src")
    timeline.move("Stage of discovery")
    expect(timeline.place.get_by_text("2^(2−1)").first).to_be_visible()
    assert timeline.picture.get_attribute("src") != before
    assert reader.asked_elsewhere == []


def test_the_page_opens_with_nothing_to_click(reader, server):
    """Does the link for readers lead to the lab without code, where a slider moves its picture?"""
    reader.page.goto(server.url(binder.PAGE))
    the_lab_is_there_and_follows(reader)
    assert reader.page.locator(".jp-InputArea-editor").count() == 0
    assert (
        reader.page.locator("#rendered_cells").evaluate("cells => getComputedStyle(cells).maxWidth") == "900px"
    )  # our template


def test_the_lab_opens_with_nothing_to_click(reader, server):
    """Does the link for JupyterLab lead to the lab as it has run, from its beginning, and does a reload leave it as it is?"""
    reader.page.goto(server.url(binder.LAB))
    the_lab_is_there_and_follows(reader)
    assert prompts(reader.page)[0] == "[1]:"
    assert not reader.page.locator(".jp-toast-button").count()  # no question about news


def prompts(page: Page) -> list[str]:
    return [text for text in page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents() if text.strip() != "[ ]:"]
