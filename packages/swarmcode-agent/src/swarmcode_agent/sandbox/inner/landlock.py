"""A second wall inside the mounts: what may be written, said to the kernel once more."""

import ctypes
import errno
import os
import struct

from .kernel import libc, syscall

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_ALL_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_SINCE_5 = (1 << 16) - 1
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2


def version() -> int:
    """Return the kernel's Landlock version; 0 where it has none."""
    found = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if found < 0 and ctypes.get_errno() not in {errno.ENOSYS, errno.EOPNOTSUPP}:
        raise OSError(ctypes.get_errno(), "landlock")
    return max(int(found), 0)


def restrict(writable: list[str]) -> None:
    """Allow reading and running everywhere that is mounted, and changing only `writable`."""
    has = version()
    if not has:
        return
    every = _ALL_BY_VERSION.get(has, _ALL_SINCE_5)
    scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if has >= 6 else 0
    attributes = struct.pack("=QQQ", every, 0, scoped)[: 8 if has < 4 else 24 if has >= 6 else 16]
    rules = syscall(_CREATE_RULESET, attributes, len(attributes), 0, what="landlock rules")
    _allow(rules, "/", _EXECUTE | _READ_FILE | _READ_DIR)
    _allow(rules, "/proc", (_EXECUTE | _READ_FILE | _READ_DIR | _WRITE_FILE | _TRUNCATE) & every)
    for path in writable:
        _allow(rules, path, every)
    syscall(_RESTRICT_SELF, rules, 0, what="landlock")
    os.close(rules)


def _allow(rules: int, path: str, access: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = struct.pack("=Qi", access, place)
    syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0, what=f"landlock rule for {path}")
    os.close(place)
