"""The walls around one submission: namespaces, a user id of its own, no rights, no network, private files.

The zygote already lives in a root of its own, read-only, made by bubblewrap. It calls `begin_namespace` before it forks; the fork
calls `furnish` and `renounce`.
"""

import ctypes
import errno
import fcntl
import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

from mlwf.grading.inside import forbid
from mlwf.grading.inside.limits import Limits

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 1 << 12, 1 << 14, 1 << 18
SET_CHILD_SUBREAPER = 36
SET_PDEATHSIG, SET_DUMPABLE, SET_NO_NEW_PRIVS, CAP_AMBIENT, CAP_AMBIENT_CLEAR_ALL = 1, 4, 38, 47, 4
KILL = 9
_SET_FLAGS, _UP = 0x8914, 1  # of a network's device: SIOCSIFFLAGS, IFF_UP
_STUDENT = 1000  # the user id, where the kernel gives none of another person's
_FIRST_ID, _IDS = 61184, 4000  # for root's graders: ids that systemd leaves to such uses, one for each submission
_libc = ctypes.CDLL(None, use_errno=True)


class SealError(Exception):
    """A wall that could not be put up."""


def _call(what: str, result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise SealError(f"{what}: {errno.errorcode.get(number, number)}")


def _prctl(option: int, *values: int) -> None:
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    _call(f"prctl {option}", _libc.prctl(option, *padded))


def _mount(kind: str, target: str, options: str = "", flags: int = MS_NOSUID | MS_NODEV) -> None:
    result = _libc.mount(kind.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _call(f"{kind} on {target}", result)


def is_root() -> bool:
    """Tell whether the zygote has the machine's root rights and so can give each submission another user's id."""
    with open("/proc/self/uid_map") as table:  # noqa: PTH123 - in each fork
        rows = [line.split() for line in table]
    return os.geteuid() == 0 and int(rows[0][2]) > 1


def see_own_processes() -> None:
    """Let the zygote's /proc show its own namespace: bubblewrap leaves the machine's, for only over a whole one may another be mounted."""
    _mount("proc", "/proc", flags=MS_NOSUID | MS_NODEV | MS_NOEXEC)


def begin_namespace() -> None:
    """Let the zygote's next fork be the first process of a namespace of its own, with which all others in it end."""
    _call("a namespace for processes", _libc.unshare(NEWPID))


def return_to(namespace: int) -> None:
    """Let the zygote's next fork be in the zygote's own namespace again, from which alone a new one can begin."""
    _call("back to its processes", _libc.setns(namespace, NEWPID))


def furnish(root: bool, number: int, limits: Limits, places: tuple[str, ...], seen: tuple[str, ...]) -> int:
    """Give the first process of a namespace private files, no network and nobody to talk to; return its user's id to come.

    Folders in `seen` stay to be seen though they are below a private one, as an interpreter in /tmp.
    """
    _prctl(SET_PDEATHSIG, KILL)
    _call("namespaces", _libc.unshare(NEWNS | NEWUTS | NEWIPC | NEWNET))
    _raise_loopback()
    _call("private mounts", _libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
    _mount("proc", "/proc", flags=MS_NOSUID | MS_NODEV | MS_NOEXEC)
    user = _FIRST_ID + number % _IDS if root else 0  # 0 is whoever runs the grader, if that isn't root
    kept = {path: os.open(path, os.O_PATH | os.O_DIRECTORY) for path in seen}
    for place in places:
        _mount("tmpfs", place, f"size={limits.file_mb}m,nr_inodes=20000,mode=0700,uid={user},gid={user}")
    for path, descriptor in kept.items():
        os.umask(0o022)
        Path(path).mkdir(parents=True, exist_ok=True)
        again = f"/proc/self/fd/{descriptor}".encode()
        _call(f"{path} once more", _libc.mount(again, path.encode(), None, ctypes.c_ulong(MS_BIND | MS_REC), None))
        os.close(descriptor)
    return user


def _raise_loopback() -> None:
    """Let a submission talk to itself by 127.0.0.1, which is down in a new network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh22x", b"lo", _UP))


def renounce(root: bool, user: int, filter_program: bytes | None) -> None:
    """Give up every right for good."""
    if root:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    else:
        _rename_user()
        _prctl(CAP_AMBIENT, CAP_AMBIENT_CLEAR_ALL)
        _drop_capabilities()
    # A change of the user makes a process undumpable, and /proc/self its root's.
    _prctl(SET_DUMPABLE, 1)
    _prctl(SET_PDEATHSIG, KILL)  # a change of the user forgets it
    _prctl(SET_NO_NEW_PRIVS, 1)
    if filter_program:
        forbid.put_on(filter_program, _prctl)


def _rename_user() -> None:
    """Take an ordinary user's name in a namespace of its own: the same person for the kernel, counted by itself."""
    user, group = os.geteuid(), os.getegid()
    _call("a namespace for users", _libc.unshare(NEWUSER))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{_STUDENT} {user} 1"),
        ("gid_map", f"{_STUDENT} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as table:  # noqa: PTH123 - in each fork
            table.write(text)


def _drop_capabilities() -> None:
    class Header(ctypes.Structure):
        _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))

    header, none = Header(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _call("capabilities", _libc.capset(ctypes.byref(header), none))


def layers(filter_program: bytes | None) -> dict[str, str]:
    """Say which walls this process, which has renounced, stands behind; an empty text for one that is missing."""
    status: dict[str, str] = {}
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        status[name] = value.strip()
    return {
        "files": "the Python installation, read-only, and a small private /tmp" if not _may_write("/usr") else "",
        "network": "none" if _networks() in ([], ["lo"]) else "",
        "processes": "its own alone" if os.getpid() == 1 else "",
        "user": f"id {os.geteuid()}, without rights"
        if int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0 and os.geteuid() != 0
        else "",
        "privileges": "no new ones" if status.get("NoNewPrivs") == "1" else "",
        "system calls": f"{len(forbid.FORBIDDEN)} kinds refused" if filter_program and status["Seccomp"] == "2" else "",
    }


def _may_write(folder: str) -> bool:
    return os.access(folder, os.W_OK)


def _networks() -> list[str]:
    lines = Path("/proc/self/net/dev").read_text().splitlines()[2:]
    return [line.partition(":")[0].strip() for line in lines]


class Family:
    """A submission's first process and all that descend from it, as the zygote sees them.

    Parameters
    ----------
    root : int
        The first one's pid.
    """

    def __init__(self, root: int) -> None:
        self.root = root

    def pids(self) -> set[int]:
        """Return who is there."""
        parents = _parents()
        found, size = {self.root}, 0
        while len(found) > size:
            size = len(found)
            found |= {pid for pid, parent in parents.items() if parent in found}
        return found

    def kilobytes(self, pids: set[int], most: int) -> int:
        """Return the memory of processes together; what they share is told apart only where it could be more than `most`."""
        each = {pid: _sum(f"/proc/{pid}/status", (b"RssAnon:", b"RssShmem:", b"VmSwap:")) for pid in pids}
        total = sum(each.values())
        if total <= most:
            return total
        shares = {pid: _sum(f"/proc/{pid}/smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")) for pid in pids}
        return sum(shares[pid] or kilobytes for pid, kilobytes in each.items())

    def kill(self) -> None:
        """Kill all of them, where no namespace does that."""
        for pid in self.pids():
            with suppress(OSError):
                os.kill(pid, KILL)


def adopt_orphans() -> None:
    """Let what a submission leaves behind come to the zygote, where there is no namespace that ends it."""
    _prctl(SET_CHILD_SUBREAPER, 1)


def end_orphans(others: set[int]) -> None:
    """Kill and reap all children of this process but `others`, until there are no more."""
    while orphans := {pid for pid, parent in _parents().items() if parent == os.getpid()} - others:
        for pid in orphans:
            Family(pid).kill()
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _parents() -> dict[int, int]:
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - often
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - a process may call itself what is no text
                    parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
    return parents


def _sum(name: str, fields: tuple[bytes, ...]) -> int:
    try:
        with open(name, "rb") as file:  # noqa: PTH123
            return sum(int(line.split()[1]) for line in file if line.startswith(fields))
    except (OSError, ValueError, IndexError):
        return 0  # it is gone, or this user may not look
