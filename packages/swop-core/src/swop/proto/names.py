"""Names that protobuf takes: ASCII, unique where they must be, the same every time."""

from __future__ import annotations

import re
import unicodedata

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def identifier(name: str) -> str:
    """An ASCII identifier for any name: letters keep their base form, others their number."""
    letters = "".join(map(_ascii, unicodedata.normalize("NFKD", name)))
    letters = letters if letters.strip("_") else f"x{letters}"
    return letters if letters[0].isalpha() or letters[0] == "_" else f"x{letters}"


def _ascii(char: str) -> str:
    if char.isascii():
        return char if char.isalnum() or char == "_" else "_"
    return "" if unicodedata.combining(char) else f"u{ord(char):x}"


def type_name(name: str) -> str:
    """The name of a message or an enum: `other.Item` is `OtherItem`."""
    parts = [part for part in re.split(r"[^0-9A-Za-z]+", identifier(name)) if part]
    joined = "".join(part[0].upper() + part[1:] for part in parts) or "X"
    return joined if joined[0].isalpha() else f"X{joined}"


def constant_name(name: str) -> str:
    """`UPPER_SNAKE` of any name: `InvoiceState` is `INVOICE_STATE`."""
    found = _WORDS.findall(identifier(name))
    return "_".join(word.upper() for word in found) or "X"


def package_name(context: str) -> str:
    """The part of a package and of a path that stands for a context."""
    name = re.sub(r"_+", "_", identifier(context).lower()).strip("_")
    return name if name and name[0].isalpha() else f"c_{name}"


def json_name(name: str) -> str:
    """What protobuf's JSON calls a field: `customer_id` is `customerId`."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


class Scope:
    """Names that must differ. The first who asks for a name has it, later ones get a number."""

    def __init__(self, *, loose: bool = False) -> None:
        self.loose = loose
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """The wanted name, or the next free one like it."""
        name, number = wanted, 1
        while self._folded(name) in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(self._folded(name))
        return name

    def _folded(self, name: str) -> str:
        """Loosely compared, two names clash that JSON or another language would not tell apart."""
        return name.replace("_", "").lower() if self.loose else name
