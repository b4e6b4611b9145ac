"""A submission made whole: what nbgrader would make of it, if nobody tampered with it; else its cells put right."""

import json
import time
from dataclasses import replace

import nbformat
import pytest
from corpus import NAME, SUBMISSIONS
from generated import as_written, check
from nbformat.v4 import new_code_cell
from nbgrader.utils import compute_checksum

from mlwf.grading.mend import CELLS, CONTAINERS, OWN_CELLS, VALUES, mend

# What somebody did to the notebook, and what nbgrader nevertheless grades as if it had not been done.
HONEST = [s for s in SUBMISSIONS if not s.edits or set().union(*s.edits) <= {"add", "after"}]
RESTORED = [s for s in SUBMISSIONS if s.student in ("moved-answer", "moved-test", "edited-test", "edited-numbers")]


def _cell(document, name):
    return next(cell for cell in document["cells"] if cell["id"] == f"id-{name}")


def _at(document, name):
    return document["cells"].index(_cell(document, name))


def _mended(course, document):
    """The notebook, which must be whole, its cells by grade_id, and the flags."""
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    mended = mend(content, course.key)
    check(mended.notebook, course.key)
    assert all("\n" not in flag and flag.isprintable() for flag in mended.flags)
    named = {}
    for cell in mended.notebook.cells:
        if name := cell.metadata.get("nbgrader", {}).get("grade_id"):
            named[name] = cell
    return mended.notebook, named, list(mended.flags)


def _order(notebook):
    return [cell.id.removeprefix("id-") for cell in notebook.cells]


# Nobody tampered with it -----------------------------------------------------------------------------------------


@pytest.mark.course
@pytest.mark.parametrize("submission", HONEST, ids=lambda submission: submission.student)
def test_an_honest_submission_comes_out_as_nbgrader_makes_it(ours, submission, tmp_path):
    """Is it what nbgrader's preprocessors make of it, with nothing to say about it?"""
    submission.write(tmp_path)
    content = (tmp_path / "submitted" / submission.student / NAME).read_bytes()
    notebook, _, flags = _mended(ours, content)
    assert as_written(notebook) == ours.sanitized(content)
    assert flags == []


@pytest.mark.course
@pytest.mark.parametrize("submission", RESTORED, ids=lambda submission: submission.student)
def test_what_nbgrader_restores_is_restored_alike(ours, submission, tmp_path):
    """Where nbgrader puts things right itself: is the notebook the same, and is it said?"""
    submission.write(tmp_path)
    content = (tmp_path / "submitted" / submission.student / NAME).read_bytes()
    notebook, _, flags = _mended(ours, content)
    assert as_written(notebook) == ours.sanitized(content)
    assert len(flags) == 1


def test_a_cell_of_every_sort_comes_out_as_nbgrader_makes_it(small):
    """Also where there are hidden tests, cells marked by hand, tasks, and what nbgrader's editor leaves behind?"""
    notebook, named, flags = _mended(small, small.released)
    assert as_written(notebook) == small.sanitized(small.released)
    assert flags == []
    assert "HIDDEN" in named["test-double"].source
    assert b"HIDDEN" not in small.released


def test_traces_of_work_are_no_tampering(small):
    """Outputs, counts, folded cells, pictures, another kernel: is the notebook as nbgrader makes it?"""
    document = small.document()
    document["metadata"]["kernelspec"] = {"name": "mine", "display_name": "My kernel"}
    document["metadata"]["language_info"] |= {"version": "3.12.1", "codemirror_mode": {"name": "ipython"}}
    document["metadata"] |= {"signature": "abc", "orig_nbformat": 4, "widgets": {"state": {}}}
    for count, cell in enumerate(document["cells"], start=1):
        cell["metadata"]["trusted"] = True
        if cell["cell_type"] == "code":
            stream = {"output_type": "stream", "name": "stderr", "text": ["oh\n", "no"]}
            cell |= {"execution_count": count, "outputs": [stream]}
            cell["metadata"] |= {"collapsed": True, "scrolled": False, "jupyter": {"outputs_hidden": True}}
            cell["metadata"]["execution"] = {"iopub.status.busy": "2024-01-01T00:00:00Z"}
    why = _cell(document, "why")
    why["source"] = ["Because of ![a](attachment:a.png)\n", "and ½ 🙂."]
    why["attachments"] = {"a.png": {"image/png": "iVBORw0KGgo=", "text/plain": ["a\n", "b"]}}
    document["cells"].append(
        {"cell_type": "raw", "id": "raw", "metadata": {"format": "text/html", "tags": ["a", "b"]}, "source": "<b>"}
    )
    content = json.dumps(document).encode()
    notebook, _, flags = _mended(small, content)
    assert as_written(notebook) == small.sanitized(content)
    assert flags == []


def test_a_notebook_without_ids_gets_some(small):
    """From a program that knows no cell ids yet: is all else as nbgrader makes it, and the same each time?"""
    document = small.document() | {"nbformat_minor": 4}
    for cell in document["cells"]:
        del cell["id"]
    content = json.dumps(document).encode()
    notebook, _, flags = _mended(small, content)
    ours, stock = as_written(notebook), small.sanitized(content)
    for cell in ours["cells"]:
        del cell["id"]
    assert ours == stock | {"nbformat_minor": 5}
    assert flags == []
    assert as_written(notebook) == as_written(mend(content, small.key).notebook)


# Not a notebook --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "the notebook could not be read: it counts as empty"),
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"{", "not JSON (line 1: "),
        (b"\x00\xff\xfe\x80", "not JSON"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not JSON"),
        (b"null", "JSON, but not a notebook"),
        (b"[]", "JSON, but not a notebook"),
        (b"17", "JSON, but not a notebook"),
        (b'"{}"', "JSON, but not a notebook"),
        (b"{}", "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (b'{"nbformat": 3}', "no notebook that can be converted"),
        (b'{"nbformat": 3, "metadata": [], "worksheets": [{"cells": 1}]}', "no notebook that can be converted"),
        (b'{"cells": ' + b"[" * 100_000, "nested too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"[0" + b",0" * (VALUES + 1) + b"]", "it holds millions of values"),
        (b"[" + b"[]," * CONTAINERS + b"[]]", "it holds millions of values"),
    ],
    ids=lambda value: value[:20].decode(errors="replace") if isinstance(value, bytes) else None,
)
def test_what_is_no_notebook_counts_as_empty(small, content, reason):
    """Does it get the instructor's cells, and one sentence that says what it was?"""
    mended = mend(content, small.key)
    check(mended.notebook, small.key)
    [*_, flag] = mended.flags
    assert reason in flag
    assert flag.endswith("it counts as empty")
    assert [cell.metadata.nbgrader.grade_id for cell in mended.notebook.cells] == list(small.key.cells)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_other_encodings_are_read(small, encoding):
    """Does a notebook that an editor saved in another encoding come out all the same?"""
    notebook, _, flags = _mended(small, small.released.decode().encode(encoding))
    assert as_written(notebook) == small.sanitized(small.released)
    assert flags == []


def test_bytes_that_are_no_text_are_replaced(small):
    """Does a letter in an old encoding spoil no more than itself?"""
    document = small.document()
    _cell(document, "why")["source"] = "Because of Z?rich"
    content = json.dumps(document).encode().replace(b"Z?rich", b"Z\xfcrich")
    _, named, flags = _mended(small, content)
    assert named["why"].source == "Because of Z\ufffdrich"
    assert flags == ["the notebook's file has bytes that are no text: they were replaced"]


@pytest.mark.parametrize("version", [2, 3])
def test_old_versions_are_converted(small, version):
    """Are a notebook's cells found, when it was saved in a format of ten years ago?"""
    notebook = nbformat.reads(small.released.decode(), as_version=4)
    old = nbformat.convert(notebook, 3)
    old.nbformat = version
    _, named, flags = _mended(small, json.dumps(old).encode())
    assert "return" not in named["double"].source
    assert any(f"version {version} of Jupyter's format" in flag for flag in flags)
    if version == 3:
        assert len(flags) == 1


@pytest.mark.parametrize("version", [5, 99, "4", None, True, [], 3])
def test_other_versions_are_taken_for_ours(small, version):
    """Does a notebook that claims to be of another version, but looks like ours, count?"""
    notebook, _, flags = _mended(small, small.document() | {"nbformat": version})
    assert as_written(notebook) == small.sanitized(small.released)
    assert len(flags) == 1
    assert "version 4" in flags[0]


@pytest.mark.parametrize("minor", [6, -1, None, "x", {}])
def test_other_minor_versions_do_not_matter(small, minor):
    """Is a notebook of a newer minor version taken as it is, with the cells that nbformat knows?"""
    document = small.document() | {"nbformat_minor": minor, "something": "new"}
    document["cells"][0]["something"] = "new"
    notebook, _, flags = _mended(small, document)
    assert as_written(notebook) == small.sanitized(small.released)
    assert flags == []


def test_line_breaks_in_texts_and_long_numbers_are_read(small):
    """Is what JSON forbids, or Python refuses to read, overlooked where it does no harm?"""
    content = small.released.replace(b'"metadata": {', b'"metadata": {"a\nb": ' + b"9" * 5000 + b", ", 1)
    _, _, flags = _mended(small, content)
    assert flags == []


# Cells of odd shape ----------------------------------------------------------------------------------------------


def test_what_is_no_cell_is_left_out(small):
    """Do numbers, texts and cells of unknown type among the cells do no harm?"""
    document = small.document()
    document["cells"][1:1] = [7, None, "cell", [], {}, {"cell_type": "heading", "source": "x"}, {"cell_type": ["code"]}]
    notebook, _, flags = _mended(small, document)
    assert as_written(notebook) == small.sanitized(small.released)
    assert flags == ["7 cells that are no notebook's: left out"]


def test_a_copy_of_unknown_type_is_left_out(small):
    """Is a second cell with an instructor's name, but of no type that there is, no cell of the student's?"""
    document = small.document()
    document["cells"].insert(0, _cell(document, "draw") | {"cell_type": None})
    notebook, _, flags = _mended(small, document)
    assert as_written(notebook) == small.sanitized(small.released)
    assert flags == [
        "cell `draw` (task) is there more than once: the last counts",
        "1 cell that is no notebook's: left out",
    ]


@pytest.mark.parametrize("source", [5, None, {}, [1, None, {"a": "b"}], True])
def test_a_source_that_is_no_text_is_empty(small, source):
    """Is an answer of another type as good as none?"""
    document = small.document()
    _cell(document, "double")["source"] = source
    _, named, _ = _mended(small, document)
    assert named["double"].source == ""


def test_missing_fields_are_filled(small):
    """Does a cell that says nothing but its type become one?"""
    document = small.document()
    document["cells"].append({"cell_type": "code"})
    notebook, _, flags = _mended(small, document)
    assert dict(notebook.cells[-1]) == {
        "cell_type": "code",
        "execution_count": None,
        "id": "cell-0",
        "metadata": {},
        "outputs": [],
        "source": "",
    }
    assert flags == []


@pytest.mark.parametrize("metadata", [[], None, 3, "text", {"nbgrader": []}, {"nbgrader": {"grade_id": ["double"]}}])
def test_odd_metadata_are_dropped(small, metadata):
    """Does a cell keep its place, and a cell of the instructor's its identity, whatever its metadata are?"""
    document = small.document()
    _cell(document, "free")["metadata"] = metadata
    _cell(document, "double")["metadata"] = metadata
    notebook, named, flags = _mended(small, document)
    assert _order(notebook) == _order(nbformat.reads(small.released.decode(), as_version=4))
    assert named["double"].id == "id-double"
    assert flags == ["cell `double` (answer) had lost nbgrader's metadata: recognised by id or text"]


def test_metadata_that_nbformat_refuses_are_dropped(small):
    """Is what would make the notebook invalid taken out, and all else kept?"""
    document = small.document()
    bad = {"tags": ["a", "a"], "name": "", "jupyter": 1, "format": 2, "execution": {"a": 1}, "mine": {"a": [1.5]}}
    _cell(document, "free")["metadata"] = bad
    _cell(document, "end")["attachments"] = {"a": 1, "b": {"image/png": 1, "text/plain": ["x", "y"]}, "c": {}}
    _cell(document, "free")["attachments"] = {"a": {"image/png": "x"}}
    document["metadata"] |= {"title": 1, "authors": {}, "language": 3, "language_info": {"name": 1}, "widgets": [1]}
    notebook, named, _ = _mended(small, document)
    free = next(cell for cell in notebook.cells if cell.id == "id-free")
    assert free.metadata == {"mine": {"a": [1.5]}}
    assert "attachments" not in free
    assert named["end"].attachments == {"b": {"text/plain": "xy"}, "c": {}}
    assert notebook.metadata.keys() == {"kernelspec"}


def test_who_may_keep_a_cell_from_running(small):
    """The instructor, and students what is theirs; but a test, or what was given, by the instructor alone?"""
    document = small.document()
    for name in ("imports", "double", "test-double", "free", "why"):
        _cell(document, name)["metadata"]["tags"] = ["skip-execution", "mine"]
    content = json.dumps(document).encode()
    notebook, _, flags = _mended(small, content)
    kept = {cell.id for cell in notebook.cells if "skip-execution" in cell.metadata.get("tags", ())}
    assert kept == {"id-double", "id-free", "id-why"}
    assert all("mine" in cell.metadata.tags for cell in notebook.cells if "tags" in cell.metadata)
    assert flags == [
        "cells `imports` (given) and `test-double` (test) were tagged not to be run: run all the same",
    ]
    tagged = {name: replace(given, skipped=True) for name, given in small.key.cells.items()}
    notebook = mend(content, replace(small.key, cells=tagged)).notebook
    assert as_written(notebook) == small.sanitized(content)
    missing = mend(None, replace(small.key, cells=tagged)).notebook
    assert all(cell.metadata.tags == ["skip-execution"] for cell in missing.cells)


def test_halves_of_characters_and_numbers_that_are_none_can_be_written(small):
    """Does what JSON can smuggle in come out as something that any program can read?"""
    content = small.released.replace(b'"language_info":', rb'"\ud800": [NaN, -Infinity, "\udfff"], "language_info":')
    document = small.document()
    _cell(document, "why")["source"] = ["\ud83d", "\ude42 and \ud83d alone"]
    for written in (content, json.dumps(document).encode()):
        notebook, named, _ = _mended(small, written)
        json.dumps(notebook, allow_nan=False).encode()
    assert named["why"].source == "🙂 and \ufffd alone"


def test_deep_metadata_are_cut(small):
    """Do metadata that nbformat could not copy become shallower?"""
    document = small.document()
    deep = []
    for _ in range(400):
        deep = [{"a": deep}]
    document["metadata"]["deep"] = _cell(document, "double")["metadata"]["deep"] = deep
    _, _, flags = _mended(small, document)
    assert flags == []


def test_ids_are_made_valid_and_unique(small):
    """Does every cell get an id of its own, the same whenever it is graded?"""
    document = small.document()
    for identity in (None, 5, "", "a b", "x" * 65, "id-free", "cell-0"):
        document["cells"].append({"cell_type": "markdown", "id": identity, "metadata": {}, "source": "mine"})
    notebook, _, flags = _mended(small, document)
    assert [cell.id for cell in notebook.cells][-7:] == [*(f"cell-{n}" for n in range(1, 7)), "cell-0"]
    assert flags == []
    assert as_written(notebook) == as_written(_mended(small, document)[0])


def test_more_cells_than_anybody_makes_are_left_out(small):
    """Are the instructor's cells there, when ten thousand others stand before them?"""
    document = small.document()
    document["cells"] = [{"cell_type": "code", "source": "x"}] * 10_000 + document["cells"]
    notebook, _, flags = _mended(small, document)
    assert len(notebook.cells) == OWN_CELLS + len(small.key.cells)
    assert flags == ["there are 10,002 cells of the student's own: only the first 5,000 were kept"]


def test_a_notebook_of_nothing_but_cells_takes_no_time(small):
    """Is a hundred thousand cells' worth of nothing looked at in part only?"""
    document = {"nbformat": 4, "cells": [{"cell_type": "code"}] * 2 * CELLS}
    start = time.monotonic()
    _, _, flags = _mended(small, document)
    assert time.monotonic() - start < 20
    assert flags[0] == "there are 100,000 cells: only the first 50,000 were looked at"


# Which cell is which ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["double", "test-double", "why", "title"])
def test_of_copies_the_last_counts(small, name):
    """Does the last of two cells keep its place and name, as with nbgrader, and the other its text?"""
    document = small.document()
    first = _cell(document, name)
    second = json.loads(json.dumps(first)) | {"id": "second", "source": "the second"}
    first["source"] = "the first"
    document["cells"].append(second)
    notebook, named, flags = _mended(small, document)
    assert named[name].id == "second"
    other = next(cell for cell in notebook.cells if cell.id == f"id-{name}")
    assert other.source == "the first"
    assert "nbgrader" not in other.metadata
    assert flags[0].startswith(f"cell `{name}` (")
    assert flags[0].endswith("is there more than once: the last counts")


def test_cells_that_lost_their_metadata_are_recognised_by_id(small):
    """Does a notebook from which a program dropped nbgrader's metadata lose nothing?"""
    document = small.document()
    for cell in document["cells"]:
        cell["metadata"].pop("nbgrader", None)
    _cell(document, "double")["source"] = "def double(x): return x + x"
    notebook, named, flags = _mended(small, document)
    assert named["double"].source == "def double(x): return x + x"
    assert [cell.id for cell in notebook.cells] == [cell["id"] for cell in document["cells"]]
    assert len(flags) == 1
    assert flags[0].endswith("and `end` (given) had lost nbgrader's metadata: recognised by id or text")


def test_locked_cells_without_metadata_and_ids_are_recognised_by_their_text(small):
    """Where the ids are lost as well: are the cells found that nobody may change, and the answer kept as a cell?"""
    document = small.document()
    for number, cell in enumerate(document["cells"]):
        cell["metadata"].pop("nbgrader", None)
        cell["id"] = f"new-{number}"
    notebook, named, flags = _mended(small, document)
    assert {name for name, cell in named.items() if cell.id.startswith("new-")} == {
        "title",
        "imports",
        "test-double",
        "draw",
        "end",
    }
    assert _order(notebook).count("new-3") == 1
    assert "had lost nbgrader's metadata" in flags[0]
    assert flags[1:] == [
        "cells `double` (answer) and `why` (answer) were missing: the instructor's versions were put back"
    ]


def test_a_wrong_name_is_seen_through_by_id(small):
    """Does a test that was given another name remain the test?"""
    document = small.document()
    _cell(document, "test-double")["metadata"]["nbgrader"]["grade_id"] = "another"
    notebook, named, flags = _mended(small, document)
    assert _order(notebook) == [cell["id"].removeprefix("id-") for cell in document["cells"]]
    assert named["test-double"].id == "id-test-double"
    assert len(flags) == 1


def test_cells_that_nobody_asked_for_are_no_questions(small):
    """Does a test of the student's own with points of its own become an ordinary cell?"""
    document = small.document()
    mine = json.loads(json.dumps(_cell(document, "test-double"))) | {"id": "mine", "source": "1000"}
    mine["metadata"]["nbgrader"] |= {"grade_id": "bonus\n", "points": 1000}
    document["cells"].append(mine)
    notebook, _, flags = _mended(small, document)
    assert "nbgrader" not in notebook.cells[-1].metadata
    assert flags == [r"'bonus\n': no such cell is to be graded"]


# What was changed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["title", "imports", "test-double", "draw"])
def test_locked_cells_are_put_back(small, name):
    """Is the instructor's version there, and is it said that it was not?"""
    document = small.document()
    _cell(document, name)["source"] = "1000"
    _, named, flags = _mended(small, document)
    assert named[name].source == small.key.cells[name].source
    role = {"test-double": "test", "draw": "task"}.get(name, "given")
    assert flags == [f"cell `{name}` ({role}) was edited: the instructor's version was put back"]


def test_an_older_release_is_no_tampering(small):
    """Was the cell given out so, before the instructor made a new release: is nothing said?"""
    cells = dict(small.key.cells)
    cells["test-double"] = replace(
        cells["test-double"], source="assert double(2) == 4", released="assert double(2) == 4"
    )
    newer = replace(small.key, cells=cells)
    mended = mend(small.released, newer)
    assert mended.flags == ()
    assert [cell.source for cell in mended.notebook.cells if cell.id == "id-test-double"] == ["assert double(2) == 4"]
    edited = small.released.replace(b"assert double(1) == 2", b"assert double(1) != 3")
    assert len(mend(edited, newer).flags) == 1


@pytest.mark.parametrize(
    ("name", "changes", "settings"),
    [
        ("test-double", {"points": 1000}, "points"),
        ("test-double", {"points": "2"}, "points"),
        ("test-double", {"points": float("nan")}, "points"),
        ("test-double", {"grade": False}, "grade"),
        ("test-double", {"solution": True}, "solution"),
        ("test-double", {"grade": False, "solution": True, "locked": False}, "grade and solution"),
        ("test-double", {"task": "yes"}, "task"),
        ("imports", {"locked": False}, "locked"),
        ("imports", {"locked": None}, "locked"),
        ("double", {"grade": True, "points": 5}, "grade"),
        ("why", {"solution": False}, "solution"),
        ("draw", {"task": False, "points": 3}, "task and points"),
        ("draw", {"points": 3}, "points"),
    ],
)
def test_settings_are_the_instructors(small, name, changes, settings):
    """Are role and points of a cell those of the gradebook, and is it said what the submission made of them?"""
    document = small.document()
    _cell(document, name)["metadata"]["nbgrader"] |= changes
    _, named, flags = _mended(small, document)
    assert named[name].metadata.nbgrader == small.key.metadata(small.key.cells[name])
    assert len(flags) == 1
    assert flags[0].endswith(f"had other settings ({settings}): the instructor's were put back")


def test_points_of_an_older_release_are_no_tampering(small):
    """Is nobody flagged whose release gave a test other points, as its checksum tells?"""
    document = small.document()
    cell = _cell(document, "test-double")
    settings = cell["metadata"]["nbgrader"]
    settings["points"] = 7
    settings["checksum"] = compute_checksum(
        new_code_cell("".join(cell["source"]), metadata={"nbgrader": nbformat.from_dict(settings)})
    )
    _, named, flags = _mended(small, document)
    assert (named["test-double"].metadata.nbgrader.points, flags) == (2, [])


@pytest.mark.parametrize("changes", [{"checksum": "0" * 32}, {"checksum": 1}, {"schema_version": 99}, {"more": 1}])
def test_what_says_nothing_about_the_cell_is_put_right_silently(small, changes):
    """Are checksum, version and stray fields the instructor's, without a word?"""
    document = small.document()
    _cell(document, "test-double")["metadata"]["nbgrader"] |= changes
    notebook, _, flags = _mended(small, document)
    assert as_written(notebook) == small.sanitized(small.released)
    assert flags == []


@pytest.mark.parametrize(
    ("name", "kind"), [("double", "markdown"), ("why", "code"), ("test-double", "raw"), ("end", 7)]
)
def test_types_are_the_instructors(small, name, kind):
    """Does a cell that was made another type become what it was, with its text?"""
    document = small.document()
    cell = _cell(document, name)
    cell |= {"cell_type": kind, "attachments": {"a": {"text/plain": "b"}}}
    _, named, flags = _mended(small, document)
    assert named[name].cell_type == small.key.cells[name].cell_type
    assert named[name].source == small.key.cells[name].source
    assert flags == [
        f"cell `{name}` ({'test' if 'test' in name else 'given' if name == 'end' else 'answer'}) "
        "had other settings (type): the instructor's were put back"
    ]


def test_missing_cells_are_put_back_in_their_places(small):
    """Do they stand after the cell that was before them and what was added there, also at the start and several at once?"""
    document = small.document()
    for name in ("title", "imports", "test-double", "why", "end"):
        document["cells"].remove(_cell(document, name))
    notebook, named, flags = _mended(small, document)
    assert _order(notebook) == ["title", "left-over", "imports", "double", "free", "test-double", "why", "draw", "end"]
    assert "HIDDEN" in named["test-double"].source
    assert named["why"].source == "YOUR ANSWER HERE"
    assert flags == [
        "cells `title` (given), `imports` (given), `test-double` (test), `why` (answer) and `end` (given) were missing: "
        "the instructor's versions were put back"
    ]


def test_a_missing_answer_is_put_back_as_the_stub(small):
    """Does a deleted answer count as not begun?"""
    document = small.document()
    document["cells"].remove(_cell(document, "double"))
    notebook, named, _ = _mended(small, document)
    assert "YOUR CODE HERE" in named["double"].source
    assert "return" not in named["double"].source
    assert _order(notebook)[:4] == ["title", "imports", "double", "left-over"]


def test_the_stub_does_not_undo_an_answer_that_is_not_recognised(small):
    """If an answer's cell is known neither by name nor by id: does the answer come after the stub, and before the test?"""
    document = small.document()
    _cell(document, "double").update(id="id-new", metadata={}, source="def double(x): return 2 * x")
    document["cells"].remove(_cell(document, "test-double"))
    document["cells"].remove(_cell(document, "left-over"))
    notebook, _, _ = _mended(small, document)
    assert _order(notebook)[1:6] == ["imports", "double", "new", "free", "test-double"]


def test_the_students_order_stays(small):
    """Is a notebook graded in the order that it was handed in, and is it said once?"""
    document = small.document()
    document["cells"].reverse()
    notebook, _, flags = _mended(small, document)
    assert _order(notebook) == [cell["id"].removeprefix("id-") for cell in document["cells"]]
    assert flags == [
        "the instructor's cells are in another order than they were given out: they are graded in this one"
    ]


def test_sentences_stay_few_and_short(small):
    """However much was done, can an instructor read what is said about it?"""
    document = small.document()
    mine = _cell(document, "test-double")["metadata"]["nbgrader"]
    document["cells"] += [
        {"cell_type": "code", "metadata": {"nbgrader": mine | {"grade_id": "x" * 10_000 + str(number)}}, "source": ""}
        for number in range(1000)
    ]
    for cell in document["cells"]:
        cell["source"] = "changed"
        cell["metadata"].setdefault("nbgrader", {})["locked"] = "perhaps"
    _, _, flags = _mended(small, document)
    assert len(flags) < 12
    assert max(map(len, flags)) < 1000
