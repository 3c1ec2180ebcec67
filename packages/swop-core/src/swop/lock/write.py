"""Writing `swop.lock.yml`: one entry a line, sorted, so that two branches merge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..manifests.yaml_text import to_yaml
from .model import Lock, Numbered, Numbers

_NOTE = (
    "# Written by `swop gen proto`. Commit it: a number in here is never given to anything else.\n"
    "# To rename a field and keep its number, add under its message `new_name: {was: old_name}`.\n"
)


def lock_bytes(lock: Lock) -> bytes:
    """The file's bytes; the same lock gives the same bytes."""
    contexts = {
        name: {
            "messages": _all(context.messages, "fields"),
            "enums": _all(context.enums, "values"),
        }
        for name, context in sorted(lock.contexts.items())
    }
    return (_NOTE + to_yaml({"version": 1, "contexts": contexts})).encode()


def _all(items: Mapping[str, Numbers], block: str) -> dict[str, Any]:
    return {name: _numbers(numbers, block) for name, numbers in sorted(items.items())}


def _numbers(numbers: Numbers, block: str) -> dict[str, Any]:
    ordered = sorted(numbers.given.items(), key=lambda pair: (pair[1].number or 0, pair[0]))
    shown: dict[str, Any] = {} if numbers.was is None else {"was": numbers.was}
    shown[block] = {name: _numbered(item) for name, item in ordered}
    if numbers.reserved_numbers or numbers.reserved_names:
        shown["reserved"] = {
            "numbers": sorted(numbers.reserved_numbers),
            "names": sorted(numbers.reserved_names),
        }
    return shown


def _numbered(item: Numbered) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if item.number is not None:
        shown["number"] = item.number
    if item.type:
        shown["type"] = item.type
    if item.was is not None:
        shown["was"] = item.was
    return shown
