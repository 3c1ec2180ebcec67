"""JSON read strictly and written in one way only.

A signature covers bytes, so one document must have one form. Ours is RFC 8785 (JCS). The form
that older manifests were signed in, `json.dumps(…, sort_keys=True)`, can be computed too, for
checking those.

Reading refuses what two parsers could understand differently: a key that occurs twice, `NaN`,
bytes that are not UTF-8, a lone surrogate, an integer that a double cannot hold.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import rfc8785

from .errors import ManifestError

DEEPEST = 64


def canonical(document: Any) -> bytes:
    """Return the RFC 8785 form of a JSON value."""
    try:
        return rfc8785.dumps(document)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise ManifestError(f"has no canonical form: {error}") from error


def sorted_keys(document: Mapping[str, Any]) -> bytes:
    """Return the form that manifests were signed in before they had a schema."""
    return json.dumps(document, sort_keys=True).encode()


def read_json(data: bytes) -> Any:
    """Read JSON of which there is one understanding only, or raise `ManifestError`."""
    try:
        text = data.decode("utf-8")
        _refuse_deep(text)
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise ManifestError(f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise ManifestError(
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from error
    except ValueError as error:  # a number too long to be read
        raise ManifestError(f"not JSON that can be read: {error}") from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ManifestError(f"the key {key!r} occurs twice")
        found[key] = value
    return found


def _refuse_constant(text: str) -> Any:
    raise ManifestError(f"{text} is not JSON")


def _refuse_deep(text: str) -> None:
    """Refuse deep nesting before parsing: the standard parser can run out of stack and crash."""
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise ManifestError(f"nested more than {DEEPEST} deep")


_STRINGS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")
