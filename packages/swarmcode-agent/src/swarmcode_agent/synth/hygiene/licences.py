"""Which licence a tree states, by the words of its licence file; and whether it is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

PERMISSIVE = (
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "PSF-2.0",
    "Unlicense",
    "Zlib",
)

# Words that only this licence has, in the order in which they are looked for: a text that
# grants more rights is named before the one that its words contain.
_WORDS: tuple[tuple[str, str], ...] = (
    ("AGPL-3.0", r"gnu affero general public license"),
    ("LGPL-3.0", r"gnu lesser general public license\W+version 3"),
    ("LGPL-2.1", r"gnu (?:lesser|library) general public license"),
    ("GPL-3.0", r"gnu general public license\W+version 3"),
    ("GPL-2.0", r"gnu general public license"),
    ("MPL-2.0", r"mozilla public license"),
    ("EPL-2.0", r"eclipse public license"),
    ("Apache-2.0", r"apache license\W+version 2\.0|licensed under the apache license"),
    ("PSF-2.0", r"python software foundation license"),
    ("BSD-3-Clause", r"redistribution and use in source.{0,900}neither the name"),
    ("BSD-2-Clause", r"redistribution and use in source"),
    ("ISC", r"permission to use, copy, modify, and/or distribute this software"),
    ("MIT", r"permission is hereby granted, free of charge"),
    ("Unlicense", r"this is free and unencumbered software"),
    ("Zlib", r"provided 'as-is', without any express or implied"),
)
_SPDX = re.compile(r"SPDX-License-Identifier:\s*([\w.+-]+)")
_LICENCE_FILE = re.compile(r"^(?:licen[cs]e|copying|unlicense)(?:[.-].*)?$", re.IGNORECASE)


def is_licence_file(path: str) -> bool:
    """Whether a path at the top of a tree is where a licence is written."""
    return _LICENCE_FILE.match(path) is not None


def licence_of(text: str) -> str:
    """The SPDX name of the licence that a text is; empty when it is none that is known here."""
    named = _SPDX.search(text)
    if named is not None:
        return named.group(1)
    plain = re.sub(r"\s+", " ", text.lower())
    return next((name for name, words in _WORDS if re.search(words, plain)), "")


@dataclass(frozen=True, slots=True)
class LicenceGate:
    """Refuses a licence that is not among the allowed ones; None allows every one."""

    allowed: tuple[str, ...] | None = None

    def refusal(self, licences: Iterable[str]) -> str | None:
        """Why rows under these licences are refused, or None when one of them is allowed."""
        found = sorted(name for name in licences if name)
        if self.allowed is None or any(name in self.allowed for name in found):
            return None
        return f"licence {' and '.join(found)} not allowed" if found else "no licence found"
