"""The part of the hostile corpus that is about files: notebooks that were tampered with, and odd folders. See hostile.py."""

import json
import os
import socket
import stat
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from corpus import NAME
from hostile import Places, Trick
from nbformat import NotebookNode

from mlwf.assignment import QUESTIONS

NOTHING = dict.fromkeys(QUESTIONS, 0.0)
EMPTY = "counts as empty"
ANY = "."  # any sentence
Tamper = Callable[[NotebookNode], Any]


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """The cell of that name."""
    return next(each for each in notebook.cells if each.id == name)


def at(notebook: NotebookNode, name: str) -> int:
    """Where it stands."""
    return notebook.cells.index(cell(notebook, name))


def changed(name: str, **values: Any) -> Tamper:
    """Change nbgrader's metadata of one cell."""

    def tamper(notebook: NotebookNode) -> NotebookNode:
        cell(notebook, name).metadata["nbgrader"].update(values)
        return notebook

    return tamper


def every(function: Callable[[NotebookNode], Any]) -> Tamper:
    """Do something to every cell."""

    def tamper(notebook: NotebookNode) -> NotebookNode:
        for each in notebook.cells:
            function(each)
        return notebook

    return tamper


def raw(function: Callable[[dict[str, Any]], Any]) -> Tamper:
    """Change the notebook as plain data; what is returned, if anything, takes its place."""

    def tamper(notebook: NotebookNode) -> Any:
        data = json.loads(json.dumps(notebook))
        found = function(data)
        return data if found is None else found

    return tamper


def raw_cell(name: str, **values: Any) -> Tamper:
    """Set fields of one cell; `...` takes one away."""

    def change(data: dict[str, Any]) -> None:
        found = next(each for each in data["cells"] if each["id"] == name)
        for field, value in values.items():
            if value is ...:
                found.pop(field, None)
            else:
                found[field] = value

    return raw(change)


def is_bytes(content: bytes) -> Tamper:
    """Hand in these bytes instead."""
    return lambda _: content


def gone(_: NotebookNode) -> None:
    """Hand in no notebook."""


def _delete(*names: str) -> Tamper:
    return lambda notebook: [notebook.cells.remove(cell(notebook, name)) for name in names] and notebook


def _duplicate(name: str, **changes: Any) -> Tamper:
    def tamper(notebook: NotebookNode) -> NotebookNode:
        copy = deepcopy(cell(notebook, name))
        copy.update(changes)
        notebook.cells.insert(at(notebook, name) + 1, copy)
        return notebook

    return tamper


def _all_doubled(notebook: NotebookNode) -> NotebookNode:
    notebook.cells = [deepcopy(each) for each in notebook.cells for _ in range(2)]
    return notebook


def _swap(first: str, second: str) -> Tamper:
    def tamper(notebook: NotebookNode) -> NotebookNode:
        one, other = (cell(notebook, name).metadata["nbgrader"] for name in (first, second))
        one["grade_id"], other["grade_id"] = other["grade_id"], one["grade_id"]
        return notebook

    return tamper


def _reverse(notebook: NotebookNode) -> NotebookNode:
    notebook.cells.reverse()
    return notebook


def _without_metadata(each: NotebookNode) -> None:
    each.metadata = NotebookNode()


def _without_ids(data: dict[str, Any]) -> None:
    for each in data["cells"]:
        each.pop("id")
    data["nbformat_minor"] = 4


def _ids(*ids: Any) -> Tamper:
    def change(data: dict[str, Any]) -> None:
        for number, each in enumerate(data["cells"]):
            each["id"] = ids[number % len(ids)]

    return raw(change)


def _old(version: int) -> Tamper:
    """The notebook as Jupyter's versions of long ago would have it."""

    def change(data: dict[str, Any]) -> dict[str, Any]:
        cells = []
        for each in data["cells"]:
            if each["cell_type"] == "code":
                cells.append(
                    {
                        "cell_type": "code",
                        "input": each["source"],
                        "language": "python",
                        "outputs": [],
                        "metadata": each["metadata"],
                        "collapsed": False,
                    }
                )
            else:
                cells.append({"cell_type": "markdown", "source": each["source"], "metadata": each["metadata"]})
        return {
            "nbformat": version,
            "nbformat_minor": 0,
            "metadata": {"name": ""},
            "worksheets": [{"cells": cells, "metadata": {}}],
        }

    return raw(change)


def _set(**values: Any) -> Tamper:
    return raw(lambda data: data.update(values))


def _extra_grade_cell(notebook: NotebookNode) -> NotebookNode:
    copy = deepcopy(cell(notebook, "sunk"))
    copy.id, copy.source = "extra", "60"
    copy.metadata["nbgrader"].update(grade_id="extra", points=1000)
    notebook.cells.append(copy)
    return notebook


def _bloat(size: int, where: str) -> Tamper:
    def change(data: dict[str, Any]) -> None:
        text = "x" * size
        if where == "cell":
            data["cells"].append({"cell_type": "markdown", "id": "large", "metadata": {}, "source": text})
        elif where == "outputs":
            output = {"output_type": "stream", "name": "stdout", "text": text}
            next(each for each in data["cells"] if each["cell_type"] == "code")["outputs"] = [output]
        elif where == "metadata":
            data["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"x": text}}}
        elif where == "cells":
            data["cells"] += [
                {
                    "cell_type": "code",
                    "id": f"own-{n}",
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                    "source": "",
                }
                for n in range(size)
            ]
        else:
            data["cells"].append(
                {
                    "cell_type": "code",
                    "id": "large",
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                    "source": f"x = '''{text}'''",
                }
            )

    return raw(change)


def _nested(depth: int) -> bytes:
    return b'{"cells": ' + b"[" * depth + b"]" * depth + b', "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def _attached(data: dict[str, Any]) -> None:
    data["cells"][0]["attachments"] = {
        "../../x": {"text/html": "<script>"},
        "y": 5,
        "z": {"image/png": [1]},
        "\ud800": {"a": "b"},
    }
    data["cells"][1]["attachments"] = []


def _text(function: Callable[[str], str | bytes]) -> Tamper:
    def tamper(notebook: NotebookNode) -> bytes:
        made = function(json.dumps(notebook))
        return made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")

    return tamper


def _verdicts(data: dict[str, Any]) -> None:
    """Outputs as if it had been graded already."""
    for each in data["cells"]:
        if each["cell_type"] == "code":
            each["outputs"] = [
                {
                    "output_type": "execute_result",
                    "execution_count": 1,
                    "metadata": {},
                    "data": {
                        "text/plain": "60.0",
                        "application/vnd.mlwf.verdict+json": {"question": "sunk", "points": 60, "message": "forged"},
                    },
                }
            ]


def _hidden_tests(notebook: NotebookNode) -> NotebookNode:
    cell(notebook, "sunk").source = "### BEGIN HIDDEN TESTS\n60\n### END HIDDEN TESTS"
    cell(notebook, "sunk-answer").source += "\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n### BEGIN MARK SCHEME\n"
    return notebook


def _tag(tag: str, *names: str) -> Tamper:
    return every(lambda each: each.id in names and each.metadata.update(tags=[tag]))


NOTEBOOKS = (
    Trick("cell-deleted", "a test cell is gone", tamper=_delete("sunk"), flag="sunk.*missing"),
    Trick("cells-deleted-given", "the cell with the numbers is gone", tamper=_delete("show-case"), flag="show-case.*missing"),
    Trick("cells-deleted-answers", "answers are gone", tamper=_delete("sunk-answer", "level_day-answer"), expects={"sunk": 0, "level_day": 0}, flag="missing"),
    Trick("cells-deleted-all", "all cells are gone", tamper=_set(cells=[]), expects=NOTHING, flag="missing"),
    Trick("cells-deleted-tests", "all test cells are gone", tamper=_delete(*QUESTIONS, "memo"), flag="missing"),
    Trick("cell-duplicated-test", "a test cell is there twice", tamper=_duplicate("sunk", id="copy"), flag="sunk.*more than once"),
    Trick("cell-duplicated-same-id", "with the same id", tamper=_duplicate("sunk"), flag="sunk.*more than once"),
    Trick("cell-duplicated-answer", "an answer cell is there twice, and the last counts", tamper=_duplicate("sunk-answer", id="copy", source="sunk = 7.654321"), expects={"sunk": 0}, flag="more than once"),
    Trick("cell-duplicated-other-type", "a copy of another type", tamper=_duplicate("sunk", id="copy", cell_type="raw", source="2"), flag="more than once"),
    Trick("cells-doubled", "everything is there twice", tamper=_all_doubled, flag="more than once"),
    Trick("cells-reversed", "everything is there from back to front", tamper=_reverse, expects=NOTHING, flag="order"),
    Trick("cell-edited-test", "a test cell that gives points", base="wrong", tamper=raw_cell("sunk", source="2.0"), flag="sunk.*edited"),
    Trick("cell-edited-tests", "all test cells give points", base="wrong", tamper=every(lambda each: each.id in QUESTIONS and each.update(source="2.0")), flag="edited"),
    Trick("cell-edited-given", "the cell with the numbers gives others", tamper=raw_cell("show-case", source="import math\ncheck = progress = lambda *_: 2.0\nmy = None"), flag="show-case.*edited"),
    Trick("cell-edited-text", "a question asks for something else", tamper=raw_cell("sunk-question", source="Nothing is asked here."), flag="sunk-question.*edited"),
    Trick("cell-edited-checksum", "edited, with a checksum that was made to fit", base="wrong", tamper=lambda notebook: _fitting(notebook, "sunk", "2.0")),
    Trick("cell-retyped-test", "a test cell is text", tamper=raw_cell("sunk", cell_type="markdown"), flag="sunk.*type"),
    Trick("cell-retyped-raw", "a test cell is raw", tamper=raw_cell("sunk", cell_type="raw"), flag="sunk.*type"),
    Trick("cell-retyped-answer", "an answer is text", tamper=raw_cell("sunk-answer", cell_type="markdown"), flag="sunk-answer.*type"),
    Trick("cell-retyped-odd", "cells of types that do not exist", tamper=every(lambda each: each.id == "sunk" and each.update(cell_type="heading")), flag=ANY),
    Trick("cells-retyped-all", "all is raw", tamper=every(lambda each: "nbgrader" in each.metadata and each.update(cell_type="raw")), flag="type"),
    Trick("metadata-wiped", "nbgrader's metadata of all cells are gone", tamper=every(_without_metadata), flag="lost nbgrader's metadata"),
    Trick("metadata-wiped-test", "those of one test cell", tamper=raw_cell("sunk", metadata={}), flag="lost nbgrader's metadata"),
    Trick("metadata-emptied", "there, and empty", tamper=raw_cell("sunk", metadata={"nbgrader": {}}), flag="lost nbgrader's metadata"),
    Trick("metadata-wiped-and-ids", "metadata and ids of all cells are gone, and the answers still stand before the tests that are put back", tamper=raw(lambda data: [each.update(metadata={}, id=f"c{n}") for n, each in enumerate(data["cells"])] and None), flag="missing"),
    Trick("metadata-odd", "nbgrader's metadata are a text", tamper=raw_cell("sunk", metadata={"nbgrader": "text"}), flag=ANY),
    Trick("metadata-list", "a list", tamper=raw_cell("sunk", metadata={"nbgrader": [1]}), flag=ANY),
    Trick("metadata-none", "nothing", tamper=raw_cell("sunk", metadata=None), flag=ANY),
    Trick("metadata-a-list", "the cell's metadata are a list", tamper=raw_cell("sunk", metadata=[1, 2]), flag=ANY),
    Trick("metadata-missing", "there are none", tamper=raw_cell("sunk", metadata=...), flag=ANY),
    Trick("metadata-name-odd", "a cell's name is a list", tamper=changed("sunk", grade_id=["sunk"]), flag=ANY),
    Trick("metadata-name-number", "a number", tamper=changed("sunk", grade_id=5), flag=ANY),
    Trick("metadata-name-none", "nothing", tamper=changed("sunk", grade_id=None), flag=ANY),
    Trick("metadata-name-other", "the name of no cell", tamper=changed("sunk", grade_id="no such cell"), flag=ANY),
    Trick("metadata-names-swapped", "two test cells have each other's name", tamper=_swap("sunk", "multiplier"), flag=ANY, expects={"multiplier": 2, "sunk": 0}),
    Trick("metadata-names-swapped-answers", "so have two answers: each is where it stands", tamper=_swap("sunk-answer", "multiplier-answer"), flag=ANY),
    Trick("metadata-test-is-answer", "an answer cell gives itself out for a test", base="wrong", tamper=changed("sunk-answer", grade_id="sunk", grade=True, locked=True, solution=False, points=2), flag=ANY),
    Trick("points-raised", "a thousand points", tamper=changed("sunk", points=1000), flag="sunk.*points"),
    Trick("points-raised-and-wrong", "a thousand points for nothing", base="wrong", tamper=changed("sunk", points=1000), flag="sunk.*points"),
    Trick("points-odd", "points that are no number", tamper=changed("sunk", points="many"), flag="sunk.*points"),
    Trick("points-negative", "points below zero", tamper=changed("sunk", points=-5), flag="sunk.*points"),
    Trick("points-nan", "points that are not a number", tamper=changed("sunk", points=float("nan")), flag="sunk.*points"),
    Trick("points-list", "points that are a list", tamper=changed("sunk", points=[2]), flag="sunk.*points"),
    Trick("points-for-answer", "points for an answer", tamper=changed("sunk-answer", points=50)),
    Trick("flags-no-grade", "a test that is not to be graded", tamper=changed("sunk", grade=False), flag="sunk.*grade"),
    Trick("flags-solution", "a test that is a solution", tamper=changed("sunk", solution=True), flag="sunk.*solution"),
    Trick("flags-unlocked", "a test that is not locked", tamper=changed("sunk", locked=False)),
    Trick("flags-task", "a test that is a task", tamper=changed("sunk", task=True), flag="sunk.*task"),
    Trick("flags-odd", "flags that are neither", tamper=changed("sunk", grade="yes", solution=[], locked=None, task=5), flag="sunk"),
    Trick("flags-swapped", "test and answer have each other's flags", tamper=lambda notebook: changed("sunk-answer", grade=True, solution=False, locked=True, points=2)(changed("sunk", grade=False, solution=True, locked=False)(notebook)), flag="sunk"),
    Trick("flags-memo", "the memo is marked by machine", tamper=changed("memo", solution=False, locked=True), flag="memo"),
    Trick("schema-old", "metadata of an old version", tamper=changed("sunk", schema_version=1)),
    Trick("schema-new", "of one to come", tamper=changed("sunk", schema_version=99)),
    Trick("schema-odd", "of none", tamper=changed("sunk", schema_version="three")),
    Trick("schema-all-old", "all of them of an old version", tamper=every(lambda each: "nbgrader" in each.metadata and each.metadata["nbgrader"].update(schema_version=0))),
    Trick("checksum-odd", "checksums that are none", tamper=changed("sunk", checksum=[5])),
    Trick("cell-extra-test", "a test cell of one's own", tamper=_extra_grade_cell, flag="extra"),
    Trick("cell-hidden-tests", "hidden tests of one's own", tamper=_hidden_tests, flag="sunk.*edited"),
    Trick("cell-skipped-given", "a tag that keeps the cell with the numbers from running", tamper=_tag("skip-execution", "show-case"), flag="tagged not to be run", lost_from="multiplier", may_go_on=True, harms=True),
    Trick("cell-skipped-test", "a tag that keeps a test cell from running: no output would be full marks", base="wrong", tamper=_tag("skip-execution", "sunk"), flag="tagged not to be run"),
    Trick("cells-skipped-tests", "the same for all", base="wrong", tamper=_tag("skip-execution", *QUESTIONS), flag="tagged not to be run"),
    Trick("cells-tagged", "tags that other tools know", base="wrong", tamper=_tag("raises-exception", *QUESTIONS), flag=".*"),
    Trick("cells-tagged-odd", "a tag where a list belongs", base="wrong", tamper=every(lambda each: each.metadata.update(tags="skip-execution")), flag=".*"),
    Trick("outputs-graded", "outputs as if it had been graded", base="wrong", tamper=raw(_verdicts)),
    Trick("outputs-odd", "outputs that are none", tamper=raw_cell("sunk-answer", outputs=[5, None, {"output_type": "x"}, []], execution_count="five")),
    Trick("outputs-missing", "no outputs and no count", tamper=raw_cell("sunk-answer", outputs=..., execution_count=...)),
    Trick("source-list", "sources as lists of lines, some of them none", tamper=raw_cell("sunk-question", source=["a", 5, None, {}]), flag=ANY),
    Trick("source-none", "an answer that is nothing", tamper=raw_cell("sunk-answer", source=None), expects={"sunk": 0}),
    Trick("source-missing", "an answer without a source", tamper=raw_cell("sunk-answer", source=...), expects={"sunk": 0}),
    Trick("source-number", "an answer that is a number, and no text", tamper=raw_cell("sunk-answer", source=5), expects={"sunk": 0}),
    Trick("source-surrogates", "an answer with half a character", tamper=raw_cell("sunk-answer", source="x = '\ud800'\nsunk = sum([5, 30, 60, 40, 10, 5][: my.stage - 1])")),
    Trick("source-nul", "an answer with a byte that ends texts", tamper=raw_cell("sunk-answer", source="sunk = 1\0"), expects={"sunk": 0}),
    Trick("source-long-line", "an answer of a hundred thousand brackets", tamper=raw_cell("sunk-answer", source="sunk = " + "(" * 100_000 + ")" * 100_000), expects={"sunk": 0}),
    Trick("source-deep", "an answer that the parser goes into too deep", tamper=raw_cell("sunk-answer", source="sunk = " + "-" * 50_000 + "1"), expects={"sunk": 0}, lost_from="sunk", may_go_on=True),
    Trick("source-many-names", "a cell that the look for the package has to go into too deep", tamper=raw_cell("sunk-answer", source="import mlwf\nsunk = " + "mlwf" + ".a" * 20_000), expects={"sunk": 0}, lost_from="sunk", may_go_on=True, flag="", slow=True),
    Trick("ids-missing", "no cell has an id", tamper=raw(_without_ids)),
    Trick("ids-same", "all have the same", tamper=_ids("same")),
    Trick("ids-odd", "ids that are no text, too long, or not allowed", tamper=_ids(5, None, [], {}, "x" * 1000, "ö", "a b", "", "\n", "\ud800")),
    Trick("cells-odd", "cells that are none, among those that are", tamper=raw(lambda data: data["cells"].extend([5, None, [], "x", {}, {"cell_type": 5}, {"cell_type": "code"}, {"cell_type": ["code"], "metadata": 5, "source": {}}])), flag="left out"),
    Trick("cells-none", "no list of cells", tamper=_set(cells=None), expects=NOTHING, flag=EMPTY),
    Trick("cells-dict", "cells that are no list", tamper=_set(cells={"0": {}}), expects=NOTHING, flag=EMPTY),
    Trick("cells-text", "cells that are a text", tamper=_set(cells="cells"), expects=NOTHING, flag=EMPTY),
    Trick("cells-missing", "neither", tamper=raw(lambda data: data.pop("cells") and None), expects=NOTHING, flag=EMPTY),
    Trick("notebook-metadata-odd", "the notebook's metadata are a list", tamper=_set(metadata=[1, 2])),
    Trick("notebook-metadata-none", "nothing", tamper=_set(metadata=None)),
    Trick("notebook-kernel-other", "another language's kernel", tamper=_set(metadata={"kernelspec": {"name": "bash", "display_name": "Bash", "language": "bash"}, "language_info": {"name": "R"}})),
    Trick("notebook-kernel-odd", "a kernel that leads elsewhere", tamper=_set(metadata={"kernelspec": {"name": "../../x", "display_name": 5}, "language_info": 3, "nbgrader": 5, "celltoolbar": [], "authors": 5, "title": {}})),
    Trick("notebook-widgets-odd", "widgets that are none", tamper=_set(metadata={"widgets": [5]})),
    Trick("attachments-odd", "attachments that are none", tamper=raw(_attached)),
    Trick("version-none", "no version", tamper=raw(lambda data: data.pop("nbformat") and None), flag=ANY),
    Trick("version-odd", "a version that is none", tamper=_set(nbformat="four", nbformat_minor=None), flag=ANY),
    Trick("version-new", "a version to come", tamper=_set(nbformat=5, nbformat_minor=0), flag=ANY),
    Trick("version-far", "one far off", tamper=_set(nbformat=10**6, nbformat_minor=-1), flag=ANY),
    Trick("version-minor", "a small step ahead", tamper=_set(nbformat_minor=99)),
    Trick("version-minor-odd", "a small step to nowhere", tamper=_set(nbformat_minor="x")),
    Trick("version-3", "a version of long ago", tamper=_old(3), flag="version 3"),
    Trick("version-2", "one of still longer", tamper=_old(2), expects={}, flag=ANY),
    Trick("version-1", "the first", tamper=_set(nbformat=1, cells=None, worksheets=5), expects=NOTHING, flag=ANY),
    Trick("version-3-empty", "long ago, and nothing in it", tamper=is_bytes(b'{"nbformat": 3, "worksheets": []}'), expects=NOTHING, flag=ANY),
    Trick("file-empty", "an empty file", tamper=is_bytes(b""), expects=NOTHING, flag=EMPTY),
    Trick("file-blank", "nothing but spaces", tamper=is_bytes(b" \n" * 1000), expects=NOTHING, flag=EMPTY),
    Trick("file-zeros", "nothing but zeros", tamper=is_bytes(bytes(100_000)), expects=NOTHING, flag=EMPTY),
    Trick("file-random", "no text", tamper=is_bytes(bytes(range(256)) * 1000), expects=NOTHING, flag=EMPTY),
    Trick("file-python", "a program", tamper=is_bytes(b"print('60')\n"), expects=NOTHING, flag=EMPTY),
    Trick("file-cut", "half of it", tamper=_text(lambda text: text[: len(text) // 2]), expects=NOTHING, flag=EMPTY),
    Trick("file-conflict", "two versions, as a tool for versions leaves them", tamper=_text(lambda text: f"<<<<<<< mine\n{text}\n=======\n{text}\n>>>>>>> theirs\n"), expects=NOTHING, flag=EMPTY),
    Trick("file-twice", "the notebook twice in one file", tamper=_text(lambda text: text * 2), expects=NOTHING, flag=EMPTY),
    Trick("file-gzip", "packed", tamper=lambda notebook: __import__("gzip").compress(json.dumps(notebook).encode()), expects=NOTHING, flag=EMPTY),
    Trick("file-html", "a page", tamper=is_bytes(b"<!DOCTYPE html><html><body>404</body></html>"), expects=NOTHING, flag=EMPTY),
    *(Trick(f"file-json-{name}", "JSON, but no notebook", tamper=is_bytes(content), expects=NOTHING, flag=EMPTY) for name, content in {"list": b"[]", "number": b"60", "none": b"null", "text": b'"notebook"', "true": b"true", "nan": b"NaN", "object": b"{}", "large": b"9" * 10_000, "float": b"1e999999"}.items()),
    Trick("file-byte-order", "with a mark of the order of bytes", tamper=_text(lambda text: "\ufeff" + text)),
    Trick("file-utf-16", "in two bytes a letter", tamper=_text(lambda text: text.encode("utf-16"))),
    Trick("file-latin", "with bytes that are no UTF-8", tamper=_text(lambda text: text.replace("A team builds", "A t\udcffeam builds").encode("utf-8", "surrogateescape")), flag=ANY),
    Trick("file-deep", "nested deeper than a reader can go", tamper=is_bytes(_nested(100_000)), expects=NOTHING, flag=EMPTY),
    Trick("file-deep-metadata", "metadata nested deep", tamper=_text(lambda text: text.replace('"metadata": {', '"metadata": {"x": ' + "[" * 500 + "]" * 500 + ", ", 1))),
    Trick("file-many-values", "two million numbers", tamper=_text(lambda text: text.replace('"metadata": {', '"metadata": {"x": [' + "1," * 2_000_000 + "1], ", 1)), slow=True),
    Trick("file-many-brackets", "a few megabytes that take a gigabyte to read", tamper=_text(lambda text: text.replace('"metadata": {', '"metadata": {"x": [' + "[]," * 6_000_000 + "1], ", 1)), expects=NOTHING, flag=EMPTY, slow=True),
    Trick("file-same-names", "the same name twice in one object, and the second counts", tamper=_text(lambda text: text[:-1] + ', "cells": []}'), expects=NOTHING, flag="missing"),
    Trick("file-numbers", "numbers that no processor knows", tamper=_text(lambda text: text.replace('"nbformat_minor": 5', '"nbformat_minor": 5, "x": 1e99999, "y": -Infinity, "z": ' + "9" * 5000))),
    Trick("large-cell", "a cell of 50 MB of text", tamper=_bloat(50_000_000, "cell"), slow=True),
    Trick("large-code", "a cell of 20 MB of code", tamper=_bloat(20_000_000, "code"), slow=True, lost_from=""),
    Trick("large-outputs", "50 MB of outputs, which do not stay", tamper=_bloat(50_000_000, "outputs"), slow=True),
    Trick("large-metadata", "20 MB of widgets' state", tamper=_bloat(20_000_000, "metadata"), slow=True),
    Trick("large-number", "twenty thousand cells", tamper=_bloat(20_000, "cells"), flag="cells of the student's own", slow=True),
    Trick("large-beyond", "more than is read", tamper=is_bytes(b" " * 101_000_000), expects=NOTHING, flag="large", slow=True),
    Trick("none", "no notebook at all", tamper=gone, expects=NOTHING, flag="missing"),
)  # fmt: skip


def _fitting(notebook: NotebookNode, name: str, source: str) -> NotebookNode:
    from nbgrader.utils import compute_checksum

    found = cell(notebook, name)
    found.source = source
    found.metadata["nbgrader"]["checksum"] = compute_checksum(found)
    return notebook


def _rename(folder: Path, name: str) -> None:
    (folder / NAME.name).rename(folder / name)


def _replace(folder: Path, make: Callable[[Path], Any]) -> None:
    path = folder / NAME.name
    path.unlink()
    make(path)


def _neighbour(places: Places) -> Path:
    return places.submitted / "honest" / NAME


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        folder = os.open(path.parent, os.O_RDONLY)
        server.bind(f"/proc/self/fd/{folder}/{path.name}")  # a socket's path must be short
        os.close(folder)


def _device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except OSError:  # only root can
        path.symlink_to("/dev/zero")


def _odd_names(folder: Path) -> None:
    for name in (
        b"two\nlines",
        "ümläut ☃".encode(),
        b"\xff\xfe not UTF-8",
        b"x" * 255,
        b"-rf",
        b"$(touch written)",
        b"`id`",
        b"..x",
        b"a\\b",
        b" ",
        b"\x1b[2J",
        b"*",
        b"{student}",
    ):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"x")


def _pages(folder: Path) -> None:
    for number in range(3900):
        (folder / f"{number}.bin").write_bytes(b"x" * 16385)


def _folders(folder: Path) -> None:
    for number in range(1200):
        path = folder / f"{number}{'/d' * 18}"
        path.mkdir(parents=True)
        (path / "f").write_text("x")


def _many(folder: Path) -> None:
    (folder / "many").mkdir()
    for number in range(6000):
        (folder / "many" / f"{number}").touch()


def _deep(folder: Path) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(500):
        os.mkdir("deeper", dir_fd=here)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def _folder_link(folder: Path, places: Places) -> None:
    """Make the whole folder a link to what somebody else handed in."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink()
    folder.rmdir()
    folder.symlink_to(_neighbour(places).parent, target_is_directory=True)


def _student_link(folder: Path, places: Places) -> None:
    _folder_link(folder, places)
    folder.unlink()
    folder.parent.rmdir()
    folder.parent.symlink_to(_neighbour(places).parents[1], target_is_directory=True)


def _no_folder(folder: Path, _: Places) -> None:
    (folder / NAME.name).unlink()
    folder.rmdir()
    folder.write_text("not a folder")


LEFT_OUT = "was left out"
FOLDERS = (
    Trick("laid-renamed", "the notebook has another name", lay=lambda folder, _: _rename(folder, "my answers (1).ipynb"), flag="was taken for"),
    Trick("laid-renamed-capitals", "in capitals", lay=lambda folder, _: _rename(folder, "CONSTRAINT_TAX.ipynb"), flag="was taken for"),
    Trick("laid-renamed-ending", "another ending", lay=lambda folder, _: _rename(folder, "constraint_tax.IPYNB"), expects=NOTHING, flag="missing"),
    Trick("laid-renamed-odd", "a name of two lines", lay=lambda folder, _: _rename(folder, "my\nanswers.ipynb"), flag="was taken for"),
    Trick("laid-renamed-bytes", "a name that is no text", lay=lambda folder, _: _rename(folder, os.fsdecode(b"\xff.ipynb")), expects=NOTHING, flag="missing"),
    Trick("laid-second-notebook", "another notebook beside it", lay=lambda folder, _: (folder / "other.ipynb").write_text("{}")),
    Trick("laid-link-to-neighbour", "the notebook is a link to somebody else's", lay=lambda folder, places: _replace(folder, lambda path: path.symlink_to(_neighbour(places))), expects=NOTHING, flag="link"),
    Trick("laid-link-to-source", "a link to the instructor's version", lay=lambda folder, places: _replace(folder, lambda path: path.symlink_to(places.course / "source" / NAME)), expects=NOTHING, flag="link"),
    Trick("laid-link-relative", "a link upward", lay=lambda folder, _: _replace(folder, lambda path: path.symlink_to("../../honest/constraint_tax/constraint_tax.ipynb")), expects=NOTHING, flag="link"),
    Trick("laid-link-to-secret", "a link to what only the grader may read", lay=lambda folder, places: _replace(folder, lambda path: path.symlink_to(places.home / ".ssh" / "id_ed25519")), expects=NOTHING, flag="link"),
    Trick("laid-link-to-nothing", "a link to nothing", lay=lambda folder, _: _replace(folder, lambda path: path.symlink_to("nothing")), expects=NOTHING, flag="link"),
    Trick("laid-link-to-itself", "a link to itself", lay=lambda folder, _: _replace(folder, lambda path: path.symlink_to(path.name)), expects=NOTHING, flag="link"),
    Trick("laid-link-to-endless", "a link to a device that never ends", lay=lambda folder, _: _replace(folder, lambda path: path.symlink_to("/dev/zero")), expects=NOTHING, flag="link"),
    Trick("laid-pipe", "the notebook is a pipe", lay=lambda folder, _: _replace(folder, os.mkfifo), expects=NOTHING, flag="pipe"),
    Trick("laid-socket", "a socket", lay=lambda folder, _: _replace(folder, _socket), expects=NOTHING, flag="socket"),
    Trick("laid-device", "a device", lay=lambda folder, _: _replace(folder, _device), expects=NOTHING, flag="device|link"),
    Trick("laid-folder", "a folder", lay=lambda folder, _: _replace(folder, os.mkdir), expects=NOTHING, flag="folder"),
    Trick("laid-hard-link", "a second name of what somebody else handed in", lay=lambda folder, places: _replace(folder, lambda path: os.link(_neighbour(places), path))),
    Trick("laid-no-rights", "a file that nobody may read", lay=lambda folder, _: (folder / NAME.name).chmod(0)),
    Trick("laid-beside-link", "a link beside the notebook", lay=lambda folder, places: (folder / "answers.txt").symlink_to(places.course / "source" / NAME), flag=LEFT_OUT),
    Trick("laid-beside-folder-link", "a link to the root beside it", lay=lambda folder, _: (folder / "root").symlink_to("/"), flag=LEFT_OUT),
    Trick("laid-beside-loop", "a link to its own folder", lay=lambda folder, _: (folder / "loop").symlink_to("."), flag=LEFT_OUT),
    Trick("laid-beside-pipe", "a pipe beside it", lay=lambda folder, _: os.mkfifo(folder / "pipe"), flag=LEFT_OUT),
    Trick("laid-beside-socket", "a socket beside it", lay=lambda folder, _: _socket(folder / "socket"), flag=LEFT_OUT),
    Trick("laid-beside-device", "a device beside it", lay=lambda folder, _: _device(folder / "zero"), flag=LEFT_OUT),
    Trick("laid-beside-sparse", "a file of 10 GB beside it, with nothing in it", lay=lambda folder, _: _sparse(folder / "large", 10**10), flag="large"),
    Trick("laid-beside-large", "a file beside it that is larger than what a submission may write", lay=lambda folder, _: _sparse(folder / "large", 70_000_000), flag="too large to be given", slow=True),
    Trick("laid-beside-many", "six thousand files beside it", lay=lambda folder, _: _many(folder), flag="5,000 files", slow=True),
    Trick("laid-beside-deep", "five hundred folders in each other", lay=lambda folder, _: _deep(folder), flag="folders deep"),
    Trick("laid-beside-odd-names", "files with odd names beside it", lay=lambda folder, _: _odd_names(folder), flag="not UTF-8"),
    Trick("laid-timestamp-odd", "a time that is none", others={"timestamp.txt": "yesterday"}, flag="timestamp"),
    Trick("laid-timestamp-far", "a time in ten thousand years", others={"timestamp.txt": "9999-12-31 23:59:59.999999 UTC"}),
    Trick("laid-timestamp-long", "a time of a megabyte", others={"timestamp.txt": "2" * 1_000_000}, flag="timestamp"),
    Trick("laid-timestamp-path", "a time whose zone is a file", others={"timestamp.txt": "2026-01-01 00:00:00 ../../../etc/passwd"}, flag="timestamp"),
    Trick("laid-timestamp-bytes", "a time that is no text", lay=lambda folder, _: (folder / "timestamp.txt").write_bytes(b"\xff\xfe"), flag="timestamp"),
    Trick("laid-timestamp-pipe", "a time that is a pipe", lay=lambda folder, _: os.mkfifo(folder / "timestamp.txt"), flag=LEFT_OUT),
    Trick("laid-timestamp-link", "a time that is a link", lay=lambda folder, places: (folder / "timestamp.txt").symlink_to(places.canary / "secret.txt"), flag=LEFT_OUT),
    Trick("laid-timestamp-folder", "a time that is a folder", lay=lambda folder, _: (folder / "timestamp.txt").mkdir(), flag=""),
    Trick("laid-numbers-folder", "a folder in the place of the file with the numbers", others={"mlwf_numbers.json/x": "x"}),
    Trick("laid-many-pages", "files that take more room than they are large", lay=lambda folder, _: _pages(folder), flag="too much for its folder", slow=True),
    Trick("laid-many-folders", "files in more folders than there is room for", lay=lambda folder, _: _folders(folder), flag="too much for its folder", slow=True),
    Trick("laid-whole-link", "the folder is a link to what somebody else handed in", lay=_folder_link, expects=NOTHING, flag="can't be read"),
    Trick("laid-student-link", "the student's folder is a link to somebody else's", lay=_student_link, flag="is a link"),
    Trick("laid-no-folder", "a file where the folder should be", lay=_no_folder, expects=dict.fromkeys(QUESTIONS), flag=""),
)  # fmt: skip
STUDENTS = (
    Trick("student-unicode", "an id in many scripts", student="Zoë-学生-☃"),
    Trick("student-spaces", "an id with spaces", student="ada  lovelace "),
    Trick("student-dash", "an id that looks like an option", student="--force"),
    Trick("student-shell", "an id that looks like a command", student="$(touch written);`id`|x&"),
    Trick("student-glob", "an id that looks like a pattern", student="[a-z]*?"),
    Trick("student-format", "an id that looks like a place to fill in", student="{student_id}%s{0}"),
    Trick("student-quotes", "an id that ends a text of SQL and HTML", student="x'; drop table grade; --\"><script>alert(1)</script"[:60].replace("/", "")),
    Trick("student-long", "an id as long as a name may be", student="x" * 255),
    Trick("student-dots", "an id of dots", student="a..."),
    Trick("student-backslash", "an id with backslashes", student="a\\..\\..\\x"),
    Trick("student-escape", "an id that clears a terminal", student="\x1b[2J\x07"),
    Trick("student-newline", "an id of two lines", student="two\nlines"),
    Trick("student-bytes", "an id that is no text", student=os.fsdecode(b"\xff\xfe")),
    Trick("student-right-to-left", "an id that turns the line round", student="\u202eeda"),
    Trick("student-hidden", "an id that is a hidden folder: nobody looks there", student=".hidden"),
)  # fmt: skip
TAMPERED = (*NOTEBOOKS, *FOLDERS, *STUDENTS)
