"""How much a submission may use."""

import resource
from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes
    ----------
    memory_mb : int
        All its processes together, and what they keep in private files in memory.
    cpu_seconds : int
        Each of its processes.
    wall_seconds : float
        All of its cells together.
    processes : int
        At a time, its own included.
    file_mb : int
        The largest file, and all of them in a folder.
    open_files : int
    output_kb : int
        What one cell may put out; the rest is dropped.
    """

    memory_mb: int
    cpu_seconds: int
    wall_seconds: float
    processes: int
    file_mb: int
    open_files: int
    output_kb: int


def apply(limits: Limits) -> None:
    """Bind this process and all that it starts."""
    with open("/proc/self/statm") as sizes:  # noqa: PTH123 - one read, in each fork
        own = int(sizes.read().split()[0]) * resource.getpagesize()
    hard = {
        resource.RLIMIT_AS: own + limits.memory_mb * MB,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_mb * MB,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 1 << 16,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 512,
    }
    for what, most in hard.items():
        _, ceiling = resource.getrlimit(what)
        value = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        resource.setrlimit(what, (value, value))
