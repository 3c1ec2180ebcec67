"""File names as diffs write them: quoted, prefixed, followed by a date."""

from __future__ import annotations

import re

from ..errors import PatchSyntaxError

DEV_NULL = "/dev/null"

_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_LETTERS = {value: letter for letter, value in _ESCAPES.items()}
_TOKEN = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])|([^\\"]+)')
_EPOCHS = {("1970", "01", "01"), ("1969", "12", "31")}  # the latter west of Greenwich
_DATE = re.compile(r"[ \t]+(\d{4})-(\d\d)-(\d\d) [\d:.]+(?: [+-]\d{4})?$")


def unquote(quoted: str, *, line: int) -> tuple[str, str]:
    """Read one C-quoted name; return it and what follows it."""
    data = quoted.encode("utf-8", "surrogateescape")
    name, at = bytearray(), 1
    while at < len(data) and data[at : at + 1] != b'"':
        token = _TOKEN.match(data, at)
        if token is None:
            raise PatchSyntaxError(f"the quoted name {quoted!r} has a bad escape", line=line)
        name += _unescaped(token[1]) if token[1] else token[2]
        at = token.end()
    if at >= len(data):
        raise PatchSyntaxError(f"the quoted name {quoted!r} is not closed", line=line)
    rest = data[at + 1 :].decode("utf-8", "surrogateescape")
    return name.decode("utf-8", "surrogateescape"), rest


def _unescaped(escape: bytes) -> bytes:
    if len(escape) == 3:
        return bytes([int(escape, 8) & 0xFF])
    return bytes([_ESCAPES[escape.decode()]])


def quote(name: str) -> str:
    """Quote a name as git does when it holds anything that a header cannot."""
    data = name.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in data):
        return name
    return '"' + "".join(_escaped(byte) for byte in data) + '"'


def _escaped(byte: int) -> str:
    if byte in _LETTERS:
        return "\\" + _LETTERS[byte]
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def header_name(rest: str, *, line: int) -> tuple[str, bool]:
    """Read what follows `--- ` or `+++ `: the name, and whether its date is the epoch.

    Tools without `/dev/null` date a file that is not there at the epoch.
    """
    rest = rest.rstrip("\r\n")
    if rest.startswith('"'):
        name, date = unquote(rest, line=line)
        return name, _is_epoch(date)
    head, tab, date = rest.partition("\t")
    if tab:
        return head, _is_epoch(" " + date)
    found = _DATE.search(rest)
    return (rest[: found.start()], _is_epoch(found[0])) if found else (rest, False)


def _is_epoch(date: str) -> bool:
    found = _DATE.search(date)
    return found is not None and found.groups() in _EPOCHS


def git_pair(rest: str, *, line: int) -> tuple[str, str] | None:
    """Read the two names after `diff --git `, or None where spaces make them ambiguous.

    Ambiguous ones are always followed by lines that state each name alone.
    """
    rest = rest.rstrip("\r\n")
    if rest.startswith('"'):
        first, second = unquote(rest, line=line)
        second = second.lstrip(" ")
        if second.startswith('"'):
            second, _ = unquote(second, line=line)
        return first, second
    if rest.endswith('"') and ' "' in rest:
        first, _, second = rest.partition(' "')
        return first, unquote('"' + second, line=line)[0]
    if rest.count(" ") == 1:
        first, second = rest.split(" ")
        return first, second
    middle = len(rest) // 2
    first, second = rest[:middle], rest[middle + 1 :]
    same = rest[middle : middle + 1] == " " and strip_one(first) == strip_one(second)
    return (first, second) if same else None


def strip_one(name: str) -> str:
    """Drop the first folder of a name."""
    return name.partition("/")[2] or name


_OLD_PREFIXES = ("a/", "i/", "c/", "o/", "w/", "1/")
_NEW_PREFIXES = ("b/", "w/", "i/", "c/", "2/")


def strip_prefixes(old: str, new: str) -> tuple[str, str]:
    """Take away `a/` and `b/`, or whatever a diff put before both names.

    Two names that are the same have no prefix: they are meant as they stand, though `git apply`
    would take a folder off them.
    """
    if old == DEV_NULL:
        return old, strip_one(new) if new.startswith(_NEW_PREFIXES) else new
    if new == DEV_NULL:
        return strip_one(old) if old.startswith(_OLD_PREFIXES) else old, new
    if old == new:
        return old, new
    prefixed = old.startswith(_OLD_PREFIXES) and new.startswith(_NEW_PREFIXES)
    if prefixed or strip_one(old) == strip_one(new):
        return strip_one(old), strip_one(new)
    return old, new
