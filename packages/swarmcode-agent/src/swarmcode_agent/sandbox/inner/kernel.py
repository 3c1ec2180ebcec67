"""System calls that Python has no name for. Imported by a bare interpreter: nothing heavy here."""

import ctypes
import os

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
MNT_DETACH = 2

_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV = 1, 2, 4
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_SYS_MOUNT_SETATTR = 442
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 1, 22, 24
_PR_SET_NO_NEW_PRIVS, _PR_SET_CHILD_SUBREAPER, _PR_CAP_AMBIENT = 38, 36, 47
_SECCOMP_MODE_FILTER, _CAP_AMBIENT_CLEAR_ALL = 2, 4
_CAP_VERSION = 0x20080522
_SIGKILL = 9

libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def syscall(number: int, *arguments: object, what: str) -> int:
    """Make a raw system call. Raises OSError that says what it was for."""
    return _checked(libc.syscall(number, *arguments), what)


def _prctl(option: int, value: object, what: str, *rest: int) -> None:
    extra = [ctypes.c_ulong(number) for number in (*rest, 0, 0, 0)[:3]]
    _checked(libc.prctl(option, value, *extra), what)


def unshare(flags: int) -> None:
    """Leave the namespaces that the flags name for new ones."""
    _checked(libc.unshare(flags), "new namespaces")


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount, or bind."""
    done = libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode(),
        ctypes.c_ulong(flags),
        data.encode(),
    )
    _checked(done, f"mount {target}")


def restrict(target: str, *, read_only: bool, below: bool = True) -> None:
    """Take rights from a mount, and from the mounts below it."""
    attributes = _ATTR_NOSUID | _ATTR_NODEV | (_ATTR_RDONLY if read_only else 0)
    what = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    name = os.fsencode(target)
    flags = _AT_RECURSIVE if below else 0
    syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, name, flags, what, 32, what=f"restrict {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root and hang the old one at `old`."""
    number = _SYS_PIVOT_ROOT[os.uname().machine]
    syscall(number, os.fsencode(new), os.fsencode(old), what="pivot_root")


def detach(target: str) -> None:
    """Unmount, even if something still uses it."""
    _checked(libc.umount2(os.fsencode(target), MNT_DETACH), f"unmount {target}")


def die_with_parent() -> None:
    """Ask to be killed when the process that started this one ends."""
    _prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(_SIGKILL), "die with parent")


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1), "subreaper")


def drop_capabilities() -> None:
    """Give up every capability, for good."""
    for capability in range(64):
        libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0)
    _prctl(_PR_CAP_AMBIENT, ctypes.c_ulong(_CAP_AMBIENT_CLEAR_ALL), "ambient capabilities")
    header = (ctypes.c_uint32 * 2)(_CAP_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    _checked(libc.capset(header, none), "drop capabilities")


def no_new_privileges() -> None:
    """Make set-user-id programs ordinary ones."""
    _prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), "no new privileges")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install_filter(program: bytes) -> None:
    """Filter the system calls of this process and its children."""
    held = _Program(len(program) // 8, program)
    _prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), "seccomp", ctypes.addressof(held))
