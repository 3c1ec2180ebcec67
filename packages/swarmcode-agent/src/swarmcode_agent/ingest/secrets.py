"""Finding secrets, with detect-secrets.

Only what is known by its form counts (tokens, keys, private keys, URLs with passwords), and an
assignment to something called a password when its value looks like one. The detectors by entropy
alone stay off: on source code they fire at every second line. Nothing is looked up anywhere.

detect-secrets looks at lines one by one and takes its time. A line that its detectors could
find something in has one of a few features, so those lines are picked first, all at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtraError

if TYPE_CHECKING:
    from detect_secrets.core.potential_secret import PotentialSecret

_LEFT_OUT = frozenset({"Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector"})
_KEYWORD = "Secret Keyword"
_ASSIGNED = re.compile(
    r"(?:key|passw|pwd|secret|token|credential|contrase)[^\n]{0,80}['\"][^'\"\n]{8,}['\"]",
    re.IGNORECASE,
)
_CLASSES = (r"[a-z]", r"[A-Z]", r"\d", r"[^\w\s]")
# The words that assignments of secrets have on their left, and how detect-secrets' patterns for
# such assignments begin.
_WORDS = ("key", "pwd", "pw", "pass", "token", "secret", "credential", "contrase", "iam")
_ASSIGNMENT = r"(?:(?<=\W)|(?<=^))"
_LONGEST_LINE = 2000
_WORDY = re.compile(r"\s|[{}<>$%]|example|placeholder|changeme", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that was found: where, and of which kind; the secret itself is kept nowhere."""

    line: int
    kind: str


def require_detect_secrets() -> None:
    """Raise MissingExtraError unless detect-secrets is installed."""
    try:
        import detect_secrets  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("the search for secrets", extra="ingest") from error


def find_secrets(content: bytes) -> list[Secret]:
    """Return the secrets in a file, by line."""
    text = content.decode("utf-8", "replace")
    candidates = _candidate_lines(text)
    if not candidates:
        return []
    from detect_secrets.core.scan import scan_line

    lines = text.split("\n")
    with _detectors():
        return [
            Secret(number, found.type)
            for number in sorted(candidates)
            for found in sorted(scan_line(lines[number - 1]), key=lambda each: each.type)
            if _counts(found)
        ]


def _counts(found: PotentialSecret) -> bool:
    """Say whether a find is to be believed: a keyword needs a value that looks like a password."""
    if found.type != _KEYWORD:
        return True
    value = found.secret_value or ""
    kinds = sum(re.search(each, value) is not None for each in _CLASSES)
    return len(value) >= 8 and kinds >= 3 and not _WORDY.search(value)


def _candidate_lines(text: str) -> set[int]:
    """Return the lines, from 1, in which a detector could find something."""
    anywhere, assignments = _patterns()
    found = {
        text.count("\n", 0, match.start()) + 1
        for pattern in anywhere
        for match in pattern.finditer(text)
    }
    for number, line in _lines_that_speak_of_secrets(text):
        if any(pattern.search(line) for pattern in assignments):
            found.add(number)
    return found


def _lines_that_speak_of_secrets(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold one of the words; finding words beats matching patterns."""
    folded = text.lower()
    if len(folded) != len(text):  # a letter that grows when it is folded: offsets would shift
        folded = text
    starts: set[int] = set()
    for word in _WORDS:
        at = folded.find(word)
        while at >= 0:
            starts.add(text.rfind("\n", 0, at) + 1)
            end = text.find("\n", at)
            at = folded.find(word, end) if end >= 0 else -1
    number, counted = 1, 0
    for start in sorted(starts):
        number += text.count("\n", counted, start)
        counted = start
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        if len(line) <= _LONGEST_LINE:
            yield number, line


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]]:
    """Return the detectors' own patterns: those for anywhere, and those for assignments."""
    with _detectors() as detectors:
        own: list[Any] = [each for found in detectors for each in getattr(found, "denylist", ())]
    patterns = [each for each in own if isinstance(each, re.Pattern)]
    assignments = [each for each in patterns if each.pattern.startswith(_ASSIGNMENT)]
    anywhere = [each for each in patterns if each not in assignments]
    return tuple(anywhere), (*assignments, _ASSIGNED)


@contextmanager
def _detectors() -> Iterator[list[Any]]:
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.settings import get_plugins, transient_settings

    plugins: dict[str, Any] = dict(get_mapping_from_secret_type_to_class())
    names = sorted(each.__name__ for each in plugins.values())
    chosen = [{"name": name} for name in names if name not in _LEFT_OUT]
    filters = [
        {"path": f"detect_secrets.filters.{each}"}
        for each in (
            "allowlist.is_line_allowlisted",
            "heuristic.is_sequential_string",
            "heuristic.is_potential_uuid",
            "heuristic.is_templated_secret",
            "heuristic.is_prefixed_with_dollar_sign",
            "heuristic.is_indirect_reference",
        )
    ]
    with transient_settings({"plugins_used": chosen, "filters_used": filters}):
        yield get_plugins()
