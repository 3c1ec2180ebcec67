"""`swop.accept.yml`: findings that people agreed to, each with a reason and an end.

version: 1
accepted:
  - rule: FIELD_REMOVED
    where: billing.IssueInvoice.note      # * stands for anything
    reason: nobody reads it since the shop moved
    expires: 2027-01-31
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

from ..errors import AcceptError
from ..files import write_atomically
from .catalogue import RULES
from .report import Change

_KEYS = frozenset({"rule", "where", "reason", "expires"})


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One entry: it holds up to and on the day it expires."""

    rule: str
    where: str
    reason: str
    expires: dt.date

    def covers(self, change: Change) -> bool:
        """Whether it is about this change."""
        return self.rule == change.rule and fnmatchcase(change.where, self.where)


def read_accepted(path: Path) -> tuple[Acceptance, ...]:
    """The entries of a file; none where there is no file.

    Raises:
        AcceptError: the file cannot be read or says something impossible.
    """
    from .._yaml import YamlProblemError, parse_yaml

    try:
        raw = parse_yaml(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise AcceptError(f"cannot be read: {error.strerror}", path=path) from None
    except YamlProblemError as problem:
        raise AcceptError(str(problem), path=path, line=problem.line) from None
    if not isinstance(raw, Mapping) or raw.get("version") != 1:
        raise AcceptError("must be a mapping with `version: 1`", path=path)
    entries = raw.get("accepted") or []
    if not isinstance(entries, list):
        raise AcceptError("accepted must be a list", path=path)
    return tuple(_entry(item, number, path) for number, item in enumerate(entries, start=1))


def _entry(item: Any, number: int, path: Path) -> Acceptance:
    def refuse(message: str) -> NoReturn:
        raise AcceptError(f"accepted, entry {number}: {message}", path=path)

    if not isinstance(item, Mapping) or set(item) != _KEYS:
        refuse(f"needs exactly {', '.join(sorted(_KEYS))}")
    if item["rule"] not in RULES:
        refuse(f"there is no rule {item['rule']!r}")
    for key in ("where", "reason"):
        if not isinstance(item[key], str) or not item[key].strip():
            refuse(f"{key} must say something")
    return Acceptance(item["rule"], item["where"], item["reason"], _day(item["expires"], refuse))


def _day(value: Any, refuse: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        refuse(f"expires must be a day such as 2027-01-31, not {value!r}")
        raise


def accepting(
    entries: Iterable[Acceptance], change: Change, *, today: dt.date
) -> Acceptance | None:
    """The entry that covers a change and has not expired."""
    live = (item for item in entries if item.covers(change) and item.expires >= today)
    return next(live, None)


def remarks_on(
    entries: Sequence[Acceptance], changes: Sequence[Change], *, path: Path, today: dt.date
) -> list[str]:
    """Lines on entries that have expired or that nothing needs any more."""
    lines = []
    for item in entries:
        covered = any(item.covers(change) for change in changes)
        what = f"{path.name}: {item.rule} at {item.where}"
        if not covered:
            lines.append(f"{what} covers nothing: remove it")
        elif item.expires < today:
            lines.append(f"{what} expired on {item.expires.isoformat()}")
    return lines


def add_accepted(
    path: Path, changes: Iterable[Change], *, reason: str, expires: dt.date
) -> list[Acceptance]:
    """Write entries for changes into the file, after those that it holds.

    Raises:
        AcceptError: the file that is there cannot be read.
        StateWriteError: it cannot be written.
    """
    from ..manifests.yaml_text import to_yaml

    entries = {(item.rule, item.where): item for item in read_accepted(path)}
    added = [Acceptance(item.rule, item.where, reason, expires) for item in changes]
    entries.update({(item.rule, item.where): item for item in added})
    shown = [
        {
            "rule": item.rule,
            "where": item.where,
            "reason": item.reason,
            "expires": item.expires.isoformat(),
        }
        for item in entries.values()
    ]
    write_atomically(path, to_yaml({"version": 1, "accepted": shown}).encode())
    return added
