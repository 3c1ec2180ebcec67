"""The errors of worktree, drawn as a tree.

WorktreeError                     everything that worktree raises on purpose
├── LayoutError                   a class or an annotation that cannot become a tree
│   └── LossyFieldError           a field whose type would lose data on the way to storage
├── InitialStateError             the initial states do not fit the tree
│   ├── MissingInitialStateError  a required value is given neither by storage nor by the caller
│   └── UnknownInitialStateError  a key of the initial states names nothing in the tree
├── UnsafeNameError               a name that would leave the mount, or that storage cannot hold
├── ContentError                  what is stored cannot be read as the artifact
├── LossyValueError               what is in memory would not come back as it is
├── ConflictError                 somebody else changed what this commit changes
├── MigrationError                a chain of migrations that is broken, or a step that failed
├── MissingExtraError             an optional dependency is not installed
├── UnreachableActionError        a published hook that this kind of item never reaches
└── StorageError                  the back end refused or failed
    ├── MissingObjectError        nothing is stored there
    ├── WrongKindError            a folder where an object should be, or the other way round
    ├── LockTimeoutError          another process holds the mount for too long
    ├── StaleTokensError          a driver's answer to expectations that no longer hold
    ├── NotAtomicError            a back end that cannot write several objects as one
    ├── PartialCommitError        some objects of a commit were written, others were not
    ├── CommitPendingError        the commit is decided and kept, but not yet visible in full
    └── JournalError              the journal of an interrupted commit cannot be read
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


class WorktreeError(Exception):
    """Catch this to catch whatever worktree raises on purpose.

    `path` is the place in the tree (`app.storage.db`), `location` the place in storage
    (`/data/app/storage/db.json`), `hint` the next step; each may be empty.
    """

    def __init__(self, problem: str, *, path: str = "", location: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path
        self.location = location
        self.hint = hint

    def __str__(self) -> str:
        if self.path and self.location:
            where = f"{self.path} ({self.location}): "
        elif self.path or self.location:
            where = f"{self.path or self.location}: "
        else:
            where = ""
        return f"{where}{self.problem}" + (f"; {self.hint}" if self.hint else "")


class LayoutError(WorktreeError):
    """A class or an annotation that cannot become a tree; `path` is `Class.field`."""


class LossyFieldError(LayoutError):
    """A field whose type would lose data on the way to storage and back."""


class InitialStateError(WorktreeError):
    """The initial states do not fit the tree."""


class MissingInitialStateError(InitialStateError):
    """A required value is given neither by storage nor by the caller.

    `item_name` is the dotted path of the first value that is missing.
    """

    def __init__(
        self,
        item_name: str,
        message: str,
        *,
        hint: str = "pass it in the initial states, or give it a default",
    ) -> None:
        super().__init__(message, path=item_name, hint=hint)
        self.item_name = item_name
        self.message = message

    def __str__(self) -> str:
        name, message = self.item_name, self.message
        return f"Worktree item {name!r} is missing required initial state: {message}; {self.hint}"

    def inside(self, above: str) -> MissingInitialStateError:
        """The same error, told by the item above."""
        return MissingInitialStateError(f"{above}.{self.item_name}", self.message, hint=self.hint)


class UnknownInitialStateError(InitialStateError):
    """A key of the initial states names nothing in the tree."""


class UnsafeNameError(WorktreeError):
    """A name that would leave the mount, or that storage cannot hold; `name` is the name."""

    def __init__(self, name: str, problem: str, *, location: str = "") -> None:
        super().__init__(
            f"{name!r} {problem}",
            location=location,
            hint="use names inside the mount, without '..', a leading '/' or control characters",
        )
        self.name = name


class ContentError(WorktreeError):
    """What is stored cannot be read as the artifact; the stored bytes are left alone."""


class LossyValueError(WorktreeError):
    """What is in memory would not come back from storage as it is; nothing was written."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One artifact that two sides changed: what both started from, and what each made of it.

    A side is None where the artifact did not exist, or no longer exists.
    """

    path: str
    location: str
    base: Any
    theirs: Any
    ours: Any


class ConflictError(WorktreeError):
    """Somebody else changed what this commit changes; nothing was written.

    `conflicts` has every artifact in question; `base`, `theirs` and `ours` are the first's.
    """

    def __init__(self, conflicts: Iterable[Conflict]) -> None:
        self.conflicts = tuple(conflicts)
        first = self.conflicts[0]
        more = f" (and {len(self.conflicts) - 1} more)" if len(self.conflicts) > 1 else ""
        super().__init__(
            f"changed here and in storage since it was read{more}",
            path=first.path,
            location=first.location,
            hint="sync() takes theirs, transaction() tries again on top of theirs, "
            "and mount(..., merge=...) decides per artifact",
        )
        self.base = first.base
        self.theirs = first.theirs
        self.ours = first.ours


class MigrationError(WorktreeError):
    """A chain of migrations that is broken, or a step that failed; nothing was written."""


class MissingExtraError(WorktreeError):
    """An optional dependency is not installed."""

    def __init__(self, need: str, extra: str) -> None:
        super().__init__(f"{need} needs an extra", hint=f"pip install 'worktree[{extra}]'")
        self.extra = extra


class UnreachableActionError(WorktreeError):
    """A published hook that this kind of item never reaches."""


class StorageError(WorktreeError):
    """The back end refused or failed; what was stored before is intact."""


class MissingObjectError(StorageError, FileNotFoundError):
    """Nothing is stored there."""

    __str__ = WorktreeError.__str__


class WrongKindError(StorageError):
    """A folder where an object should be, or the other way round."""


class LockTimeoutError(StorageError):
    """Another process holds the mount for longer than we wait."""


class StaleTokensError(StorageError):
    """What a driver raises when expectations no longer hold; `keys` are those that do not.

    A commit turns it into a merge, another try, or a ConflictError.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = tuple(keys)
        super().__init__(f"changed since they were read: {', '.join(self.keys)}")


class NotAtomicError(StorageError):
    """A back end that cannot write several objects as one was asked to."""


class PartialCommitError(StorageError):
    """A back end that was allowed to write object after object stopped in between.

    `written` are the keys that were written, `missing` those that were not. Memory still has
    everything: the next commit writes what is missing.
    """

    def __init__(
        self,
        written: Iterable[str],
        missing: Iterable[str],
        reason: str,
        *,
        location: str,
        tokens: Mapping[str, str],
    ) -> None:
        self.written = tuple(written)
        self.missing = tuple(missing)
        self.tokens = dict(tokens)
        super().__init__(
            f"{len(self.written)} of {len(self.written) + len(self.missing)} changes were made, "
            f"then: {reason}",
            location=location,
            hint="commit again to make the others",
        )


class CommitPendingError(StorageError):
    """The commit is decided and its journal is kept, but it is not yet visible in full.

    Nothing is lost: the next read or mount completes it. Where `is_durable` is false the disk
    failed at the very moment of the decision, and a power cut may still take the commit back,
    as a whole.
    """

    def __init__(
        self, problem: str, *, location: str, is_durable: bool, tokens: Mapping[str, str]
    ) -> None:
        super().__init__(
            problem,
            location=location,
            hint="the next read or mount completes it; make room or mend the disk first",
        )
        self.is_durable = is_durable
        self.tokens = dict(tokens)


class JournalError(StorageError):
    """The journal of an interrupted commit cannot be read."""
