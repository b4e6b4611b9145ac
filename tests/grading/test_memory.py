"""Memory is put in order before forks are made: what for, and that it is so."""

import subprocess
import sys

import pytest

#: Makes a memory with a gap behind every object, and counts the pages that a fork touches when it makes objects.
FORK = """
import gc, os, resource, sys
from mlwf.grading.inside.memory import fill_holes

def touched():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

old = [bytes(100) for _ in range(100_000)]
del old[::2]
kept = fill_holes() if sys.argv[1] == "filled" else []
gc.freeze()
reading, writing = os.pipe()
if not os.fork():
    before = touched()
    new = [bytes(100) for _ in range(20_000)]
    os.write(writing, str(touched() - before).encode())
    os._exit(0)
os.wait()
print(os.read(reading, 100).decode(), sum(map(len, kept)))
"""


def pages(how, **more):
    said = subprocess.run(
        [sys.executable, "-c", FORK, how], capture_output=True, text=True, check=True, timeout=60, **more
    ).stdout
    return tuple(map(int, said.split()))


def test_a_fork_touches_fewer_pages():
    """Does a fork put its objects into new pages, side by side, instead of one here and one there?"""
    (without, _), (filled, kept) = pages("empty"), pages("filled")
    assert filled < 0.75 * without
    assert 1 << 20 < kept < 1 << 24


@pytest.mark.parametrize("malloc", ["malloc", "debug"])
def test_another_way_to_keep_memory_does_no_harm(malloc):
    """Does it come to an end where blocks don't lie in pools?"""
    found, _ = pages("filled", env={"PYTHONMALLOC": malloc})
    assert found > 0
