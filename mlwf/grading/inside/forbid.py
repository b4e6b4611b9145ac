"""System calls that no submission needs, refused by the kernel. The filter is worked out once and put on in each fork."""

import ctypes
import errno
import tempfile
from typing import Any

#: What an exploit of the kernel begins with, or what reaches past a namespace.
FORBIDDEN = (
    "mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "move_mount", "open_tree", "fsopen", "fsconfig",
    "fsmount", "fspick", "mount_setattr", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "pidfd_getfd", "kcmp", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "io_setup", "add_key", "request_key", "keyctl", "open_by_handle_at", "name_to_handle_at", "fanotify_init",
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
    "acct", "quotactl", "syslog", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname",
    "setdomainname", "iopl", "ioperm", "vhangup", "lookup_dcookie", "nfsservctl", "memfd_create", "memfd_secret",
    "shmget", "msgget", "semget", "mq_open",
)  # fmt: skip
NEW_NAMESPACES = 0x7E020080  # CLONE_NEW*: cgroup, uts, ipc, user, pid, net, mount and time
FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink: these have the empty network of their own
NETLINK = 16
MAP_SHARED, MAP_SHARED_VALIDATE, MAP_TYPE, MAP_ANONYMOUS = 1, 3, 0xF, 0x20
SET_SECCOMP, FILTER_MODE = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def program() -> bytes | None:
    """Return the filter as the kernel reads it; None where libseccomp is missing."""
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError):
        return None
    rules: Any = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse, unknown = pyseccomp.ERRNO(errno.EPERM), pyseccomp.ERRNO(errno.ENOSYS)
    for name in FORBIDDEN:
        _add(rules, refuse, name)
    # Its flags are in memory, where no filter can look; the C library goes on with `clone`.
    _add(rules, unknown, "clone3")
    for bit in (1 << n for n in range(32)):
        if bit & NEW_NAMESPACES:
            _add(rules, refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, bit, bit))
    # Shared memory that has been let go counts for nobody, and is not given back.
    for kind in (MAP_SHARED, MAP_SHARED_VALIDATE):
        wanted = kind | MAP_ANONYMOUS
        _add(rules, refuse, "mmap", pyseccomp.Arg(3, pyseccomp.MASKED_EQ, MAP_TYPE | MAP_ANONYMOUS, wanted))
    # Of netlink's protocols, the one that lists interfaces will do.
    _add(rules, refuse, "socket", pyseccomp.Arg(0, pyseccomp.EQ, NETLINK), pyseccomp.Arg(2, pyseccomp.NE, 0))
    for family in range(64):
        if family not in FAMILIES:
            _add(rules, pyseccomp.ERRNO(errno.EAFNOSUPPORT), "socket", pyseccomp.Arg(0, pyseccomp.EQ, family))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def _add(rules: Any, action: int, name: str, *arguments: Any) -> None:  # noqa: ANN401 - pyseccomp has no types
    try:
        rules.add_rule(action, name, *arguments)
    except (ValueError, OSError, RuntimeError):
        return  # this processor, or this version of the library, has no such call


def put_on(instructions: bytes, prctl: Any) -> None:  # noqa: ANN401
    """Bind this process and its children to the filter; new privileges must have been given up before."""
    filter_program = _Program(len(instructions) // 8, instructions)
    prctl(SET_SECCOMP, FILTER_MODE, ctypes.addressof(filter_program))
