"""Whether the lock knows every field that the code has."""

from __future__ import annotations

from collections.abc import Iterable

from ..lock.model import Lock
from ..manifests import Manifest
from .found import About, Found


def find_stale(manifests: Iterable[Manifest], lock: Lock) -> list[Found]:
    """Contexts with a field, a value or a type that the lock does not have as it is now.

    A project without a lock generates no protobuf, and has nothing to keep up to date.
    """
    if not lock.contexts:
        return []
    from ..proto.generate import draft_manifests, wanted_of

    found: list[Found] = []
    for draft in draft_manifests(manifests):
        wanted, known = wanted_of(draft), lock.context(draft.context)
        missing = [
            f"{message}.{name}"
            for message, fields in wanted.messages.items()
            for name, kind in fields
            if not _has(known.messages.get(message), name, kind)
        ]
        missing += [
            f"{enum}.{name}"
            for enum, names in wanted.enums.items()
            for name in names
            if not _has(known.enums.get(enum), name, "")
        ]
        if missing:
            shown = ", ".join(missing[:3]) + (", …" if len(missing) > 3 else "")
            text = f"{len(missing)} without a number: {shown}; run `swop gen proto`"
            about = About(draft.context, "lock", "swop.lock.yml")
            found.append(Found("LOCK_STALE", about, text))
    return found


def _has(numbers: object, name: str, kind: str) -> bool:
    from ..lock.model import Numbers

    if not isinstance(numbers, Numbers):
        return False
    item = numbers.given.get(name)
    return item is not None and item.number is not None and item.type == kind
