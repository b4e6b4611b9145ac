"""Marks a submission's answers in the grader's own process, from what the student's process says they are.

It is found through the entry-point group ``mlwf.verifiers`` and meets the protocols of `mlwf.grading.verify`. Whose numbers count,
what is right, and what the outputs say of it, nothing of that comes from the student's process.
"""

import ast
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlwf.assignment.by_hand import affordable, uses
from mlwf.assignment.case import Case
from mlwf.assignment.marks import Verdict, mark
from mlwf.assignment.notebook import arguments_of_begin, literal
from mlwf.assignment.own import cases_of_others, own_case
from mlwf.assignment.parsing import parsed
from mlwf.assignment.questions import QUESTIONS, Question
from mlwf.assignment.showing import CASE, DATA, VERDICT, Note, Numbers, verdict_data
from mlwf.plain import LONGEST, Plain

if TYPE_CHECKING:
    from nbformat import NotebookNode

REFUSED = "The package mlwf may not be used here: answers are to be derived by hand."
POLICIES = ("note", "refuse", "off")


class Given(Protocol):
    """A cell that the instructor made."""

    @property
    def cell_type(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def locked(self) -> bool: ...
    @property
    def grade(self) -> bool: ...
    @property
    def solution(self) -> bool: ...


class Key(Protocol):
    """What is known about a notebook, as far as it is looked at here."""

    @property
    def cells(self) -> Mapping[str, Given]: ...


class Ask(Protocol):
    """What can be asked of a student's process."""

    def values(self, names: Sequence[str]) -> dict[str, Plain]: ...
    def call(self, name: str, inputs: Sequence[Sequence[Any]]) -> Plain: ...


class Verifier:
    """Knows the notebooks that ask our questions."""

    def examiner(self, key: Key) -> "Examiner | None":
        """Return who marks the notebook with this key; None if it asks none of our questions.

        Raises
        ------
        ValueError
            The given cells do not say whose numbers count, or by which policy.
        """
        given = {name: cell.source for name, cell in key.cells.items() if cell.cell_type == "code" and cell.locked}
        asked = {
            name: question
            for name, source in given.items()
            if key.cells[name].grade and not key.cells[name].solution and (question := _checked(source))
        }
        if not asked:
            return None
        arguments = arguments_of_begin(given.values())
        if arguments is None:
            raise ValueError("no locked cell calls `begin`, so nobody knows whose numbers count; put that cell back")
        texts = {name: literal(arguments[name]) for name in ("course", "by_hand") if name in arguments}
        for name, text in texts.items():
            if text is None:
                raise ValueError(f'`begin` must be given {name} as a text between quotation marks, as in {name}="…"')
        by_hand = texts.get("by_hand") or "note"
        if by_hand not in POLICIES:
            raise ValueError(f"by_hand must be {', '.join(map(repr, POLICIES))}, not {by_hand!r}")
        return Examiner(given, asked, texts.get("course") or "", by_hand, arguments.get("student"))


VERIFIER = Verifier()


class Examiner:
    """Marks the answers of one notebook.

    Parameters
    ----------
    given : mapping of str to str
        Sources of the locked code cells, by `grade_id`.
    asked : mapping of str to Question
        By `grade_id` of the test cell.
    course : str
        The course's key.
    by_hand : str
        The policy.
    said : ast.expr, optional
        What `begin` is given as the student's id.
    """

    def __init__(
        self,
        given: Mapping[str, str],
        asked: Mapping[str, Question],
        course: str,
        by_hand: str,
        said: ast.expr | None = None,
    ) -> None:
        self._asked, self._course, self._by_hand = asked, course, by_hand
        self._said, self._variable = literal(said) or "", said.id if isinstance(said, ast.Name) else ""
        self._table_cells = frozenset(name for name, source in given.items() if _shows_numbers(source))
        self._progress_cells = frozenset(name for name, source in given.items() if _shows(source, "progress"))
        self._case = lru_cache(maxsize=8)(lambda student: own_case(course, student))
        self.questions = {name: self._looks_at(question) for name, question in asked.items()}
        self.preload = ("mlwf.assignment",)
        self.stand_in = Path(__file__).with_name("stand_in") if by_hand == "refuse" else None

    def files(self, student: str) -> dict[str, str]:
        """Return the student's numbers for the stand-in, which can't work them out; nothing without one."""
        if self.stand_in is None:
            return {}
        case = self._case(student)
        shown = self._numbers(student).data()
        told = {
            "text": shown["text/plain"],
            "html": shown["text/html"],
            "numbers": {field.name: getattr(case, field.name) for field in fields(case)},
            "answers": [[question.name, f"{question.points}"] for question in QUESTIONS.values()],
        }
        return {"mlwf_numbers.json": json.dumps(told)}

    def mark(self, question: str, student: str, ask: Ask) -> list[dict[str, Any]]:
        """Return what the test cell `question` puts out: the verdict, and its points."""
        asked, case = self._asked[question], self._case(student)
        values = ask.values(self.questions[question])
        answers = {each.id: believed(values[each.name]) for each in _with_earlier(asked) if each.name in values}
        if asked.inputs and asked.id in answers:
            inputs = asked.inputs(case)
            answers[asked.id] = believed_results(ask.call(asked.name, inputs), len(inputs))
        said = values.get(self._variable) if self._variable else self._said
        return _outputs(mark(asked, case, answers, self._others(student, said)))

    def _looks_at(self, question: Question) -> tuple[str, ...]:
        names = tuple(each.name for each in _with_earlier(question))
        return (*names, self._variable) if self._variable else names

    def _others(self, student: str, said: Plain) -> dict[str, Case]:
        """Whose numbers else an answer may be right for; `said` is the id in the notebook."""
        is_an_id = isinstance(said, str) and len(said) < LONGEST and _can_be_written(said)
        return cases_of_others(self._course, student, said.strip() if is_an_id else "")  # type: ignore[union-attr]

    def _numbers(self, student: str) -> Numbers:
        return Numbers(self._case(student), self._course, student)

    def finish(self, notebook: "NotebookNode", student: str) -> None:
        """Leave in the outputs only data that are true, and put in those that the given cells show when all is well."""
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        used = [] if self._by_hand == "off" else uses(cell.source for cell in cells)
        note = Note(used, self._by_hand, grading=True)
        numbers = self._numbers(student).data()
        true = {CASE: numbers[CASE], **note.data}
        for cell in cells:
            name = _name(cell)
            if name in self.questions:
                continue
            cell.outputs = list(_only_true(cell.outputs, true))
            if name in self._table_cells:
                _show(cell, numbers)
            if name in self._progress_cells:
                _say(cell, note)
        if self._by_hand == "refuse" and used:
            self._say_what_was_refused(cells)

    def _say_what_was_refused(self, cells: Sequence["NotebookNode"]) -> None:
        """Add to the verdicts why an answer that needs the package is none."""
        texts = affordable(cell.source for cell in cells if _name(cell) not in self.questions)
        trees = [(tree, uses([text])) for text in texts if (tree := parsed(text))]
        for cell in cells:
            if _name(cell) not in self.questions or not cell.outputs:
                continue
            verdict = Verdict(**cell.outputs[0]["data"][VERDICT])
            name = QUESTIONS[verdict.question].name
            needed = any((verdict.missing or used) and name in _assigned(tree) for tree, used in trees)
            if needed and verdict.points < verdict.max_points:
                said = replace(verdict, message=f"{verdict.message} {REFUSED}")
                cell.outputs[0]["data"].update(verdict_data(said))


def _checked(source: str) -> Question | None:
    """The question that a test cell asks for, if that is all it does."""
    tree = parsed(source)
    match tree.body if tree else []:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(name))], []))]:
            return QUESTIONS.get(name)
    return None


def _with_earlier(question: Question) -> tuple[Question, ...]:
    return question, *(QUESTIONS[name] for name in question.builds_on)


def _shows(source: str, function: str) -> bool:
    """Tell whether a cell ends with what `function` returns."""
    tree = parsed(source)
    match tree.body[-1:] if tree else []:
        case [ast.Expr(ast.Call(ast.Name(name)))]:
            return name == function
    return False


def _shows_numbers(source: str) -> bool:
    """Tell whether a cell ends with the table of numbers."""
    tree = parsed(source)
    match tree.body[-2:] if tree else []:
        case [ast.Assign([ast.Name(table)], ast.Call(ast.Name("begin"))), ast.Expr(ast.Name(shown))]:
            return table == shown
    return _shows(source, "begin")


def believed(value: Plain) -> Plain:
    """Return what a student's process says that a value is, and of anything that is no plain value only that."""
    if type(value) is str:
        return value[:LONGEST]
    if value is None or type(value) in (int, float):
        return value
    if type(value) is dict and value.keys() == {"type"} and type(value["type"]) is str:
        return {"type": _writable(value["type"])}
    return {"type": type(value).__name__}


def believed_results(results: Plain, count: int) -> Plain:
    """The same for what a function is said to return for `count` inputs, or for what is no function."""
    return [_believed_result(result) for result in results[:count]] if type(results) is list else believed(results)


def _believed_result(result: Any) -> dict[str, Plain]:  # noqa: ANN401 - anything that JSON can hold
    match result:
        case {"error": str(name), **rest} if not rest:
            return {"error": _writable(name)}
        case {"value": value, **rest} if not rest:
            return {"value": believed(value)}
    return {"value": {"type": type(result).__name__}}


def _writable(name: str) -> str:
    return name[:LONGEST].encode(errors="backslashreplace").decode()


def _can_be_written(text: str) -> bool:
    return _writable(text) == text


def _outputs(verdict: Verdict) -> list[dict[str, Any]]:
    """What a kernel puts out that shows a verdict and returns its points."""
    points = {"text/plain": repr(float(verdict.points))}
    return [
        {"output_type": "display_data", "metadata": {}, "data": verdict_data(verdict)},
        {"output_type": "execute_result", "metadata": {}, "execution_count": None, "data": points},
    ]


def _name(cell: "NotebookNode") -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _only_true(outputs: Iterable[Any], true: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the outputs without data of ours that are not `true`; what held nothing else is dropped."""
    for output in outputs:
        forged = [
            mime
            for mime, said in output.get("data", {}).items()
            if mime.startswith(DATA) and (mime not in true or said != true[mime])
        ]
        for mime in forged:
            del output["data"][mime]
            output.get("metadata", {}).pop(mime, None)
        if output.get("data") or not forged:
            yield output


def _show(cell: "NotebookNode", data: Mapping[str, Any]) -> None:
    """Make the cell's result, if it came to one, the given data."""
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    if results:
        cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
        cell.outputs.append(_nodes({**results[-1], "data": data, "metadata": {}}))


def _say(cell: "NotebookNode", note: Note) -> None:
    """Add a note to the cell's result, whether the cell came to one and said it, or not."""
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    if results:
        data = results[-1]["data"]
        for mime, said, between in (("text/plain", note.text, "\n\n"), ("text/html", note.html, "")):
            shown = data.get(mime, "")
            if isinstance(shown, str) and not shown.endswith(said):
                data[mime] = f"{shown}{between}{said}"
        data.update(_nodes(note.data))
    elif note.used:
        data = {"text/plain": note.text, "text/html": note.html, **note.data}
        cell.outputs.append(_nodes({"output_type": "display_data", "metadata": {}, "data": data}))


def _nodes(data: Any) -> Any:  # noqa: ANN401 - what notebooks are made of
    from nbformat import from_dict

    return from_dict(data)  # type: ignore[no-untyped-call]


def _assigned(tree: ast.Module) -> set[str]:
    """Names that a cell gives a value, other than the three dots that it was given with."""
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    dots = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is ...
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    stored = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    for name in dots:
        stored.remove(name)
    return names | set(stored)
