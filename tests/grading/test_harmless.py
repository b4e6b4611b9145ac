"""Formgrader's page for marking by hand, and nbgrader's own feedback, of notebooks that carry scripts; in a real browser."""

import time
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
    """What calls while pages are looked at as in Formgrader, each in a frame of its own; what has to call is waited for."""
    context = browser.new_context()
    page = context.new_page()

    def look(*pages, enough=lambda _: True):
        called = set()
        deadline = time.monotonic() + 30

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
        while not enough(called) and time.monotonic() < deadline:
            page.wait_for_timeout(100)
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
    some = {"markdown-script", "markdown-handler", "html", "javascript", "svg-file", "png-size"}

    def enough(called):
        return some <= called and len(called) > len(CELLS) / 2

    pages = (shown("formgrade", [cell], safely=False) for cell in CELLS.values())
    assert enough(called_by(*pages, enough=enough))


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


def html(text, plain="x"):
    """A cell that puts out HTML."""
    return nbf.new_code_cell(outputs=[nbf.new_output("display_data", {"text/html": text, "text/plain": plain})])


LARGE = nbf.new_markdown_cell("![](attachment:a)" * 1_000)
LARGE["attachments"] = {"a": {"image/png": "A" * 1_000_000}}
SLOW = {
    "open styles": html("<style " * 150_000),
    "open elements": html("<div>" * 200_000),
    "misnested": html("<div><table><tr><td></div></td></tr></table>" * 25_000),
    "formats written anew": html("<p>" + "".join(f"<b title={n}>" for n in range(1_000)) + "<p>x" * 200_000),
    "a long link written anew": html(f"<p><a title='{'x' * 500_000}'>" + "<p>x" * 100_000),
    "before a table": html("<table>" + "<b></b>x" * 120_000),
    "attributes": html(f"<a {' '.join(f'a{n}' for n in range(150_000))}>"),
    "a name": html("<a " + "1" * 3_000_000 + ">"),
    "ampersands": html("&" * 3_000_000),
    "ampersands in a tag": html(f"<a title='{'&' * 3_000_000}'>"),
    "dashes in a comment": html("<!--" + "-a" * 2_000_000 + "-->"),
    "open comments": html("<!--" * 1_000_000),
    "a number": html("&#" + "1" * 1_000_000),
    "unknown characters": html("\x01" * 3_000_000),
    "many outputs": nbf.new_code_cell(outputs=[html("<b>" * 290 + "<p>x" * 700).outputs[0]] * 300),
    "colours": nbf.new_code_cell(outputs=[nbf.new_output("stream", text="\x1b[0m" * 1_000_000)]),
    "one colour": nbf.new_code_cell(outputs=[nbf.new_output("stream", text="\x1b[" + "1;" * 2_000_000 + "m")]),
    "names": nbf.new_code_cell("a." * 100_000),
    "another language": nbf.new_code_cell("%%perl\n" + "m{" * 50_000),
    "misnested memo": nbf.new_markdown_cell("<p><b>" * 48_000),
    "links": nbf.new_markdown_cell("[a]: " + "b" * 30_000 + "\n\n" + "[a]" * 40_000),
    "brackets": nbf.new_markdown_cell("[a]" * 330_000),
    "spaces": nbf.new_markdown_cell("# a" + " " * 150_000 + "b"),
    "maths": nbf.new_markdown_cell("\\begin{a}" * 40_000),
    "a block of code": nbf.new_markdown_cell("```perl\n" + "m{" * 50_000 + "\n```"),
    "many memos": [nbf.new_markdown_cell(f"{n}\n\n{'- ' * 4_900}a\n" + "b\n" * 4_900) for n in range(300)],
    "one picture many times": LARGE,
}  # fmt: skip


@pytest.mark.parametrize("cells", SLOW.values(), ids=SLOW)
def test_nothing_holds_up_who_reads(cells):
    """Is a page made in time of what takes the libraries minutes or hours, a time quadratic in its length?"""
    cells = cells if isinstance(cells, list) else [cells]
    begin = time.process_time()
    page = shown("formgrade", [nbf.new_markdown_cell("before"), *cells, nbf.new_markdown_cell("after")])
    assert time.process_time() - begin < 20
    assert "before" in page
    assert "after" in page


@pytest.mark.parametrize(
    "text",
    [
        "<p><b>" * 48_000,
        "<p><b>" * 200_000,
        "<div onclick='x()'>" * 50_000,
        "&#" + "1" * 5_000 + ";",
        "<b title='&#" + "1" * 5_000,
    ],
)
def test_what_takes_long_is_shown_as_it_stands(text):
    """Can nothing run of what is too much, and can a reader see why it looks so, and that it is cut?"""
    said = harmless.clean(text)
    assert "<b" not in said
    assert "<div" not in said
    assert said.startswith(f"<pre>{text[:6].replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}")
    assert "Shown as plain text" in said
    assert (f"of {len(text):,} characters" in said) == (len(text) > harmless.MOST_SHOWN)
    assert harmless.clean(text, "week 7").startswith("<pre>week 7</pre>")


def test_a_number_without_end_stops_nobody():
    """Is a page made of an attribute that Python does not count with?"""
    assert "&lt;a title" in harmless.clean(f"<a title='&#{'1' * 5_000};'>x</a>")


def test_ordinary_html_is_shown_as_html():
    """Do large tables, unclosed lists, comments, scripts, and large pictures stay what they are?"""
    row = "<tr>" + '<td class="x">12.3</td>' * 10 + "</tr>"
    assert harmless.clean(f"<table>{row * 1_000}</table>").count("<td>12.3</td>") == 10_000
    assert harmless.clean(f"<ul>{'<li>a &amp; <br>b' * 200}</ul>").count("<li>") == 200
    assert harmless.clean("a < b <!-- <i> --><i>c</i> <x y").startswith("a &lt; b <i>c</i>")
    assert harmless.clean("<script>" + "<a" * 500_000 + "</script>b<STYLE>c</style >d<title>e") == "bde"
    picture = f'<img src="data:image/png;base64,{"A" * 5_000_000}">'
    assert harmless.clean(picture) == picture


def test_pictures_do_not_make_a_memo_too_long():
    """Is a picture shown that stands in the text itself, as some editors write it, and one that is attached?"""
    data = "iVBORw0KGgo/+" * 10_000 + "AA=="
    page = shown("formgrade", [nbf.new_markdown_cell(f"![plot](data:image/png;base64,{data})\n\n*Dear* lead")])
    assert f'src="data:image/png;base64,{data}"' in page
    assert "<em>Dear</em> lead" in page
    cell = nbf.new_markdown_cell("*Dear* lead ![plot](attachment:plot.gif)")
    cell["attachments"] = {"plot.gif": {"image/gif": "AAAA"}}
    assert "attachment:plot.gif" in shown("formgrade", [cell])


def test_a_long_raw_cell_is_shown_as_it_stands():
    """Is what says nothing in HTML not written as HTML twice?"""
    assert "&lt;i&gt;a" in shown("formgrade", [nbf.new_raw_cell("<i>a" * 10_000)])


def test_other_languages_keep_their_words():
    """Is the text the same where there is too much of it to tell its words apart?"""
    long = "x = 'a'\n" * 1_000
    assert long.replace("'", "&#x27;") in harmless.highlight_code(f"%%ruby\n{long}")
    assert "<span" in harmless.highlight_code("%%ruby\nx = 'a'")
