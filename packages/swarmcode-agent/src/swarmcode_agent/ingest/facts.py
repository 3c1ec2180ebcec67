"""What is known of one file once it has been read; the work of the reading processes.

Facts depend on the content, the file's name and the tools alone, so they are kept by these and
never worked out twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any, Self

from ..code_parser import CodeParser, FileSymbols, RegexParser, get_parser
from ..code_parser.serial import from_json, to_json
from .generated import generated_because, is_binary, is_lfs_pointer
from .licences import Licence, licences_in
from .rules import is_licence, names_a_licence
from .secrets import Secret, find_secrets

# What a reading process runs.
TASK = f"{__name__}:read_facts"

# Raised when facts come to say something else for the same content.
FACTS_VERSION = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """One file: either why it is left out, or what it holds.

    `reason` is empty for a file that is kept.
    """

    reason: str = ""
    detail: str = ""
    sha256: str = ""
    lines: int = 0
    symbols: FileSymbols | None = None
    secrets: tuple[Secret, ...] = ()
    licences: tuple[Licence, ...] = ()

    def to_text(self) -> str:
        """Return the facts as JSON."""
        value: dict[str, Any] = {
            "reason": self.reason,
            "detail": self.detail,
            "sha256": self.sha256,
            "lines": self.lines,
            "symbols": to_json(self.symbols) if self.symbols is not None else None,
            "secrets": [asdict(each) for each in self.secrets],
            "licences": [asdict(each) for each in self.licences],
        }
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str, *, path: str) -> Self:
        """Return the facts that `to_text` wrote, for a file at `path`."""
        value: Mapping[str, Any] = json.loads(text)
        symbols = value["symbols"]
        return cls(
            reason=value["reason"],
            detail=value["detail"],
            sha256=value["sha256"],
            lines=value["lines"],
            symbols=from_json(symbols, path=path) if symbols else None,
            secrets=tuple(Secret(**each) for each in value["secrets"]),
            licences=tuple(Licence(**each) for each in value["licences"]),
        )


def facts_key(oid: str, path: str, *, parser: CodeParser, secrets: bool) -> str:
    """Return the name under which a file's facts are kept: all that they depend on."""
    parts = (FACTS_VERSION, oid, PurePosixPath(path).name, parser.version, secrets)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _best_parser() -> CodeParser:
    return get_parser(guarded=False)  # this process is one that can be ended


def read_facts(header: dict[str, Any], content: bytes) -> str:
    """Work out the facts of a file: the task of a reading process.

    `because` says why no grammar is to be used, when one was the end of a process before.
    """
    because = header.get("because", "")
    parser = RegexParser() if because else _best_parser()
    facts = examine(
        content, header["path"], parser=parser, secrets=header["secrets"], because=because
    )
    return facts.to_text()


def examine(
    content: bytes, path: str, *, parser: CodeParser, secrets: bool, because: str = ""
) -> Facts:
    """Decide by its content whether a file is kept, and read it if so."""
    if is_lfs_pointer(content):
        return Facts("git-lfs pointer", "its content is kept elsewhere and was not fetched")
    if is_binary(content):
        return Facts("binary")
    if not is_licence(path) and (mark := generated_because(path, content)):
        return Facts("generated", mark)
    if secrets and (found := tuple(find_secrets(content))):
        told = ", ".join(f"{each.kind} on line {each.line}" for each in found[:5])
        return Facts("secret", told, secrets=found)
    if isinstance(parser, RegexParser):
        symbols = parser.parse(content, path, because=because)
    else:
        symbols = parser.parse(content, path)
    texts = is_licence(path)
    licences = (
        licences_in(path, content, is_text=texts)
        if texts or names_a_licence(path) or (b"SPDX-License-Identifier" in content[:4000])
        else []
    )
    return Facts(
        sha256=hashlib.sha256(content).hexdigest(),
        lines=content.count(b"\n") + (not content.endswith(b"\n") and bool(content)),
        symbols=symbols,
        licences=tuple(licences),
    )
