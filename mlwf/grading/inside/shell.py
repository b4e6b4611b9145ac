"""An IPython shell that tells what a kernel would: streams, displays, results and errors, each as it happens."""

import ast
import builtins
import getpass
import inspect
import io
import os
import re
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Any as AnyTrait
from traitlets import Type

Event = list[Any]
Emit = Callable[[Event], None]
FLUSH_AT, FLUSH_AFTER = 1 << 13, 0.2  # characters, seconds
WARM_UP = ("None", "def _divide(a, b):\n    return a / b\n_divide(1, 0)", "%%time\nNone", "del _divide")
BACKEND = "module://matplotlib_inline.backend_inline"


class Meter:
    """Counts what a cell puts out, and drops what is too much, with one line that says so."""

    def __init__(self, emit: Emit, most: int) -> None:
        self.emit = emit
        self.most = most
        self.left = most

    def begin(self) -> None:
        """Start with a new cell."""
        self.left = self.most

    def __call__(self, event: Event, size: int) -> None:
        if self.left < 0:
            return
        self.left -= size
        if self.left >= 0:
            self.emit(event)
        elif event[0] == "stream":
            text = event[2]
            self.emit(["stream", event[1], f"{text[: max(0, self.left + size)]}\n{self._says}"])
        else:
            self.emit(["stream", "stdout", self._says])

    @property
    def _says(self) -> str:
        return f"... Output truncated: a cell may put out {self.most // 1024} kB ...\n"


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr`."""

    encoding = "UTF-8"
    errors = "strict"

    def __init__(self, name: str, meter: Meter, descriptor: int) -> None:
        self.name = name
        self._meter = meter
        self._descriptor = descriptor
        self._parts: list[str] = []
        self._size = 0
        self._since = 0.0
        self.others: tuple[Stream, ...] = ()

    def write(self, text: str) -> int:
        """Keep text until there is enough of it, or something else is put out."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        for other in self.others:
            other.flush()
        if text and self._meter.left >= 0:
            if not self._parts:
                self._since = time.monotonic()
            self._parts.append(text)
            self._size += len(text)
            if self._size > FLUSH_AT or time.monotonic() - self._since > FLUSH_AFTER:
                self.flush()
        return len(text)

    def flush(self) -> None:
        """Put out what is kept."""
        if self._parts:
            text, self._parts, self._size = "".join(self._parts), [], 0
            self._meter(["stream", self.name, text], len(text))

    def writable(self) -> bool:
        """True, as for any file to write to."""
        return True

    def isatty(self) -> bool:
        """False: nobody sits there."""
        return False

    def fileno(self) -> int:
        """The descriptor that programs started from a cell write to; it is read at the end of the cell."""
        return self._descriptor


class _Hook(DisplayHook):
    """Tells the value of a cell's last expression."""

    def write_output_prompt(self) -> None:
        """A notebook shows the number by itself."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        """Put out the value in all its forms."""
        if format_dict:
            shell: Any = self.shell
            shell.tell(["result", format_dict, md_dict or {}, self.prompt_count])

    def finish_displayhook(self) -> None:
        """A notebook needs no line after it."""


class _Publisher(DisplayPublisher):
    """Tells what `display` is given."""

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: str | None = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **_: Any,  # noqa: ANN401 - whatever else IPython's next version passes
    ) -> None:
        """Put it out, or put it in the place of what had the same id."""
        self.shell.tell(["update" if update else "display", data, metadata or {}, (transient or {}).get("display_id")])

    def clear_output(self, wait: bool = False) -> None:
        """Take back what the cell has put out, at once or when the next comes."""
        self.shell.tell(["clear", wait])


class _Compiler(CachingCompiler):
    """Names cells as a kernel does: as files of Python that aren't there. By the name IPython chooses how tracebacks look."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """Name the code of a cell."""
        name = f"/tmp/ipykernel/{super().get_code_name(raw_code, transformed_code, number).strip('<>')}.py"
        # A traceback asks which module a cell belongs to: none. To find that out, all modules would be looked at for each frame.
        inspect.modulesbyfile.setdefault(name, "")
        return name


_NOT_PLAIN = re.compile(r"[%!?\f]|\\$|^[^\S\n]+$|^\s*(?:[/,;]|>>>|\.\.\.|In \[)|\A\s", re.MULTILINE)
_ONE_ASSIGNMENT = re.compile(r"[A-Za-z_]\w* *=(?!=)[^\n]*\n?\Z")


def is_plain(cell: str) -> bool:
    """Tell whether IPython would leave a cell as it is: it is Python, and has no magic, shell line, help or prompt.

    A single line that is no assignment may still be one of IPython's commands without a sign, such as `ls`.
    """
    if _NOT_PLAIN.search(cell) or not (len(cell.splitlines()) > 1 or _ONE_ASSIGNMENT.match(cell)):
        return False
    try:
        ast.parse(cell)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # IPython has its own ways to say so
    return True


class Shell(InteractiveShell):
    """What cells run in; `open` connects it to a grader."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    compiler_class = Type(_Compiler)
    meter = AnyTrait()
    settle = AnyTrait()
    transformers = AnyTrait()

    def init_readline(self) -> None:
        """There is no keyboard."""

    def init_virtualenv(self) -> None:
        """The interpreter is the right one already."""

    def enable_gui(self, gui: Any = None) -> None:  # noqa: ANN401
        """There is no screen."""

    def ask_exit(self) -> None:
        """The grader says when it is over."""

    system = InteractiveShell.system_piped

    def transform_cell(self, raw_cell: str) -> str:
        """Return the Python that a cell means; most cells are, and to read them three times over is half of running them."""
        if self._transformers() == self.transformers and is_plain(raw_cell):
            return raw_cell if raw_cell.endswith("\n") else f"{raw_cell}\n"
        return str(super().transform_cell(raw_cell))  # type: ignore[no-untyped-call]

    def _transformers(self) -> tuple[Any, ...]:
        manager = self.input_transformer_manager
        steps = (
            manager.cleanup_transforms,
            manager.line_transforms,
            manager.token_transformers,
            self.input_transformers_post,
        )
        return tuple(tuple(each) for each in steps)

    def _format_exception_for_storage(self, *_: object, **__: object) -> dict[str, Any]:
        """A history that is kept nowhere needs no second traceback."""
        return {}

    def tell(self, event: Event) -> None:
        """Put something out, after what was printed before it."""
        self.settle()
        self.meter(event, _size(event))

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        self.tell(["error", str(etype.__name__), _text(evalue), list(stb)])


def _size(event: Event) -> int:
    """Characters in an event, as far as they are text."""
    total = 0
    for part in event[1:]:
        values: Iterable[Any] = part.values() if isinstance(part, dict) else part if isinstance(part, list) else (part,)
        total += sum(len(value) if isinstance(value, str | bytes) else len(repr(value)) for value in values)
    return total


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a student's own __str__
        return f"<{type(value).__name__} that can't be told>"


def prepare() -> Shell:
    """Make the shell in the zygote, so that forks have it ready."""
    os.environ["MPLBACKEND"] = BACKEND
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "neutral"
    config.InteractiveShell.banner1 = ""
    shell: Shell = Shell.instance(config=config)
    shell.transformers = shell._transformers()
    # A kernel sends what `name?` shows to a pager, which is no output.
    shell.set_hook("show_in_pager", lambda *_, **__: None, 99)  # type: ignore[no-untyped-call]
    return shell


def warm_up(shell: Shell) -> None:
    """Make what is made at the first cell and the first traceback once for all, after all that is imported for all."""
    shell.meter, shell.settle = (lambda _event, _size: None), (lambda: None)
    for cell in WARM_UP:  # as a student's, though without a number
        shell.run_cell(cell, store_history=False)  # type: ignore[no-untyped-call]
    if shell.display_formatter:
        shell.display_formatter.format(None)  # type: ignore[no-untyped-call] # as of a result that is shown
    shell.user_ns["__name__"] = "__main__"


class Output:
    """What a cell writes by whatever way, told to the grader.

    Parameters
    ----------
    shell : Shell
    emit : callable
        Sends an event.
    most : int
        Characters that a cell may put out.
    files : pair of int
        Descriptors of the files behind the process's descriptors 1 and 2.
    """

    def __init__(self, shell: Shell, emit: Emit, most: int, files: tuple[int, int]) -> None:
        self.meter = Meter(emit, most)
        shell.meter, shell.settle = self.meter, self.settle
        self._files = dict(zip(("stdout", "stderr"), files, strict=True))
        self._streams: tuple[Any, ...] = tuple(Stream(name, self.meter, file) for name, file in self._files.items())
        for stream in self._streams:
            stream.others = tuple(other for other in self._streams if other is not stream)
        sys.stdout, sys.stderr = self._streams
        sys.__stdout__, sys.__stderr__ = self._streams  # type: ignore[misc]
        builtins.input = _no_input
        getpass.getpass = _no_password

    def begin(self) -> None:
        """Start with a new cell."""
        self.meter.begin()

    def settle(self) -> None:
        """Put out what is kept, and what programs wrote to the descriptors."""
        for stream in self._streams:
            stream.flush()
        for name, file in self._files.items():
            size = os.fstat(file).st_size
            if size:
                text = os.pread(file, min(size, self.meter.most + 1), 0).decode(errors="replace")
                os.ftruncate(file, 0)
                self.meter(["stream", name, text], max(len(text), size))


def _no_input(prompt: object = "") -> str:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


def _no_password(prompt: object = "", stream: object = None) -> str:
    raise StdinNotImplementedError("getpass was called, but this frontend does not support input requests.")
