"""Cells whose outputs behind the walls are compared with those of a Jupyter kernel: data for test_sandbox.py and docs/grading.md."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Cells that run one after the other in one process.

    Attributes
    ----------
    name : str
        Unique.
    cells : tuple of str
    differs : str
        What docs/grading.md calls the difference; empty where the outputs are a kernel's.
    here : str
        A regular expression that is found in the text of the outputs behind the walls, where they differ.
    alone : bool
        It leaves a kernel's process changed for good, so it has one to itself.
    by_chance : bool
        Two threads of a kernel race for the order of its outputs: now and then it is another one.
    """

    name: str
    cells: tuple[str, ...]
    differs: str = ""
    here: str = ""
    alone: bool = False
    by_chance: bool = False


def _case(
    name: str, *cells: str, differs: str = "", here: str = "", alone: bool = False, by_chance: bool = False
) -> Case:
    return Case(name, cells, differs, here, alone, by_chance)


RICH = """
class Rich:
    def __repr__(self): return "plain"
    def _repr_html_(self): return "<b>rich</b>"
    def _repr_latex_(self): return "$x$"
    def _repr_json_(self): return {"x": [1, None]}
    def _repr_markdown_(self): return "**rich**"
    def _repr_png_(self): return b"\\x89PNG\\r\\n\\x1a\\n"
    def _repr_mimebundle_(self, include=None, exclude=None): return {"application/x-own+json": {"y": 1}}, {"of": "own"}
"""
FIGURE = "from matplotlib.figure import Figure\nfigure = Figure(figsize=(1, 1)); figure.subplots().plot([1, 3, 2])\n"
PYPLOT = "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)); "

CASES = (
    _case("print", "print('one'); print('two', end='')"),
    _case("prints in a row", "for n in range(3): print(n)"),
    _case("a value", "6 * 7"),
    _case("None", "None"),
    _case("a semicolon", "6 * 7;"),
    _case("a value and a print", "print('first')\n6 * 7"),
    _case("earlier values", "6 * 7", "_ + 1", "Out[1] + _1"),
    _case("the number of a cell that fails", "1 / 0", "1"),
    _case("bytes", "b'a\\xff'"),
    _case("unicode", "print('Σ 😀 ⏱'); 'naïve 日本'"),
    _case("many lines", "print('a\\nb\\r\\nc\\rd\\x08\\x1b[31mred\\x1b[0m')"),
    _case("a huge value", "list(range(5000))"),
    _case("a long text", "'x' * 20000"),
    _case("display", "display(1, 'two', [3])"),
    _case(
        "HTML and others",
        "from IPython.display import *\ndisplay(HTML('<i>x</i>'), Markdown('*x*'), Latex('$x$'), SVG('<svg/>'))",
        "JSON({'x': [1]})",
        "Javascript('1')",
        "Math('x')",
    ),
    _case("rich output", RICH, "Rich()", "display(Rich())"),
    _case(
        "a repr that fails",
        "class Bad:\n    def __repr__(self): raise ValueError('no repr')\nBad()",
    ),
    _case(
        "an html repr that fails",
        "class Bad:\n    def __repr__(self): return 'Bad'\n    def _repr_html_(self): raise ValueError('no')\nBad()",
    ),
    _case("a figure", FIGURE + "figure", differs="pictures", here="image/png"),
    _case("pyplot", PYPLOT + "plt.plot([1, 2])"),
    _case("pyplot shown", PYPLOT + "plt.plot([1, 2]); plt.show(); print('after')"),
    _case("two figures", PYPLOT + "plt.plot([1, 2]); plt.figure(figsize=(1, 2)); plt.plot([2, 1]);"),
    _case("%matplotlib", "%matplotlib inline\n" + PYPLOT + "plt.plot([1, 2]);", alone=True),
    _case("an error", "1 / 0"),
    _case("an error further down", "def f(x):\n    return 1 / x\n", "print('before')\nf(0)"),
    _case(
        "an error with a cause",
        "try:\n    {}['k']\nexcept KeyError as error:\n    raise ValueError('a\\nb') from error",
    ),
    _case("an error of one's own", "class Own(Exception):\n    def __str__(self): return 'own'\nraise Own"),
    _case(
        "an error that can't be told",
        "class Own(Exception):\n    def __str__(self): raise RuntimeError('no')\nraise Own",
        differs="tracebacks",
        here="can't be told",
    ),
    _case(
        "a group of errors",
        "raise ExceptionGroup('several', [ValueError('a'), TypeError('b')])",
        differs="tracebacks",
        here="ValueError: a",
    ),
    _case("a failed assert", "assert 1 == 2, 'one is not two'"),
    _case("deep recursion", "def f(): return f()\nf()", differs="tracebacks", here="RecursionError"),
    _case("a syntax error", "print('never')\n1 +", differs="tracebacks", here="ipython-input-1"),
    _case("an indentation error", "if True:\nprint(1)", differs="tracebacks", here="ipython-input-1"),
    _case("return outside a function", "return 1", differs="tracebacks", here="ipython-input-1"),
    _case("a name that is not there", "nothing"),
    _case("a module that is not there", "import no_such_module"),
    _case("an interrupt by the cell", "raise KeyboardInterrupt('enough')"),
    _case("await", "import asyncio\nawait asyncio.sleep(0.01)\n'done'"),
    _case("async for", "async def g():\n    yield 1\nasync for x in g(): print(x)"),
    _case(
        "a warning",
        "import warnings\nwarnings.warn('careful')",
        alone=True,
        differs="tracebacks",
        here="UserWarning: careful",
    ),
    _case(
        "a deprecated call",
        "import warnings\nwarnings.warn('old', DeprecationWarning)",
        alone=True,
        differs="tracebacks",
        here="DeprecationWarning: old",
    ),
    _case("logging", "import logging\nlogging.warning('careful'); logging.info('not shown')", alone=True),
    _case(
        "logging with a handler",
        "import logging, sys\nlogging.basicConfig(stream=sys.stdout, level='INFO')\nlogging.info('shown')",
        alone=True,
    ),
    _case(
        "both streams",
        "import sys\nprint('a'); print('b', file=sys.stderr); print('c')",
        differs="the order of streams",
        here=r'"a\\n".*"b\\n".*"c\\n"',
    ),
    _case("one line in parts", "import sys\nsys.stdout.write('a'); sys.stdout.flush(); sys.stdout.write('b\\n');"),
    _case("between displays", "print('a'); display(1); print('b'); display(2)"),
    _case("a wrong write", "import sys\nsys.stdout.write(b'bytes')", differs="tracebacks", here="must be str"),
    _case("clear_output", "from IPython.display import clear_output\nprint('a'); clear_output(); print('b')"),
    _case(
        "clear_output that waits",
        "from IPython.display import clear_output\nprint('a'); clear_output(wait=True); print('b'); print('c')",
    ),
    _case("clear_output at the end", "from IPython.display import clear_output\nprint('a'); clear_output(wait=True)"),
    _case("a display changed", "h = display('a', display_id='one'); display('b'); h.update('c')"),
    _case(
        "a display changed later",
        "h = display('a', display_id='one'); display('b')",
        "h.update('c'); print('now')",
        "h.update('d')",
    ),
    _case("a display shown twice", "h = display('a', display_id='one')", "h.display('b')", "h.update('c')"),
    _case(
        "a display of no known id",
        "from IPython.display import update_display\nupdate_display('x', display_id='nobody'); print('on')",
    ),
    _case("%time", "%time 1 + 1", differs="times", here="CPU times"),
    _case("%%time", "%%time\nx = 5\nx", differs="times", here="CPU times"),
    _case("%timeit", "%timeit -n1 -r1 1 + 1", differs="times", here="loop"),
    _case("%%bash", "%%bash\necho out; echo err >&2"),
    _case("%%bash that fails", "%%bash\necho out; exit 3"),
    _case("!", "!echo shell", "found = !echo one; echo two\nfound"),
    _case("! that fails", "!exit 3", "_exit_code"),
    _case("! on stderr", "!echo wrong >&2"),
    _case("%run", "%%writefile own.py\nprint('ran', __name__)\nz = 3", "%run own.py", "z", alone=True),
    _case("%%capture", "%%capture kept\nprint('hidden')\ndisplay(1)", "kept.stdout, len(kept.outputs)"),
    _case("%who", "a = 1; b = 'x'", "%who"),
    _case("%magic that is not there", "%nothing", "%%nothing\nx"),
    _case("%env", "%env OWN=1", "import os; os.environ['OWN']", alone=True),
    _case("%cd", "%cd /", "import os; os.getcwd()", alone=True),
    _case("help", "def f(x):\n    'Does it.'\n", "help(f)"),
    _case("?", "def f(x):\n    'Does it.'\n", "f?"),
    _case("%reset", "x = 1", "%reset -f", "x"),
    _case("%xmode", "%xmode Plain", "1 / 0", alone=True),
    _case("input", "input('name? ')", differs="tracebacks", here="does not support input requests"),
    _case("getpass", "import getpass\ngetpass.getpass('secret? ')", differs="tracebacks", here="getpass was called"),
    _case("reading stdin", "import sys\nsys.stdin.readline()"),
    _case("exit", "print('a'); exit()\nprint('b')", "1", differs="exit", here="b.*execution_count"),
    _case("sys.exit", "import sys\nsys.exit(3)", "1", alone=True),
    _case(
        "a program's output",
        "import subprocess\nsubprocess.run(['echo', 'program']).returncode",
        alone=True,
        by_chance=True,
    ),
    _case(
        "a program's output, taken",
        "import subprocess\nsubprocess.run(['echo', 'program'], capture_output=True, text=True).stdout",
    ),
    _case(
        "descriptor 1",
        "import os\nos.write(1, b'written\\n'); print('printed')",
        differs="programs",
        here="printed.*written",
        by_chance=True,
    ),
    _case(
        "a thread's output",
        "import threading\nt = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
    ),
    _case(
        "a process's output", "import os, sys\npid = os.fork()\nif pid == 0:\n    os._exit(0)\nos.waitpid(pid, 0)[1]"
    ),
    _case("lone surrogates", "print('\\ud800x')", differs="half a surrogate pair", here="x"),
    _case("a value with a lone surrogate", "'\\ud800'"),
    _case("is a kernel", "get_ipython().__class__.__name__", differs="`get_ipython()`", here="Shell"),
    _case("the kernel", "get_ipython().kernel", differs="`get_ipython()`", here="AttributeError"),
    _case("names", "sorted(name for name in dir() if not name.startswith('_'))"),
    _case("main", "__name__, __import__('sys').modules['__main__'].__dict__ is globals()"),
    _case("pickling", "import pickle\nclass C: pass\ntype(pickle.loads(pickle.dumps(C()))) is C"),
    _case("source of a function", "import inspect\ndef f():\n    return 1\n", "print(inspect.getsource(f))"),
    _case("a dataclass", "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\nP(1)"),
    _case(
        "a future import", "from __future__ import annotations\ndef f(x: nothing): ...", "f.__annotations__", alone=True
    ),
    _case(
        "a running loop",
        "import asyncio\nasyncio.get_running_loop().is_running()",
        differs="event loop",
        here="RuntimeError",
    ),
    _case("asyncio.run", "import asyncio\nasync def f(): return 5\nasyncio.run(f())", differs="event loop", here="5"),
    _case(
        "a task left running",
        "import asyncio\nasync def f():\n    await asyncio.sleep(0.01); print('later')\nt = asyncio.create_task(f())",
        differs="event loop",
        here="",
    ),
    _case("widgets", "import ipywidgets\nipywidgets.IntSlider()", differs="widgets", here="IntSlider"),
    _case(
        "a server of its own",
        "import socket, threading\nserver = socket.create_server(('127.0.0.1', 0))\n"
        "threading.Thread(target=lambda: server.accept()[0].sendall(b'hello')).start()\n"
        "socket.create_connection(server.getsockname()).recv(9)",
    ),
    _case(
        "a module where a cell has gone",
        "import os\nos.makedirs('lower', exist_ok=True)\nopen('lower/found_here.py', 'w').write('x = 5')",
        "os.chdir('lower')\nimport found_here\nfound_here.x",
        alone=True,
    ),
    _case("numpy", "import numpy as np\nnp.arange(3.0)"),
    _case("the folder", "import os\nos.getcwd()", differs="the folder", here="'/autograded/ada/lab'"),
    _case("isatty", "import sys\nsys.stdout.isatty(), sys.stdout.encoding, sys.stdout.writable()"),
    _case(
        "redirected",
        "import contextlib, io\nkept = io.StringIO()\nwith contextlib.redirect_stdout(kept): print('x')\nkept.getvalue()",
    ),
    _case("a page", "from IPython.core.page import page\npage('long text')"),
    _case("print of nothing", "print('')", "print('', end='')"),
    _case("displayhook", "import sys\nsys.displayhook(5)"),
    _case(
        "publish_display_data",
        "from IPython.display import publish_display_data\npublish_display_data({'text/plain': 'x'}, {'a': 1})",
    ),
    _case("interfaces", "import socket\n[name for _, name in socket.if_nameindex()]", differs="network", here="lo"),
    _case("a signal of its own", "import signal\nsignal.raise_signal(signal.SIGINT)", alone=True),
    _case(
        "an alarm",
        "import signal, time\ndef ring(*_): raise TimeoutError('rang')\nsignal.signal(signal.SIGALRM, ring); signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(2)",
        alone=True,
    ),
)
