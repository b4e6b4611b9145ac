"""The lab runs by itself where a deployment says so: this notebook, once, and nothing else."""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import lab
import pytest
from playwright.sync_api import Page, expect
from student import STARTS_WITHIN_MS, Student, answered

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"  # beside it, JupyterLab brings back what was open before
LAB, ASSIGNMENT, COPY = lab.NOTEBOOK, "release/constraint_tax/constraint_tax.ipynb", "elsewhere/constraint_tax.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The lab, an assignment, and a notebook of the lab's name that says of itself whatever might have it run."""
    folder = tmp_path_factory.mktemp("root")
    for name, source in ((LAB, LAB), (ASSIGNMENT, ASSIGNMENT), (COPY, LAB)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, folder / name)
    notebook = json.loads((folder / COPY).read_text())
    notebook["metadata"] |= {"runAtOpening": True, "trusted": True, "init_cell": True}
    (folder / COPY).write_text(json.dumps(notebook))
    return folder


@pytest.fixture(scope="module")
def address(folder, jupyterlab_on) -> Iterator[str]:
    yield from jupyterlab_on(folder, lab.with_settings(lab.SETTINGS, {}))


def opened(page: Page, url: str) -> Page:
    """Open a notebook, and wait until its kernel is at rest."""
    page.goto(url)
    page.wait_for_selector(f"{SHOWN} .jp-CodeCell")
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=STARTS_WITHIN_MS)
    return page


def choose(page: Page, menu: str, entry: str) -> None:
    page.click(f".lm-MenuBar-itemLabel:text-is('{menu}')")
    page.click(f".lm-Menu-itemLabel:text-is('{entry}')")


def counts(page: Page) -> list[str]:
    """What stands beside the cells whose code is shown and that have been run."""
    prompts = page.locator(f"{SHOWN} .jp-CodeCell .jp-InputPrompt").all_text_contents()
    return [text for text in prompts if text.strip() not in ("", "[ ]:")]


def test_it_runs_once_from_its_beginning_and_stays_as_it_is(page, address, folder):
    """Does the lab come by itself, from the top, and is it neither run nor changed when it is opened again with its kernel alive?"""
    before = json.loads((folder / LAB).read_text())
    code = [cell for cell in before["cells"] if cell["cell_type"] == "code"]
    shown = [
        f"[{number}]:"
        for number, cell in enumerate(code, 1)
        if not cell["metadata"].get("jupyter", {}).get("source_hidden")
    ]
    student = Student(page)
    student.open_in_jupyterlab(address.format(LAB))
    numbers = counts(page)
    assert numbers == shown
    expect(page.get_by_role("heading", name="The Constraint Tax").first).to_be_in_viewport()
    assert page.locator(".jp-Dialog").count() == 0

    student.choose("cost", "5x")
    choose(page, "File", "Save Notebook")
    saved = before
    while saved == before:
        page.wait_for_timeout(100)
        with suppress(ValueError):  # it is being written
            saved = json.loads((folder / LAB).read_text())
    assert [cell["source"] for cell in saved["cells"]] == [cell["source"] for cell in before["cells"]]
    assert [cell["execution_count"] for cell in saved["cells"] if cell["cell_type"] == "code"] == [
        *range(1, len(code) + 1)
    ]

    opened(page, address.format(LAB))
    student.wait_for_lab()
    page.wait_for_timeout(3000)
    assert counts(page) == numbers
    assert student.radio("cost", "5x").is_checked()  # the kernel's own state, which a second run would have reset

    # With a new kernel the widgets that were saved are empty shells: it runs again.
    with answered(page, "DELETE", "/api/"):
        choose(page, "Kernel", "Shut Down Kernel")
    student.open_in_jupyterlab(address.format(LAB))
    assert not student.radio("cost", "5x").is_checked()


@pytest.mark.parametrize("name", [ASSIGNMENT, COPY])
def test_no_other_notebook_is_run(page, address, folder, name):
    """Is a student's assignment left alone, and a notebook that has the lab's name or asks to be run?"""
    opened(page, address.format(name))
    page.wait_for_timeout(3000)
    cells = json.loads((folder / name).read_text())["cells"]
    assert {*counts(page)} <= {f"[{cell.get('execution_count')}]:" for cell in cells}  # as the file has them
    assert page.locator(f"{SHOWN} .mlwf-question").count() == 0
    if name == COPY:  # whoever has the lab elsewhere reads what to choose
        expect(page.locator(SHOWN).get_by_text("choose Run ▸ Run All Cells")).to_be_visible()
