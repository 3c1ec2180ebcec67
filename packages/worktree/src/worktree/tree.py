"""The front door: mount a tree, look at what changed, take what others changed, try again."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from .commit.differences import Plan, Status, plan_of, status_of
from .commit.session import Merge, Session
from .construction import MountedCollection, space_of
from .errors import Conflict, ConflictError, LayoutError, WorktreeError
from .items import Worktree
from .mounting.accessible import AgnosticCollection
from .space import Direct
from .storage.contract import Storage
from .storage.filesystem import Durability
from .storage.locate import locate

Tree = TypeVar("Tree", bound=Worktree)


def mount(
    tree: type[Tree],
    where: str | os.PathLike[str] | Storage | AgnosticCollection,
    *,
    initial: Mapping[str, Any] | None = None,
    merge: Callable[[Conflict], Any] | None = None,
    migrations: Any = None,
    durability: Durability = "power",
) -> Tree:
    """Load a tree from storage; what is not stored yet gets its initial state and is written.

    `where` is a path, an address (`sqlite:state.db`, `s3://bucket/prefix`) or a storage.
    `initial` has the initial states by field; what is stored wins over them. `merge` is asked
    when a commit meets somebody else's change, and returns the merged artifact, or None.
    `durability` is what a path or SQLite file survives: "process" or "power".

    A mount that fails has written nothing. An interrupted commit is finished first.
    """
    if merge is not None and not callable(merge):
        raise WorktreeError(
            f"merge is {type(merge).__name__}, which cannot be called",
            hint="pass a function that takes a Conflict and returns an artifact or None",
        )
    root = _root(where, durability)
    mounted, session = _assembled(tree, root, initial, migrations)
    session.merge = merge
    session.sync()
    return mounted


def load_only(tree: type[Tree], where: Any, migrations: Any) -> tuple[Tree, Session]:
    """A tree with what is stored of it, and nothing else; nothing is written."""
    mounted, session = _assembled(tree, _root(where, "power"), None, migrations)
    session.load_stored()
    return mounted, session


def _assembled(
    tree: type[Tree], root: MountedCollection, initial: Mapping[str, Any] | None, migrations: Any
) -> tuple[Tree, Session]:
    require_tree(tree)
    chains = _chains(migrations)
    root.storage.recover()
    mounted = tree(root, initial)
    session = Session.around(mounted, migrations=chains)
    session.is_published = False
    return mounted, session


def require_tree(tree: Any) -> None:
    """Refuse what is not a class of tree, before anything is touched."""
    if not (isinstance(tree, type) and issubclass(tree, Worktree)):
        raise LayoutError(f"{tree!r} is not a subclass of Worktree")


def _root(
    where: str | os.PathLike[str] | Storage | AgnosticCollection, durability: Durability
) -> MountedCollection:
    if isinstance(where, AgnosticCollection):
        space = space_of(where)
        return MountedCollection(Direct(space.storage), space.key)
    return MountedCollection(Direct(locate(where, durability)), "")


def _chains(migrations: Any) -> Any:
    if migrations is None:
        return None
    from .migrations import Chains

    return Chains.of(migrations)


def session_of(tree: Any) -> Session:
    """The session of a mounted tree, or of a part of one."""
    session = getattr(tree, "_session", None)
    return session if isinstance(session, Session) else Session.around(tree)


def plan(tree: Any) -> Plan:
    """What a commit would write now, field by field; nothing is written."""
    return plan_of(session_of(tree), tree)


def status(tree: Any) -> Status:
    """What changed in memory and in storage since they last met; nothing is changed."""
    return status_of(session_of(tree), tree)


def reload(tree: Any) -> Status:
    """Take what others changed, and keep what was changed here; the status before.

    Raises ConflictError, with memory as it was, where both changed the same artifact.
    """
    from .commit.refresh import refresh

    return refresh(session_of(tree), tree)


class transaction:  # noqa: N801 — it is used like a function.
    """Change a tree and commit, on top of what is stored now.

    As a context manager, one attempt: the tree is loaded, the body changes it, the changes are
    committed; on any error memory goes back to what is stored, and nothing is written.

    As an iterator, bounded retries: each attempt starts over on top of what others committed,
    and the last one's ConflictError is raised.

        for attempt in transaction(tree):
            with attempt:
                tree.counter.number += 1
    """

    def __init__(
        self,
        tree: Any,
        *,
        attempts: int = 100,
        longest_pause: float = 0.05,
        rng: random.Random | None = None,
    ) -> None:
        if attempts < 1:
            raise WorktreeError(f"a transaction needs one attempt or more, not {attempts}")
        self._tree = tree
        self._attempts = attempts
        self._longest_pause = longest_pause
        self._random = rng or random.Random()  # noqa: S311 — spreads retries, keeps no secret.
        self._stack: list[AbstractContextManager[None]] = []

    def __enter__(self) -> None:
        context = self._once()
        context.__enter__()
        self._stack.append(context)

    def __exit__(self, *error: Any) -> bool | None:
        return self._stack.pop().__exit__(*error)

    def __iter__(self) -> Iterator[AbstractContextManager[None]]:
        pause = 0.0005
        for number in range(1, self._attempts + 1):
            outcome: list[bool] = []
            yield self._attempt(outcome, is_last=number == self._attempts)
            if outcome:
                return
            time.sleep(self._random.uniform(0, pause))
            pause = min(pause * 2, self._longest_pause)

    @contextmanager
    def _attempt(self, outcome: list[bool], *, is_last: bool) -> Iterator[None]:
        try:
            with self._once():
                yield
        except ConflictError:
            if is_last:
                raise
            return
        outcome.append(True)

    @contextmanager
    def _once(self) -> Iterator[None]:
        session = session_of(self._tree)
        session.sync(self._tree)
        try:
            yield
            session.commit(self._tree)
        except BaseException:
            session.roll_back(self._tree)
            raise


__all__ = ["Merge", "mount", "plan", "reload", "session_of", "status", "transaction"]
