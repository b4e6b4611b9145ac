"""Formgrader's page for marking by hand, and nbgrader's own feedback, of notebooks that carry scripts; in a real browser."""

import warnings
from functools import cache
from pathlib import Path

import nbformat.v4 as nbf
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat import from_dict
from nbformat.validator import NotebookValidationError
from nbgrader.server_extensions.formgrader import handlers
from scripted import CANARY, CELLS, METADATA, PNG, tag
from traitlets.config import Config, PyFileConfigLoader

from mlwf.grading import harmless

ROOT = Path(__file__).parents[2]
SETTINGS = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
BOOTSTRAP = Path(handlers.static_path, "node_modules", "bootstrap", "dist", "css")
HERE = "http://page.test"
RESOURCES = {
    "formgrade": {
        "assignment_id": "a", "notebook_id": "n", "submission_id": "s", "index": 0, "total": 1, "base_url": "", "student": "ada",
        "last_name": "", "first_name": "", "notebook_path": "n.ipynb",
    },
    "feedback": {"nbgrader": {"notebook": "n", "score": 1, "max_score": 2, "late_penalty": 0}},
}  # fmt: skip


@cache
def exporter(template, safely):
    config = Config({"HTMLExporter": SETTINGS.HTMLExporter} if safely else {})
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    config.HTMLExporter.extra_template_paths = [str(BOOTSTRAP)]
    return HTMLExporter(config=config)


def shown(template, cells, *, safely=True, metadata=None):
    """The page that nbgrader makes of these cells."""
    notebook = from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata or {}, "cells": list(cells)})
    try:
        with warnings.catch_warnings(action="ignore"):  # at an output that can't be shown
            return exporter(template, safely).from_notebook_node(notebook, resources=dict(RESOURCES[template]))[0]
    except NotebookValidationError:
        return ""  # there is no page


@pytest.fixture
def called_by(browser):
    """What calls while pages are looked at as in Formgrader, each in a frame of its own."""
    context = browser.new_context()
    page = context.new_page()

    def look(*pages):
        called = set()

        def answer(route):
            url = route.request.url
            if url.startswith(CANARY):
                called.add(url.removeprefix(f"{CANARY}/"))
            path = url.removeprefix(f"{HERE}/")
            file = Path(handlers.static_path, path.removeprefix("formgrader/static/"))
            if url == f"{HERE}/":
                frames = "".join(f"<iframe src=/{number}></iframe>" for number in range(len(pages)))
                route.fulfill(body=frames, content_type="text/html")
            elif url.startswith(HERE) and path.isdecimal():
                route.fulfill(body=pages[int(path)], content_type="text/html; charset=utf-8")
            elif path.endswith("jquery.min.js") and file.is_file():
                route.fulfill(path=file, content_type="text/javascript")
            else:
                route.abort()

        context.route("**", answer)
        page.goto(f"{HERE}/", wait_until="load")
        page.wait_for_timeout(300)
        return called

    yield look
    context.close()


@pytest.mark.browser
def test_nothing_that_a_notebook_carries_runs_or_calls(called_by):
    """Whoever reads a submission: does nothing in it run, or tell anybody that it is read, all in one page or each by itself?"""
    valid = [cell for cell in CELLS.values() if shown("formgrade", [cell])]
    assert len(valid) > 40
    pages = [shown("formgrade", [cell]) for cell in valid]
    pages += [shown(template, valid, metadata=METADATA) for template in RESOURCES]
    assert called_by(*pages) == set()


@pytest.mark.browser
def test_these_are_tricks_that_work(called_by):
    """Would nbgrader's page by itself run them? Else the test above would show nothing."""
    called = called_by(*(shown("formgrade", [cell], safely=False) for cell in CELLS.values()))
    assert {"markdown-script", "markdown-handler", "html", "javascript", "svg-file", "png-size"} <= called
    assert len(called) > len(CELLS) / 2


def test_what_a_person_needs_is_still_there():
    """Are text, maths, tables, pictures, code and messages shown, and the boxes for marks where they belong?"""
    memo = {"nbgrader": {"grade": True, "solution": True, "locked": False, "grade_id": "memo", "points": 16.0}}
    table = '<table border="1" class="dataframe"><tr><th colspan="2">week</th><td>7</td></tr></table>'
    outputs = [
        nbf.new_output("display_data", {"text/html": f"<style>.x {{}}</style>{table}", "text/plain": "week 7"}),
        nbf.new_output("display_data", {"image/png": PNG}, metadata={"image/png": {"width": 300}}),
        nbf.new_output("display_data", {"text/html": "<script>x()</script>", "text/plain": "in its place"}),
        nbf.new_output("stream", text="2 < 3 & \x1b[31mred\x1b[0m"),
        nbf.new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"]),
    ]
    page = shown(
        "formgrade",
        [
            nbf.new_markdown_cell(
                "## Memo\n\n*Dear* lead, $2^{N-1}$ [here](https://example.org/x) ![plot](plot.png)", metadata=memo
            ),
            nbf.new_code_cell("def f(): return '<b>'", outputs=outputs, execution_count=3),
            nbf.new_raw_cell("<i>as it is</i>"),
        ],
    )
    for text in (
        "Memo</h2>", "<em>Dear</em> lead, $2^{N-1}$", 'href="https://example.org/x"', 'src="plot.png"', 'id="memo"', "/ 16.0",
        '<th colspan="2">week</th>', f'src="data:image/png;base64,{PNG}"', 'width="300"', "in its place", "2 &lt; 3 &amp;", "ValueError: no",
        "&lt;i&gt;as it is&lt;/i&gt;", "In\xa0[3]:",
    ):  # fmt: skip
        assert text in page
    assert ".x {}" not in page


@pytest.mark.parametrize(
    "link",
    [
        "own.html",
        "/hub/logout",
        "//example.org",
        "\\\\example.org",
        "../x",
        " javascript:x()",
        "data:text/html,x",
        "https:/\\evil",
        "file:///etc/passwd",
    ],
)
def test_links_lead_away_from_the_server_or_nowhere(link):
    """Can a link not lead to what was handed in beside the notebook, or to the server's own addresses?"""
    assert "href" not in harmless.clean(f'<a href="{link}">x</a>')
    assert "src" not in harmless.clean(f'<img src="{link}">') or link == "own.html"


def test_an_attachment_that_is_missing_stops_nobody():
    """Is a memo shown that names a picture which it does not hold?"""
    assert "attachment:none.png" in shown("formgrade", [nbf.new_markdown_cell("![x](attachment:none.png)")])
    assert tag("x") not in shown("formgrade", [nbf.new_markdown_cell(f"![x](attachment:none.png) {tag('x')}")])
