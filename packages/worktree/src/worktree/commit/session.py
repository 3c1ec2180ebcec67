"""A session: one tree in memory, the storage it is mounted on, and what passes between them.

Reading: everything is read in one go, decoded, and only then given to memory. Writing: memory
is compared with its bases, everything that changed is encoded and read back in memory, and only
then handed to the storage as one set of changes. The storage decides whether they happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from ..lifecycle import sync_claims
from ..mounting.accessible import AgnosticCollection
from ..names import join
from ..space import Direct, SpaceCollection, Stage
from ..storage.contract import (
    Change,
    Contents,
    Expected,
    MakeFolder,
    Members,
    Selection,
    Storage,
    Token,
)
from .cells import Base, Cell, by_folder
from .conflicts import decoded, settle
from .gather import Gathered, gather
from .hooks import Hooked, has_own_hooks, staged_by_hooks
from .loading import Loading
from .part import Folder, Part

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
        self._whole = Part(self.storage, [], [], [])
        self._paths: dict[int, tuple[Any, tuple[str, ...]]] = {}

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
        for cell in session._whole.cells:
            cell.is_loaded = True
        object.__setattr__(item, "_session", session)
        return session

    # ── the shape of the tree ─────────────────────────────────────────────────────────

    def _adopt(self, node: Any, at: AgnosticCollection, folder: str, path: tuple[str, ...]) -> None:
        node._session = self
        self._paths[id(node)] = node, path
        for field in layout_of(type(node)):
            self._adopt_field(node, field, at, folder, (*path, field.name))

    def _adopt_field(
        self, node: Any, field: Field, at: AgnosticCollection, folder: str, path: tuple[str, ...]
    ) -> None:
        inner = join(folder, field.name)
        whole = self._whole
        if field.role in {"layout", "tree"}:
            child = node.__dict__[field.name]
            whole.folders.append(Folder(inner, path, node, child))
            inside = child._collection if field.role == "layout" else child._root
            self._adopt(child, inside, inner, path)
            if field.role == "layout" and has_own_hooks(field.type):
                whole.hooked.append(Hooked(node, folder, path))
        elif field.coded:
            if field.many:
                whole.folders.append(Folder(inner, path, node))
                at = SpaceCollection(Direct(self.storage), inner)
            at_key = inner if field.many else folder
            whole.cells.append(Cell(field, node, at, at_key, path, self.storage, self.migrations))
        else:
            item = node.__dict__[field.name]
            object.__setattr__(item, "_session", self)
            self._paths[id(item)] = item, path
            whole.hooked.append(Hooked(node, folder, path))

    def part(self, only: Any) -> Part:
        """The part of the tree that belongs to a node or an item; all of it for the root."""
        return self._whole.within(self._path_of(only))

    def _path_of(self, only: Any) -> tuple[str, ...]:
        if only is None:
            return ()
        known = self._paths.get(id(only))
        if known is not None:
            return known[1]
        for cell in self._whole.cells:
            if any(artifact is only for artifact in cell.current().values()):
                return cell.path
        raise ContentError(
            f"this {type(only).__name__} is not part of the tree any more",
            hint="put it back into the tree, and commit the tree",
        )

    # ── reading ───────────────────────────────────────────────────────────────────────

    def read(self, part: Part) -> Contents:
        """Everything that a part of the tree has in storage, of one generation."""
        single = [cell.key("") for cell in part.cells if not cell.field.many]
        many = [Members(cell.folder, cell.field.suffix) for cell in part.cells if cell.field.many]
        folders = [folder.key for folder in part.folders]
        with part.placing():
            return self.storage.read(Selection(single, many, folders))

    def sync(self, only: Any = None) -> None:
        """Take what is stored; write what is not stored yet. Unsaved changes are discarded."""
        part = self.part(only)
        part.put_back()
        for attempt in range(_ATTEMPTS):
            contents = self.read(part)
            loading = Loading(self)
            objects = by_folder(contents.objects)
            for cell in part.cells:
                exists = cell.folder in contents.folders
                loading.load(cell, cell.stored(objects), folder_exists=exists)
            stage = Stage(self.storage)
            for hooked in part.hooked:
                sync_claims(hooked.item, hooked.collection(stage))
            ours = [*self._missing_folders(part, contents), *loading.puts]
            expected = {**dict.fromkeys(loading.keys()), **stage.seen}
            try:
                tokens = self._write(part, _merged(ours, stage.changes()), expected)
            except StaleTokensError:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            loading.finish(tokens)
            return

    def _missing_folders(self, part: Part, contents: Contents) -> list[Change]:
        if not self.storage.capabilities.folders:
            return []
        keys = [folder.key for folder in part.folders]
        return [MakeFolder(key) for key in keys if key not in contents.folders]

    def load_stored(self) -> None:
        """Take what is stored and leave out what is not; nothing is written."""
        part = self.part(None)
        contents = self.read(part)
        objects = by_folder(contents.objects)
        loading = Loading(self)
        part.cells[:] = [cell for cell in part.cells if cell.stored(objects)]
        self._whole = part
        for cell in part.cells:
            loading.load(cell, cell.stored(objects), folder_exists=True)
        loading.finish({})

    # ── writing ───────────────────────────────────────────────────────────────────────

    def commit(self, only: Any = None) -> None:
        """Write what changed: all of it, or nothing."""
        part = self.part(only)
        for _ in range(_ATTEMPTS):
            part.refuse_replaced()
            gathered = gather(part.cells)
            stage = staged_by_hooks(part)
            changes = _merged(gathered.changes, stage.changes())
            try:
                tokens = self._write(part, changes, {**gathered.expected, **stage.seen})
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
        self, part: Part, changes: Sequence[Change], expected: Expected
    ) -> Mapping[str, Token]:
        """Hand the changes to the storage; nothing at all where there are none."""
        if not changes:
            return {}
        capabilities = self.storage.capabilities
        with part.placing([change.key for change in changes]):
            if capabilities.atomic == "object" and not capabilities.partial_commits:
                self._refuse_several(changes)
            return self.storage.apply(changes, expected)

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
        part = self.part(only)
        part.put_back()
        for cell in part.cells:
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


__all__ = ["Merge", "Session"]
