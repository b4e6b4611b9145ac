"""Imports without what takes long and is not needed."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Let imports go on as if `modules` were not installed, and without a look for rubbish, of which there is none.

    jsonschema, which nbformat and Jupyter's server bring, builds a grammar of international addresses with `rfc3987_syntax` where that
    is installed; it takes longer than all of nbgrader, and nothing here checks an address.

    Parameters
    ----------
    *modules : str
        Those that have been imported already stay.
    """
    hidden = [name for name in modules if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment] # as documented for `import`
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.freeze()  # what is imported stays, and the next search need not go through all of it
            gc.enable()
        for name in hidden:
            del sys.modules[name]
