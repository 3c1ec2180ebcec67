"""YAML with one layout: the same values give the same bytes, whatever library is installed.

Only what a manifest holds is written: mappings with text keys, lists, texts, numbers, truth
values and nothing. Texts that YAML could take for anything else are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_.\[\]|(),<>*+/-]| (?=[A-Za-z_\[(|]))*")
_RESERVED = frozenset(["true", "false", "yes", "no", "on", "off", "null", "y", "n"])
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BREAKS = frozenset("\x85\u2028\u2029\ufeff")


def to_yaml(value: Mapping[str, Any]) -> str:
    """The text of a mapping, ending in a line feed."""
    return "\n".join(_mapping(value, "") if value else ["{}"]) + "\n"


def _mapping(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(f"{indent}{scalar(key)}:", item, indent + "  ")


def _entry(start: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping):
        yield start if item else f"{start} {{}}"
        yield from _mapping(item, indent)
    elif isinstance(item, list | tuple):
        yield start if item else f"{start} []"
        for member in item:
            yield from _member(member, indent)
    else:
        yield f"{start} {scalar(item)}"


def _member(item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping) and item:
        lines = _mapping(item, indent + "  ")
        yield f"{indent}- {next(lines).lstrip()}"
        yield from lines
    elif isinstance(item, Mapping):
        yield f"{indent}- {{}}"
    else:
        yield f"{indent}- {scalar(item)}"


def scalar(value: Any) -> str:
    """One value on one line."""
    if isinstance(value, str):
        return value if _is_plain(value) else f'"{"".join(map(_escaped, value))}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    raise TypeError(f"a manifest holds no {type(value).__name__}: {value!r}")


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _RESERVED


def _number(value: float) -> str:
    """YAML 1.1 wants a point and a signed exponent: `1.0e+16`."""
    mantissa, exponent, power = repr(value).partition("e")
    if not exponent:
        return mantissa
    sign = "" if power[0] in "+-" else "+"
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{sign}{power}"


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable() and char not in _BREAKS:
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
