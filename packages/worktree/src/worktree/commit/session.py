"""A session: one tree in memory, the storage it is mounted on, and what passes between them.

Reading: everything is read in one go, decoded, and only then given to memory. Writing: memory
is compared with its bases, everything that changed is encoded and read back in memory, and only
then handed to the storage as one set of changes. The storage decides whether they happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from ..construction import space_of
from ..errors import (
    CommitPendingError,
    Conflict,
    ConflictError,
    ContentError,
    NotAtomicError,
    PartialCommitError,
    StaleTokensError,
)
from ..layout import Field, layout_of
from ..lifecycle import commit_claims, sync_claims
from ..mounting.accessible import AgnosticCollection
from ..names import join
from ..space import Direct, SpaceCollection, Stage
from ..storage.contract import (
    Change,
    Contents,
    MakeFolder,
    Members,
    Put,
    Remove,
    Selection,
    Storage,
    Token,
)
from .cells import Base, Cell, by_folder
from .conflicts import decoded, settle
from .gather import Gathered, gather
from .hooks import Hooked, has_own_hooks
from .loading import Loading

Merge = Callable[[Conflict], Any]
_ATTEMPTS = 50


class Session:
    """What a tree, or a part of one, is read and written through."""

    def __init__(
        self, collection: SpaceCollection, *, merge: Merge | None = None, migrations: Any = None
    ) -> None:
        self.storage: Storage = collection.storage
        self.root = collection
        self.merge = merge
        self.migrations = migrations
        self.is_published = True
        self.cells: list[Cell] = []
        self.folders: list[tuple[str, tuple[str, ...]]] = []
        self.hooked: list[Hooked] = []
        self._paths: dict[int, tuple[str, ...]] = {}

    @classmethod
    def around(cls, item: Any, **more: Any) -> Session:
        """The session of a tree that has none yet, or of an item that stands alone."""
        from ..items import Worktree

        if isinstance(item, Worktree):
            session = cls(space_of(item._root), **more)
            session._adopt(item, item._root, session.root.key, ())
            return session
        at = getattr(item, "_mounted_at", None)
        if at is None:
            raise ContentError(
                f"this {type(item).__name__} is not mounted",
                hint="put it into a tree, and commit the tree",
            )
        session = cls(space_of(at), **more)
        name = item._item_name
        alone = SimpleNamespace(**{name: item}, _initial_states=None)
        role = type(item).__worktree_role__
        session._adopt_field(
            alone, Field(name, type(item), role, None), at, session.root.key, (name,)
        )
        for cell in session.cells:
            cell.is_loaded = True
        object.__setattr__(item, "_session", session)
        return session

    # ── the shape of the tree ─────────────────────────────────────────────────────────

    def _adopt(self, node: Any, at: AgnosticCollection, folder: str, path: tuple[str, ...]) -> None:
        node._session = self
        self._paths[id(node)] = path
        for field in layout_of(type(node)):
            self._adopt_field(node, field, at, folder, (*path, field.name))

    def _adopt_field(
        self, node: Any, field: Field, at: AgnosticCollection, folder: str, path: tuple[str, ...]
    ) -> None:
        inner = join(folder, field.name)
        if field.role in {"layout", "tree"}:
            child = node.__dict__[field.name]
            self.folders.append((inner, path))
            inside = child._collection if field.role == "layout" else child._root
            self._adopt(child, inside, inner, path)
            if field.role == "layout" and has_own_hooks(field.type):
                self.hooked.append(Hooked(child, folder, path))
        elif field.coded:
            if field.many:
                self.folders.append((inner, path))
                at = SpaceCollection(Direct(self.storage), inner)
            inside_folder = inner if field.many else folder
            self.cells.append(Cell(field, node, at, inside_folder, path, self.migrations))
        else:
            item = node.__dict__[field.name]
            object.__setattr__(item, "_session", self)
            self._paths[id(item)] = path
            self.hooked.append(Hooked(item, folder, path))

    def part(self, only: Any) -> Part:
        """The cells, folders and hooks that belong to a node or an item; all for the root."""
        path = self._path_of(only)
        size = len(path)
        return Part(
            [cell for cell in self.cells if cell.path[:size] == path],
            [folder for folder, at in self.folders if at[:size] == path],
            [hooked for hooked in self.hooked if hooked.path[:size] == path],
        )

    def _path_of(self, only: Any) -> tuple[str, ...]:
        if only is None:
            return ()
        known = self._paths.get(id(only))
        if known is not None:
            return known
        for cell in self.cells:
            if any(artifact is only for artifact in cell.current().values()):
                return cell.path
        raise ContentError(
            f"this {type(only).__name__} is not part of the tree any more",
            hint="put it back into the tree, and commit the tree",
        )

    # ── reading ───────────────────────────────────────────────────────────────────────

    def read(self, part: Part) -> Contents:
        """Everything that a part of the tree has in storage, of one generation."""
        return self.storage.read(
            Selection(
                objects=[cell.key("") for cell in part.cells if not cell.field.many],
                members=[
                    Members(cell.folder, cell.field.suffix)
                    for cell in part.cells
                    if cell.field.many
                ],
                folders=part.folders,
            )
        )

    def sync(self, only: Any = None) -> None:
        """Take what is stored; write what is not stored yet. Unsaved changes are discarded."""
        part = self.part(only)
        for attempt in range(_ATTEMPTS):
            contents = self.read(part)
            loading = Loading(self)
            objects = by_folder(contents.objects)
            for cell in part.cells:
                exists = cell.folder in contents.folders
                loading.load(cell, cell.stored(objects), folder_exists=exists)
            changes: list[Change] = [
                MakeFolder(folder)
                for folder in part.folders
                if self.storage.capabilities.folders and folder not in contents.folders
            ]
            stage = Stage(self.storage)
            for hooked in part.hooked:
                sync_claims(hooked.item, hooked.collection(stage))
            changes = _merged([*changes, *loading.puts], stage.changes())
            try:
                tokens = self._write(changes, {**dict.fromkeys(loading.keys()), **stage.seen})
            except StaleTokensError:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            loading.finish(tokens)
            return

    def load_stored(self) -> None:
        """Take what is stored and leave out what is not; nothing is written."""
        part = self.part(None)
        contents = self.read(part)
        objects = by_folder(contents.objects)
        loading = Loading(self)
        self.cells = [cell for cell in part.cells if cell.stored(objects)]
        for cell in self.cells:
            loading.load(cell, cell.stored(objects), folder_exists=True)
        loading.finish({})

    # ── writing ───────────────────────────────────────────────────────────────────────

    def commit(self, only: Any = None) -> None:
        """Write what changed: all of it, or nothing."""
        part = self.part(only)
        for _ in range(_ATTEMPTS):
            gathered = gather(part.cells, self.storage)
            stage = Stage(self.storage)
            for hooked in part.hooked:
                commit_claims(hooked.item, hooked.collection(stage))
            changes = _merged(gathered.changes, stage.changes())
            try:
                tokens = self._write(changes, {**gathered.expected, **stage.seen})
            except StaleTokensError as error:
                self._settle(gathered, error.keys, part)
                continue
            except CommitPendingError as error:
                gathered.finish(error.tokens, self)
                raise
            except PartialCommitError as error:
                gathered.finish(error.tokens, self, error.missing)
                raise
            gathered.finish(tokens, self)
            return
        raise ConflictError([Conflict(".".join(self._path_of(only)), "", None, None, None)])

    def _write(
        self, changes: Sequence[Change], expected: dict[str, Token | None]
    ) -> dict[str, Token]:
        """Hand the changes to the storage; nothing at all where there are none."""
        if not changes:
            return {}
        capabilities = self.storage.capabilities
        if capabilities.atomic == "object" and not capabilities.partial_commits:
            self._refuse_several(changes)
        return dict(self.storage.apply(changes, expected))

    def _refuse_several(self, changes: Sequence[Change]) -> None:
        objects = sum(not isinstance(change, MakeFolder) for change in changes)
        if objects > 1:
            raise NotAtomicError(
                f"this commit changes {objects} objects, which this storage cannot do as one",
                location=self.storage.locate(""),
                hint="commit artifact by artifact, or allow it with partial_commits=True",
            )

    def _settle(self, gathered: Gathered, keys: Iterable[str], part: Part) -> None:
        """Merge what somebody else changed into memory, or raise ConflictError."""
        settle(self, gathered, keys, self.read(part))

    def roll_back(self, only: Any = None) -> None:
        """Give memory back the versions that it started from, without asking storage."""
        for cell in self.part(only).cells:
            mine = cell.held()
            restored = {}
            for member, base in cell.bases.items():
                fresh = decoded(cell, base)
                artifact = mine.get(member)
                if type(artifact) is type(fresh):
                    cell.codec.adopt(artifact, fresh)
                    restored[member] = artifact
                else:
                    cell.bind(member, fresh, self)
                    restored[member] = fresh
            cell.place(restored)

    def rebase(self, cell: Cell, member: str, base: Base | None) -> None:
        """Let a member count from another version."""
        if base is None:
            cell.bases.pop(member, None)
        else:
            cell.bases[member] = base


class Part:
    """A part of a session: its cells, the folders they need, the items with hooks."""

    def __init__(self, cells: list[Cell], folders: list[str], hooked: list[Hooked]) -> None:
        self.cells = cells
        self.folders = folders
        self.hooked = hooked


def _merged(ours: Sequence[Change], hooks: Sequence[Change]) -> list[Change]:
    """One set of changes; where a hook changes the same key, the hook has the last word."""
    if not hooks:
        return list(ours)
    by_key: dict[str, Change] = {}
    for change in (*ours, *hooks):
        before = by_key.get(change.key)
        if isinstance(change, MakeFolder) and before is not None:
            continue
        by_key[change.key] = change
    return list(by_key.values())


__all__ = ["Merge", "Part", "Put", "Remove", "Session"]
