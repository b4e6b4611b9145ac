"""A submitted notebook made whole, whatever became of it: the instructor's cells as they were made, the student's kept.

A notebook that nobody tampered with comes out as nbgrader's own preprocessors would make it (ClearOutput,
DeduplicateIds, OverwriteKernelspec, OverwriteCells, CheckCellMetadata). Where those would give up, and with them the
whole class, this goes on: it takes what is there for what it most probably is, and says so in a sentence.
"""

import json
import re
import warnings
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader import utils

from mlwf.grading.course import SKIP
from mlwf.grading.data import tame, whole_text
from mlwf.grading.key import Given, NotebookKey

VERSION = (4, 5)
SCHEMA = 3  # of nbgrader's metadata
TYPES = ("code", "markdown", "raw")
# A few bytes of JSON can take a hundred times as many in memory; no notebook that a person made has so many numbers and
# texts, or dicts and lists.
VALUES = 5_000_000
CONTAINERS = 1_000_000
CELLS = 50_000  # that are looked at
# Cells that are not the instructor's; each is run, saved and made into HTML.
OWN_CELLS = 5_000
# Metadata within metadata; deeper than this, nbformat would not find its way out.
NAMED = 10  # so many cells are named in a sentence

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TAG = re.compile(r"[^,]+")
_NAME = re.compile(r".+")
_JSON_TYPE = re.compile(r"application/(.*\+)?json")
# What nbgrader's schema knows; more in a cell's metadata makes it refuse the notebook.
_SETTINGS = frozenset(
    ("schema_version", "grade", "locked", "solution", "task", "grade_id", "points", "checksum", "cell_type")
)
_ROLES = frozenset(("grade", "locked", "solution"))
_REQUIRED = _ROLES | {"grade_id", "schema_version"}
_CLEARED = ("collapsed", "scrolled")  # as ClearOutput does
_TRANSIENT = ("orig_nbformat", "orig_nbformat_minor", "signature")  # as nbformat does when it reads
_LANGUAGE = ("file_extension", "mimetype", "pygments_lexer")


@dataclass(frozen=True)
class Mended:
    """A submitted notebook that can be graded.

    Attributes
    ----------
    notebook : NotebookNode
        Passes nbgrader's and nbformat's validation; without outputs.
    flags : tuple of str
        Sentences for the instructor, each of one line.
    """

    notebook: NotebookNode
    flags: tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Cell:
    """A cell on its way.

    Attributes
    ----------
    type : str
        Of the notebook's types; of a cell of the instructor's, anything.
    source : str
        Its text.
    metadata : dict
        Without nbgrader's.
    said : dict
        nbgrader's metadata as handed in.
    id, attachments
        As handed in.
    given : Given or None
        The instructor's cell that this is.
    copy : bool
        There is another cell that counts as the instructor's.
    """

    type: str
    source: str
    metadata: NotebookNode
    said: dict[str, Any]
    id: str
    attachments: Any
    given: Given | None = None
    copy: bool = False


def mend(content: bytes | None, key: NotebookKey) -> Mended:
    """Make a notebook that can be graded out of what was handed in.

    Parameters
    ----------
    content : bytes or None
        The submitted file; None if it could not be read.
    key : NotebookKey
        What the instructor made.

    Returns
    -------
    Mended
        Always: nothing is raised, whatever the bytes.
    """
    flags: list[str] = []
    document = _document(content, flags)
    raw = document["cells"] if document is not None else []
    if len(raw) > CELLS:
        flags.append(f"there are {len(raw):,} cells: only the first {CELLS:,} were looked at")
        del raw[CELLS:]
    cells = [cell for item in raw if (cell := _cell(item))]
    missing = _identify(cells, key, flags)
    cells = [cell for cell in cells if cell.given or cell.type in TYPES]
    if lost := len(raw) - len(cells):
        flags.append(f"{lost:,} {'cell that is' if lost == 1 else 'cells that are'} no notebook's: left out")
    cells = _limited(cells, flags)
    if document is not None:
        _compare(cells, key, flags)
    nodes = [_cell_node(cell, key) for cell in cells]
    _put_back(nodes, cells, key, missing)
    if document is not None and missing:
        flags.append(f"{_cells(missing)} missing: the instructor's {_version(missing)} put back")
    _make_ids(nodes)
    metadata = document.get("metadata") if document is not None else None
    notebook = _node(
        {
            "cells": nodes,
            "metadata": _notebook_metadata(metadata, key),
            "nbformat": VERSION[0],
            "nbformat_minor": VERSION[1],
        }
    )
    return Mended(notebook, tuple(flags))


def names_in(content: bytes, key: NotebookKey) -> set[str]:
    """Return the names of the instructor's cells that a notebook has, whatever else it is."""
    document = _document(content, [])
    cells = [cell for item in (document["cells"][:CELLS] if document is not None else []) if (cell := _cell(item))]
    _identify(cells, key, [])
    return {cell.given.name for cell in cells if cell.given}


# Reading ---------------------------------------------------------------------------------------------------------


def _document(content: bytes | None, flags: list[str]) -> dict[str, Any] | None:
    """The notebook as plain data, in version 4 if it can be had; None if it is no notebook."""
    if content is None:
        flags.append("the notebook could not be read: it counts as empty")
        return None
    try:
        return _notebook(content, flags)
    except RecursionError:
        reason = "it is nested too deeply"
    except MemoryError:
        reason = "it takes too much memory"
    except ValueError as error:
        reason = str(error)
    flags.append(f"the notebook could not be read: {reason}; it counts as empty")
    return None


def _notebook(content: bytes, flags: list[str]) -> dict[str, Any]:
    found = _json(content, flags)
    if not isinstance(found, dict):
        raise ValueError("it is JSON, but not a notebook")
    document: dict[str, Any] = found
    version = document.get("nbformat")
    if is_old := _is_old(document):
        document = _upgraded(document)
    if not isinstance(document.get("cells"), list):
        raise ValueError("it has no list of cells")
    if is_old:
        flags.append(f"the notebook was in version {version} of Jupyter's format: it was converted")
    elif version != VERSION[0]:
        flags.append("the notebook does not say that it is in version 4 of Jupyter's format: it was taken to be")
    return document


def _json(content: bytes, flags: list[str]) -> Any:  # noqa: ANN401 - that is what JSON is
    """What the bytes mean."""
    if not content.strip():
        raise ValueError("the file is empty")
    if content.count(b",") > VALUES or content.count(b"[") + content.count(b"{") > CONTAINERS:
        raise ValueError("it holds millions of values")
    encoding = json.detect_encoding(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode(encoding, errors="replace")
        flags.append("the notebook's file has bytes that are no text: they were replaced")
    text = text.removeprefix("\ufeff")
    try:
        return json.loads(text)
    except ValueError:  # perhaps a line break within a text, or a number of thousands of digits
        try:
            return json.loads(text, strict=False, parse_int=_whole)
        except json.JSONDecodeError as error:
            raise ValueError(f"it is not JSON (line {error.lineno}: {error.msg})") from None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float(digits)


def _is_old(document: Mapping[str, Any]) -> bool:
    version = document.get("nbformat")
    return not isinstance(document.get("cells"), list) and version in (1, 2, 3)


def _upgraded(document: dict[str, Any]) -> dict[str, Any]:
    """A notebook of an old version in version 4."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old = nbformat.reader.reads(json.dumps(document))  # type: ignore[no-untyped-call]
            new = nbformat.convert(old, VERSION[0])  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - the converter meets anything but a notebook with whatever its parts raise
        raise ValueError("it is no notebook that can be converted") from None
    return dict(new)


def _cell(raw: object) -> _Cell | None:
    """A cell from plain data, or None if it is no cell."""
    if not isinstance(raw, dict):
        return None
    source = raw.get("source")
    if isinstance(source, list):
        source = "".join([line for line in source if isinstance(line, str)])
    metadata = raw.get("metadata")
    metadata = tame(metadata if isinstance(metadata, dict) else {})
    said = metadata.pop("nbgrader", None)
    said = said if isinstance(said, dict) else {}
    if not isinstance(said.get("grade_id"), str):
        said.pop("grade_id", None)
    kind, identity = raw.get("cell_type"), raw.get("id")
    return _Cell(
        kind if isinstance(kind, str) else "",
        whole_text(source) if isinstance(source, str) else "",
        metadata,
        said,
        identity if isinstance(identity, str) and _ID.fullmatch(identity) else "",
        raw.get("attachments"),
    )


# Which cell is which ---------------------------------------------------------------------------------------------


def _identify(cells: Sequence[_Cell], key: NotebookKey, flags: list[str]) -> list[Given]:
    """Find the instructor's cells; return those that are missing."""
    found: dict[str, _Cell] = {}
    copies: dict[str, Given] = {}
    for cell in reversed(cells):
        given = key.cells.get(cell.said.get("grade_id", ""))
        if given is None:
            continue
        if given.name in found:
            copies[given.name] = given
            cell.copy = True
        else:
            found[given.name] = cell
            cell.given = given
    if copies:
        flags.append(
            f"{_cells(_in_order(copies, key), plural='are', single='is')} there more than once: the last counts"
        )
    missing = [given for name, given in key.cells.items() if name not in found]
    if missing:
        missing = _recognise([cell for cell in cells if not (cell.given or cell.copy)], missing, flags)
    unknown = [str(cell.said["grade_id"]) for cell in cells if cell.said.get("grade") is True and _is_unknown(cell)]
    if unknown:
        flags.append(f"{_listed([repr(name[:50]) for name in unknown])}: no such cell is to be graded")
    return missing


def _is_unknown(cell: _Cell) -> bool:
    return cell.given is None and not cell.copy and "grade_id" in cell.said


def _recognise(cells: Sequence[_Cell], missing: Sequence[Given], flags: list[str]) -> list[Given]:
    """Find cells that lost nbgrader's metadata by their id, else, if they are locked, by their text."""
    found = {}
    ids = {given.id: given for given in missing if given.id}
    for cell in reversed(cells):
        if given := ids.pop(cell.id, None):
            cell.given = found[given.name] = given
    texts: dict[tuple[str, str], deque[Given]] = {}
    for given in missing:
        if given.locked and given.name not in found:
            for text in {given.source, given.released}:
                texts.setdefault((given.cell_type, text), deque()).append(given)
    for cell in cells:
        same = texts.get((cell.type, cell.source))
        while cell.given is None and same and cell.source.strip():
            given = same.popleft()
            if given.name not in found:
                cell.given = found[given.name] = given
    if found:
        known = [given for given in missing if given.name in found]
        flags.append(f"{_cells(known, plural='had', single='had')} lost nbgrader's metadata: recognised by id or text")
    return [given for given in missing if given.name not in found]


def _limited(cells: list[_Cell], flags: list[str]) -> list[_Cell]:
    """The instructor's cells, and as many others as a person could have made."""
    own = sum(cell.given is None for cell in cells)
    if own <= OWN_CELLS:
        return cells
    flags.append(f"there are {own:,} cells of the student's own: only the first {OWN_CELLS:,} were kept")
    kept = []
    left = OWN_CELLS
    for cell in cells:
        if cell.given is None:
            left -= 1
        if cell.given is not None or left >= 0:
            kept.append(cell)
    return kept


# What was changed ------------------------------------------------------------------------------------------------


def _compare(cells: Sequence[_Cell], key: NotebookKey, flags: list[str]) -> None:
    """Tell how the instructor's cells differ from what was given out."""
    edited, changed, kept_from_running = [], {}, []
    for cell in cells:
        given = cell.given
        if given is None:
            continue
        if _must_run(given) and SKIP in _tags(cell.metadata):
            kept_from_running.append(given)
        if (differences := _differences(cell, given)) and not _had_other_points(cell, differences):
            changed[given.name] = differences
        if given.locked and cell.source not in (given.released, given.source) and not _is_of_an_older_release(cell):
            edited.append(given)
    if edited:
        edited = _in_order({given.name: given for given in edited}, key)
        flags.append(f"{_cells(edited)} edited: the instructor's {_version(edited)} put back")
    for name in [name for name in key.cells if name in changed][:NAMED]:
        settings = _listed(changed[name])
        flags.append(
            f"{_cells([key.cells[name]], single='had')} other settings ({settings}): the instructor's were put back"
        )
    if len(changed) > NAMED:
        flags.append(f"{len(changed) - NAMED:,} more cells had other settings: the instructor's were put back")
    if kept_from_running:
        flags.append(f"{_cells(kept_from_running, single='was', plural='were')} tagged not to be run: run all the same")
    order = [cell.given.name for cell in cells if cell.given]
    if order != [name for name in key.cells if name in set(order)]:
        flags.append(
            "the instructor's cells are in another order than they were given out: they are graded in this one"
        )


def _differences(cell: _Cell, given: Given) -> list[str]:
    """What the submission says of a cell that is not so, in words."""
    differences = [] if cell.type == given.cell_type else ["type"]
    said = cell.said
    if "grade_id" in said:
        roles = [name for name in ("grade", "solution", "task") if said.get(name, False) is not getattr(given, name)]
        if not roles and _is_locked(said) is not given.locked:
            roles = ["locked"]
        differences += roles
        if given.points is not None and not _is_number(said.get("points"), given.points):
            differences.append("points")
    return differences


def _must_run(given: Given) -> bool:
    """Whether a student may not keep it from running: a test that does not run would be worth full marks."""
    return given.cell_type == "code" and not given.solution and not given.skipped


def _tags(metadata: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as handed in
    tags = metadata.get("tags")
    return tags if isinstance(tags, list) else []


def _is_locked(said: Mapping[str, Any]) -> object:
    """Whether nbgrader takes a cell to be locked."""
    return not said.get("solution") and (said.get("grade") or said.get("locked", False))


def _is_number(found: object, number: float) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and found == number


def _had_other_points(cell: _Cell, differences: list[str]) -> bool:
    """Whether a cell only was worth something else in an older release."""
    said = cell.said  # a task's points are in no checksum
    is_worth = said.get("grade") is True and isinstance(said.get("points"), int | float)
    return differences == ["points"] and is_worth and _is_of_an_older_release(cell)


def _is_of_an_older_release(cell: _Cell) -> bool:
    """Whether a cell is as some release gave it out, as far as its own checksum tells."""
    metadata = _node({"nbgrader": _node(cell.said)})
    node = _node({"cell_type": cell.type, "source": cell.source, "metadata": metadata})
    with suppress(AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return bool(utils.compute_checksum(node) == cell.said.get("checksum"))
    return False


# Making ----------------------------------------------------------------------------------------------------------


def _cell_node(cell: _Cell, key: NotebookKey) -> NotebookNode:
    """The cell in nbformat's shape."""
    given = cell.given
    kind = given.cell_type if given else cell.type
    metadata = _cell_metadata(cell.metadata, kind)
    if given:
        metadata["nbgrader"] = _settings(cell, given, key)
        if _must_run(given) and SKIP in (tags := _tags(metadata)):
            metadata["tags"] = [tag for tag in tags if tag != SKIP]
    elif not cell.copy and (inert := _inert(cell.said)):
        metadata["nbgrader"] = inert
    source = given.source if given and given.locked else cell.source
    return _new(kind, cell.id, source, metadata, _attachments(cell.attachments))


def _node(data: Mapping[str, Any]) -> NotebookNode:
    return NotebookNode(data)  # type: ignore[no-untyped-call]


def _new(
    kind: str, identity: str, source: str, metadata: NotebookNode, attachments: NotebookNode | None = None
) -> NotebookNode:
    node = _node({"cell_type": kind, "id": identity, "metadata": metadata, "source": source})
    if kind == "code":
        node["execution_count"] = None
        node["outputs"] = []
    elif attachments is not None:
        node["attachments"] = attachments
    return node


def _settings(cell: _Cell, given: Given, key: NotebookKey) -> NotebookNode:
    """nbgrader's metadata of one of the instructor's cells."""
    settings = _as_made(given, key)
    if not _is_as_given(cell, given):
        return settings
    # In the words of the release: 2 points, where the gradebook says 2.0.
    said = {name: value for name, value in cell.said.items() if name != "checksum"}
    if "checksum" in settings:
        said["checksum"] = settings["checksum"]
    return _node(said)


def _as_made(given: Given, key: NotebookKey) -> NotebookNode:
    """nbgrader's metadata of a cell as the instructor made it."""
    # nbgrader's schema wants a proper checksum or none.
    return _node({name: value for name, value in key.metadata(given).items() if value is not None})


def _is_as_given(cell: _Cell, given: Given) -> bool:
    """Whether nbgrader's metadata are those of a release, so that nbgrader would leave them as they are."""
    said = cell.said
    return (
        _REQUIRED <= said.keys() <= _SETTINGS
        and not _differences(cell, given)
        and _is_current(said)
        and isinstance(said["locked"], bool)
        and said["grade_id"] == given.name  # else it was recognised by something else
        and said.get("cell_type", given.cell_type) == given.cell_type
        and (given.points is not None or "points" not in said)
    )


def _is_current(said: Mapping[str, Any]) -> bool:
    version = said.get("schema_version")
    return isinstance(version, int) and not isinstance(version, bool) and version == SCHEMA


def _inert(said: Mapping[str, Any]) -> NotebookNode | None:
    """nbgrader's metadata of a cell that it has nothing to do with, as its editor may leave them behind."""
    kept = _node({name: value for name, value in said.items() if name != "grade_id"})
    roles = kept.keys() - {"schema_version"}
    if not _ROLES <= roles <= _ROLES | {"task"} or any(kept[name] is not False for name in roles):
        return None
    return kept if _is_current(said) else None


def _cell_metadata(metadata: NotebookNode, kind: str) -> NotebookNode:
    """The cell's metadata without what nbformat does not allow, and what it or ClearOutput takes out."""
    metadata.pop("trusted", None)
    if kind == "code":
        for name in _CLEARED:
            metadata.pop(name, None)
    for name, is_fine in _CHECKS.items():
        if name in metadata and not is_fine(metadata[name]):
            del metadata[name]
    return metadata


def _is_execution(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _are_tags(value: object) -> bool:
    return (
        isinstance(value, list)
        and all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in value)
        and len(set(value)) == len(value)
    )


_CHECKS: dict[str, Callable[[object], bool]] = {
    "jupyter": lambda value: isinstance(value, dict),
    "format": lambda value: isinstance(value, str),
    "name": lambda value: isinstance(value, str) and bool(_NAME.fullmatch(value)),
    "tags": _are_tags,
    "execution": _is_execution,
}


def _attachments(found: object) -> NotebookNode | None:
    """Pictures and the like in a cell of text, as far as they are well-formed."""
    if not isinstance(found, dict):
        return None
    attachments = _node({})
    for name, bundle in found.items():
        if isinstance(bundle, dict):
            attachments[whole_text(name)] = _node(
                {whole_text(kind): tame(data) for kind, raw in bundle.items() if (data := _data(kind, raw)) is not None}
            )
    return attachments


def _data(kind: str, raw: Any) -> Any:  # noqa: ANN401 - from a file
    """What is attached under a media type; None if it is not well-formed."""
    if _JSON_TYPE.fullmatch(kind):
        return raw
    if isinstance(raw, list) and all(isinstance(line, str) for line in raw):
        return "".join(raw)
    return raw if isinstance(raw, str) else None


def _put_back(nodes: list[NotebookNode], cells: Sequence[_Cell], key: NotebookKey, missing: Sequence[Given]) -> None:
    """Put the instructor's missing cells after those before them in the key.

    What is no answer goes behind what the student has added there. An answer does not: what was added may be the answer,
    in a cell that is not known any more, and the stub would undo it.
    """
    gone = {given.name for given in missing}
    places = {cell.given.name: node for cell, node in zip(cells, nodes, strict=True) if cell.given}
    previous: NotebookNode | None = None
    for name, given in key.cells.items():
        if name in gone:
            metadata = _node({"deletable": False, "nbgrader": _as_made(given, key)})
            if given.locked:
                metadata["editable"] = False
            if given.skipped:
                metadata["tags"] = [SKIP]
            identity = given.id if _ID.fullmatch(given.id) else ""
            node = _new(given.cell_type, identity, given.source, metadata)
            known = {id(place) for place in places.values()}
            at = next((i for i, other in enumerate(nodes) if other is previous), -1) + 1
            while not given.solution and 0 < at < len(nodes) and id(nodes[at]) not in known:
                at += 1
            nodes.insert(at, node)
            places[name] = node
        previous = places[name]


def _make_ids(nodes: Iterable[NotebookNode]) -> None:
    """Give each cell an id of its own, where it has none or shares it."""
    nodes = list(nodes)
    taken = {node["id"] for node in nodes}
    seen = {""}
    number = 0
    for node in nodes:
        if node["id"] in seen:
            while (identity := f"cell-{number}") in taken:
                number += 1
            taken.add(identity)
            node["id"] = identity
        seen.add(node["id"])


def _notebook_metadata(found: object, key: NotebookKey) -> NotebookNode:
    """The notebook's metadata without what nbformat does not allow, with the instructor's kernel."""
    metadata: dict[str, Any] = tame(found if isinstance(found, dict) else {})
    for name in _TRANSIENT:
        metadata.pop(name, None)
    for name, is_fine in _NOTEBOOK_CHECKS.items():
        if name in metadata and not is_fine(metadata[name]):
            del metadata[name]
    if key.kernelspec:
        metadata["kernelspec"] = tame(dict(key.kernelspec))
    return _node(metadata)


def _is_kernel(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in ("name", "display_name"))


def _is_language(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("codemirror_mode", ""), str | dict)
        and all(isinstance(value.get(name, ""), str) for name in _LANGUAGE)
    )


_NOTEBOOK_CHECKS: dict[str, Callable[[object], bool]] = {
    "kernelspec": _is_kernel,
    "language_info": _is_language,
    "language": lambda value: isinstance(value, str),  # nbconvert writes it in small letters, whatever it is
    "title": lambda value: isinstance(value, str),
    "authors": lambda value: isinstance(value, list),
    "widgets": lambda value: isinstance(value, dict) and all(isinstance(item, dict) for item in value.values()),
}


# Saying ----------------------------------------------------------------------------------------------------------


def _in_order(cells: Collection[str], key: NotebookKey) -> list[Given]:
    return [given for name, given in key.cells.items() if name in cells]


def _cells(cells: Sequence[Given], single: str = "was", plural: str = "were") -> str:
    """The beginning of a sentence about some cells."""
    names = _listed([f"`{given.name}` ({_role(given)})" for given in cells])
    return f"cell {names} {single}" if len(cells) == 1 else f"cells {names} {plural}"


def _version(cells: Sequence[Given]) -> str:
    return "version was" if len(cells) == 1 else "versions were"


def _role(given: Given) -> str:
    if given.solution:
        return "answer"
    if given.grade:
        return "test"
    return "task" if given.task else "given"


def _listed(names: Sequence[str]) -> str:
    """Names as one says them, not too many."""
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED:,} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
