"""The first half of a commit: everything it will write, written where it cannot be seen.

Until the journal gets its name nothing in the tree has changed, so any failure up to there is
undone by throwing the staging folder away. A folder that does not exist yet is staged whole,
with all that belongs in it, and appears in the tree by one rename.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...errors import StorageError
from ...names import split
from ..contract import Change, MakeFolder, Put, Remove
from .ground import Ground
from .hidden import Hidden
from .journal import NOTHING, Append, Journal, MoveIn, MoveOut


@dataclass(slots=True)
class _Draft:
    """A journal in the making."""

    moves_out: list[MoveOut] = field(default_factory=list)
    moves_in: list[MoveIn] = field(default_factory=list)
    appends: list[Append] = field(default_factory=list)
    grafts: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    count: int = 0

    def number(self) -> str:
        self.count += 1
        return str(self.count - 1)


class Staging:
    """Stages a set of changes and drafts the journal that will put them in place."""

    def __init__(self, hidden: Hidden, ground: Ground) -> None:
        self._hidden = hidden
        self._ground = ground
        self._draft = _Draft()
        self._stage = ""
        self._default_mode: int | None = None

    def stage(self, changes: Sequence[Change]) -> Journal | None:
        """Write everything below the staging folder; None where nothing would change."""
        for change in changes:
            if isinstance(change, Put):
                self._put(change)
            elif isinstance(change, MakeFolder):
                self._make(change.key)
            else:
                self._remove(change)
        draft = self._draft
        if not (draft.moves_in or draft.moves_out or draft.appends):
            return None
        if self._stage:
            for folder in reversed(draft.folders):
                self._hidden.sync_folder(folder)
            self._hidden.sync_folder(self._stage)
        else:
            self._stage = self._hidden.new_stage()
        return Journal(
            self._stage, tuple(draft.moves_out), tuple(draft.moves_in), tuple(draft.appends)
        )

    def _put(self, change: Put) -> None:
        target = self._ground.targets[change.key]
        if self._ground.missing:
            folder, name = split(target.key)
            graft = self._graft(folder)
            if graft is not None:
                self._write(f"{graft}/{name}", change.data)
                return
        status = target.status
        if status is not None and change.keep and status.st_size == change.keep:
            self._draft.appends.append(Append(target.key, change.keep, change.data[change.keep :]))
            return
        staged = self._draft.number()
        self._write(f"{self._open_stage()}/{staged}", change.data, like=status)
        was = target.token if status is not None else NOTHING
        self._draft.moves_in.append(MoveIn(staged, target.key, was))

    def _make(self, key: str) -> None:
        if key in self._ground.missing:
            self._graft(key)

    def _remove(self, change: Remove) -> None:
        target = self._ground.targets[change.key]
        if target.status is not None:
            self._open_stage()
            self._draft.moves_out.append(MoveOut(target.key, self._draft.number(), target.token))

    def _graft(self, folder: str) -> str | None:
        """Where a folder that does not exist yet is being staged; None for one that exists."""
        if folder not in self._ground.missing:
            return None
        if folder in self._draft.grafts:
            return self._draft.grafts[folder]
        above = split(folder)[0]
        staged = self._graft(above)
        if staged is None:
            number = self._draft.number()
            path = f"{self._open_stage()}/{number}"
            self._draft.moves_in.append(MoveIn(number, folder))
        else:
            path = f"{staged}/{split(folder)[1]}"
        self._hidden.system.mkdir(path, dir_fd=self._hidden.fd)
        self._draft.grafts[folder] = path
        self._draft.folders.append(path)
        return path

    def _open_stage(self) -> str:
        self._stage = self._stage or self._hidden.new_stage()
        return self._stage

    def _write(self, path: str, data: bytes, *, like: os.stat_result | None = None) -> None:
        """Write a staged file, with the permissions of the file that it will replace."""
        mode = None
        if like is not None:
            if like.st_dev != self._ground.device:
                raise StorageError(
                    f"{path!r} lies on another file system than the root of the mount",
                    hint="mount that folder on its own",
                )
            mode = stat.S_IMODE(like.st_mode)
            if mode == self._usual_mode():
                mode = None
        self._hidden.write_file(path, data, mode=mode)

    def _usual_mode(self) -> int:
        """The permissions that a new file gets here, learned from the staging folder's own."""
        if self._default_mode is None:
            with self._hidden.folder(self._open_stage()) as fd:
                self._default_mode = stat.S_IMODE(self._hidden.system.fstat(fd).st_mode) & 0o666
        return self._default_mode
