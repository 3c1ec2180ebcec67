"""What a commit will meet: looked at once, under the lock, before anything is written."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import StaleTokensError
from ...names import ancestors, split
from ..contract import Change, Expected, MakeFolder, Put, Remove, Token
from .folders import Folders
from .signatures import Signatures, token_of


@dataclass(slots=True)
class Target:
    """What a change will meet: the key it really means, what is there, and its token if known."""

    key: str
    status: os.stat_result | None
    token: Token | None = None


@dataclass(slots=True)
class Ground:
    """What the tree looks like where a commit will change it."""

    device: int
    targets: Mapping[str, Target]
    missing: frozenset[str]
    """Folders, among those the changes need, that do not exist yet."""


def survey(
    folders: Folders,
    signatures: Signatures,
    changes: Sequence[Change],
    expected: Expected,
    *,
    device: int,
) -> Ground:
    """Look at everything that a commit touches, and hold it against the expectations."""
    removed = {change.key for change in changes if isinstance(change, Remove)}
    keys = sorted({*expected, *(change.key for change in changes)})
    targets = {
        key: _target(folders, signatures, key, follow=key not in removed, known=key in expected)
        for key in keys
    }
    stale = [key for key, token in expected.items() if targets[key].token != token]
    if stale:
        raise StaleTokensError(stale)
    for change in changes:
        _refuse_wrong_kind(folders, change, targets[change.key])
    needed = _folders_needed(changes, targets)
    missing = frozenset(folder for folder in sorted(needed) if folders.open(folder) is None)
    return Ground(device, targets, missing)


def _target(
    folders: Folders, signatures: Signatures, key: str, *, follow: bool, known: bool
) -> Target:
    found = folders.stat(key) if follow else folders.lstat(key)
    if found is None:
        return Target(key, None)
    real, status = found
    if not known or not stat.S_ISREG(status.st_mode):
        return Target(real, status, "" if known else None)
    token = signatures.recall(key, status)
    if token is None:
        content = folders.read(real)
        token = token_of(content[0]) if content is not None else None
    return Target(real, status, token)


def _refuse_wrong_kind(folders: Folders, change: Change, target: Target) -> None:
    if target.status is None:
        return
    mode = target.status.st_mode
    if isinstance(change, Put) and not stat.S_ISREG(mode):
        raise folders.wrong_kind(change.key, "an object")
    if isinstance(change, MakeFolder) and not stat.S_ISDIR(mode):
        raise folders.wrong_kind(change.key, "a folder")


def _folders_needed(changes: Sequence[Change], targets: Mapping[str, Target]) -> set[str]:
    """Every folder that must exist once the changes are made."""
    made = {targets[change.key].key for change in changes if isinstance(change, MakeFolder)}
    made |= {split(targets[change.key].key)[0] for change in changes if isinstance(change, Put)}
    return made.union(*map(ancestors, made)) - {""}
