"""Which processes were started with an argument, while others come and go."""

from contextlib import suppress

import psutil


def started_with(words: str, below: psutil.Process | None = None) -> list[psutil.Process]:
    """The processes below one, or below this, that have these words in an argument and haven't ended."""
    found = []
    for process in (below or psutil.Process()).children(recursive=True):
        with suppress(psutil.Error):  # it has just ended, or its parent hasn't asked yet how
            if any(words in argument for argument in process.cmdline()):
                found.append(process)
    return found
