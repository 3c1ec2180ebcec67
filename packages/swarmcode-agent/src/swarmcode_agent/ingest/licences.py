"""Licences, as SPDX names: from licence texts, from packages' descriptions, from file heads."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from .. import untrusted_json

_TAG = re.compile(rb"SPDX-License-Identifier:[ \t]*([\w.+() -]{2,100})")
_EXPRESSION = re.compile(r"[\w.+-]+(?:\s+(?:AND|OR|WITH)\s+[\w.+-]+)*")
# tomllib takes time and memory by the square of how many parts a dotted key has.
_LONG_KEY = re.compile(r"(?:[\w\"'-]{1,99}[ \t]{0,9}\.[ \t]{0,9}){50}")
_VERSION_OF_GNU = re.compile(r"version (\d(?:\.\d)?)")

# The sentences by which texts are known. Each row: the SPDX name, and what the text must hold.
_FINGERPRINTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("EPL-2.0", ("eclipse public license - v 2.0",)),
    ("BSL-1.0", ("boost software license - version 1.0",)),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("WTFPL", ("do what the fuck you want to public license",)),
    ("Zlib", ("altered source versions must be plainly marked", "misrepresented")),
    ("PSF-2.0", ("python software foundation license version 2",)),
    (
        "BSD-3-Clause",
        (
            "redistribution and use in source and binary forms",
            "neither the name",
            "endorse or promote",
        ),
    ),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("MIT", ("permission is hereby granted, free of charge", "shall be included in all copies")),
    ("MIT-0", ("permission is hereby granted, free of charge",)),
    ("ISC", ("permission to use, copy, modify, and or distribute this software", "appear in all")),
    ("0BSD", ("permission to use, copy, modify, and or distribute this software",)),
)
_GNU = (
    ("AGPL", "gnu affero general public license"),
    ("LGPL", "gnu lesser general public license"),
    ("GPL", "gnu general public license"),
)


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence that a file states: its SPDX name, and how it is known."""

    spdx: str
    how: str


def licences_in(path: str, content: bytes, *, is_text: bool) -> list[Licence]:
    """Return the licences that a file states; `is_text` says that it is a licence's own text."""
    found = [Licence(tag, "SPDX tag") for tag in _tags(content)]
    if is_text:
        spdx = licence_of_text(content.decode("utf-8", "replace"))
        found.append(Licence(spdx or "NOASSERTION", "text"))
    found.extend(Licence(spdx, "description") for spdx in _described(path, content))
    return list(dict.fromkeys(found))


def licence_of_text(text: str) -> str | None:
    """Return the SPDX name of a licence text, or None when it is none that we know."""
    plain = re.sub(r"[\s*#/]+", " ", text.lower())
    head = plain[:400]
    for name, title in _GNU:
        if title in head and (version := _VERSION_OF_GNU.search(plain)):
            number = version.group(1)
            return f"{name}-{number if '.' in number else number + '.0'}-only"
    for spdx, sentences in _FINGERPRINTS:
        if all(sentence in plain for sentence in sentences):
            return spdx
    return None


def _tags(content: bytes) -> Iterator[str]:
    for found in _TAG.findall(content[:4000]):
        expression = _EXPRESSION.match(found.decode().strip(" ()"))
        if expression is not None:
            yield expression.group()


def _described(path: str, content: bytes) -> Iterator[str]:
    """Yield what a package's description says; one that cannot be read says nothing."""
    try:
        stated = _stated(PurePosixPath(path).name, content)
    except (ValueError, AttributeError):
        return
    if isinstance(stated, dict):
        stated = stated.get("text")
    if isinstance(stated, str) and _EXPRESSION.fullmatch(stated.strip()) and len(stated) < 100:
        yield stated.strip()


def _stated(name: str, content: bytes) -> Any:
    if name == "package.json":
        return untrusted_json.loads(content).get("license")
    if name in ("pyproject.toml", "Cargo.toml"):
        text = content.decode()
        if untrusted_json.is_too_deep(text) or _LONG_KEY.search(text):
            raise ValueError("nested too deeply")
        return (
            tomllib.loads(text).get("project" if name[0] == "p" else "package", {}).get("license")
        )
    return None
