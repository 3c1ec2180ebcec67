"""Names and keys: what may stand between the root of a mount and an artifact.

A key is a relative path, names joined by "/"; "" is the root. Every key that reaches a driver
went through here, so that no name, however it was made, leads out of the mount.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .errors import UnsafeNameError

HIDDEN = ".worktree"
"""The folder at the root of a mount that belongs to worktree; no key may enter it."""

_LONGEST_NAME = 255
# Most keys are of this kind, and there can be very many: names of plain letters, not too long,
# that start with no dot. Nothing here is tried twice, so a long text takes no longer.
_PLAIN_NAME = "[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}+"
_PLAIN = f"{_PLAIN_NAME}(?:/{_PLAIN_NAME})*+"
_PLAIN_KEY = re.compile(_PLAIN).fullmatch
_PLAIN_KEYS = re.compile(f"(?:{_PLAIN}\n)*+").fullmatch
_CONTROL = frozenset(map(chr, (*range(32), 127)))


def check_name(name: str) -> str:
    """Return `name` when it is one safe path component; raise UnsafeNameError otherwise."""
    if not isinstance(name, str):
        raise UnsafeNameError(repr(name), "is not a string")
    if name and "/" not in name and _PLAIN_KEY(name):
        return name
    if name in {"", ".", ".."}:
        raise UnsafeNameError(name, "is not a name")
    if "/" in name or "\\" in name or not _CONTROL.isdisjoint(name):
        raise UnsafeNameError(name, "holds a separator or a control character")
    if name.casefold() == HIDDEN:
        raise UnsafeNameError(name, "is the folder that worktree keeps for itself")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise UnsafeNameError(name, "is not valid Unicode") from None
    if size > _LONGEST_NAME:
        raise UnsafeNameError(f"{name[:40]}…", f"is longer than {_LONGEST_NAME} bytes")
    return name


def check_key(key: str) -> str:
    """Return `key` when each of its names is safe; the empty key is the root."""
    if key and not _PLAIN_KEY(key):
        for name in key.split("/"):
            check_name(name)
    return key


def check_keys(keys: Collection[str]) -> None:
    """Raise UnsafeNameError for the first key that is not safe; very many are looked at as one."""
    try:
        lines = "\n".join([*keys, ""])
    except TypeError:  # One of them is no string.
        lines = ""
    if lines.count("\n") == len(keys) and _PLAIN_KEYS(lines):
        return
    for key in keys:
        check_key(key)


def key_of(path: str) -> str:
    """Turn what a person writes (`a/b/`, `./a`) into a key; refuse what would lead out."""
    if not isinstance(path, str):
        raise UnsafeNameError(repr(path), "is not a string")
    if path.startswith("/"):
        raise UnsafeNameError(path, "is an absolute path")
    names = [name for name in path.split("/") if name not in {"", "."}]
    return "/".join(check_name(name) for name in names)


def join(folder: str, name: str) -> str:
    """The key of `name` in `folder`."""
    return f"{folder}/{name}" if folder else name


def split(key: str) -> tuple[str, str]:
    """The folder of a key, and its last name."""
    folder, _, name = key.rpartition("/")
    return folder, name


def ancestors(key: str) -> list[str]:
    """The folders above `key`, outermost first, without the root."""
    names = key.split("/")[:-1]
    return ["/".join(names[: depth + 1]) for depth in range(len(names))]
