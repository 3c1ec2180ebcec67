"""Cells: one field of the tree, what it holds in memory, and what it was read from.

A cell is where memory and storage meet. It knows the key of each of its artifacts, and for each
the base: the version that memory started from, which is what tells a change here from a change
there.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic_core import PydanticSerializationError

from ..artifacts.codec import Codec
from ..construction import construct, fill
from ..errors import (
    ContentError,
    LossyValueError,
    MissingInitialStateError,
    WorktreeError,
)
from ..items import bind
from ..layout import Field
from ..mounting.accessible import AgnosticCollection
from ..names import check_name, join
from ..storage.contract import Storage, Stored, Token

_DIGITS = 6


@dataclasses.dataclass(slots=True)
class Base:
    """The version that memory started from: its canonical form, its token, what else it held.

    `upgraded` is the canonical form after migrations, where those changed it.
    """

    known: bytes
    token: Token
    unknown: Any = None
    upgraded: bytes | None = None


Changed: TypeAlias = tuple[str, Any, bytes, Base | None]
"""A member that differs from its base: name, artifact, canonical form, base if it has one.

A bare tuple, because a commit can have very many.
"""


@dataclasses.dataclass(slots=True)
class Cell:
    """An artifact field of a node. Members are named: "" for a single artifact."""

    field: Field
    node: Any
    at: AgnosticCollection
    folder: str
    path: tuple[str, ...]
    storage: Storage
    chains: Any = None
    bases: dict[str, Base] = dataclasses.field(default_factory=dict)
    is_loaded: bool = False
    encode: Callable[[Any], bytes] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.encode = self.codec.encoder(self.field.type)

    @property
    def codec(self) -> Codec[Any]:
        """The codec of this field's artifacts."""
        codec: Codec[Any] = self.field.type.__worktree_codec__
        return codec

    # ── names ─────────────────────────────────────────────────────────────────────────

    def key(self, member: str) -> str:
        """The storage key of a member."""
        if not self.field.many:
            return join(self.folder, self.field.stored_name)
        return f"{self.folder}/{member}{self.field.suffix}"

    def keys(self, members: Sequence[str]) -> list[str]:
        """The storage keys of many members."""
        if not self.field.many:
            return [self.key(member) for member in members]
        start, end = f"{self.folder}/", self.field.suffix
        return [f"{start}{member}{end}" for member in members]

    def label(self, member: str) -> str:
        """The place of a member in the tree, as one would write it."""
        path = ".".join(self.path)
        if not self.field.many:
            return path
        is_index = self.field.many == "list" and member.isdecimal()
        return f"{path}[{int(member)}]" if is_index else f"{path}[{member!r}]"

    # ── memory ────────────────────────────────────────────────────────────────────────

    def current(self) -> Mapping[str, Any]:
        """What is in memory, by member."""
        value = self.node.__dict__.get(self.field.name)
        if not self.field.many:
            if value is None and not self.field.optional:
                raise LossyValueError(
                    "it is None, but not optional",
                    path=self.label(""),
                    location=self.storage.locate(self.key("")),
                    hint=f"annotate it {self.field.type.__name__} | None",
                )
            return {} if value is None else {"": value}
        if self.field.many == "dict" and isinstance(value, dict):
            return value
        if self.field.many == "list" and isinstance(value, list):
            return {f"{index:0{_DIGITS}}": artifact for index, artifact in enumerate(value)}
        raise LossyValueError(
            f"it holds {type(value).__name__}, not a {self.field.many}",
            path=".".join(self.path),
            location=self.storage.locate(self.folder),
            hint=f"put a {self.field.many} of {self.field.type.__name__} there",
        )

    def held(self) -> dict[str, Any]:
        """What is in memory, by member, or nothing where it is not what the layout says."""
        try:
            return dict(self.current())
        except LossyValueError:
            return {}

    def changed(self) -> list[Changed]:
        """The members that differ from their base."""
        current = self.current()
        try:
            forms = list(map(self.encode, current.values()))
        except (AttributeError, TypeError, PydanticSerializationError, WorktreeError):
            return self._changed_with_care(current)
        base_of, cls = self.bases.get, self.field.type
        return [
            (member, artifact, form, base)
            for (member, artifact), form in zip(current.items(), forms, strict=True)
            if (base := base_of(member)) is None
            or base.known != form
            or artifact.__class__ is not cls
        ]

    def _changed_with_care(self, current: Mapping[str, Any]) -> list[Changed]:
        """The same, one by one, to name the member that is wrong."""
        found = []
        for member, artifact in current.items():
            with self.naming(member):
                if not isinstance(artifact, self.field.type):
                    raise wrong_class(artifact, self.field.type)
                data = self._encoded(artifact)
                base = self.bases.get(member)
                if base is None or base.known != data:
                    found.append((member, artifact, data, base))
        return found

    def _encoded(self, artifact: Any) -> bytes:
        careful = getattr(self.codec, "encode", None)
        encoded: bytes = careful(artifact) if careful else self.encode(artifact)
        return encoded

    def removed(self) -> list[str]:
        """The members that have a base, but are gone from memory."""
        current = self.current()
        if current.keys() == self.bases.keys():
            return []
        return [member for member in self.bases if member not in current]

    def stored_form(self, member: str, data: bytes) -> bytes:
        """What the file of a member will hold."""
        base = self.bases.get(member)
        if base is None:
            return self.codec.render(data, None, None)
        return self.codec.render(data, base.unknown, base.known)

    def check_member(self, member: str) -> None:
        """Refuse a name that storage cannot hold."""
        if self.field.many:
            check_name(member)
            check_name(f"{member}{self.field.suffix}")
            if member.startswith("."):
                raise LossyValueError(
                    "a name in a dict of artifacts starts with no dot", hint="use another name"
                )

    # ── storage ───────────────────────────────────────────────────────────────────────

    def stored(self, objects: Mapping[str, Mapping[str, Stored]]) -> Mapping[str, Stored]:
        """What was found of this cell, by member; `objects` is by folder and name."""
        inside = objects.get(self.folder, {})
        if not self.field.many:
            found = inside.get(self.field.stored_name)
            return {} if found is None else {"": found}
        end = -len(self.field.suffix)
        members = {name[:end]: stored for name, stored in inside.items()}
        if self.field.many == "list":
            return dict(sorted(members.items(), key=self._position))
        return members

    def _position(self, item: tuple[str, Stored]) -> int:
        if not (item[0].isascii() and item[0].isdigit()):
            raise ContentError(
                f"{item[0]!r} is not the number of a list item",
                path=".".join(self.path),
                location=self.storage.locate(f"{self.folder}/{item[0]}{self.field.suffix}"),
                hint="move the file away",
            )
        return int(item[0])

    def read(self, stored: Stored) -> tuple[Any, Base]:
        """Decode a stored member; the artifact, bound to its place, and its base."""
        codec = self.codec
        upgrade = self.chains.upgrade(self.field.type, stored.data) if self.chains else None
        if upgrade is not None:
            artifact = codec.decode(self.field.type, upgrade[1])
            return artifact, Base(upgrade[0], stored.token, None, self.encode(artifact))
        artifact = codec.decode(self.field.type, stored.data)
        known = self.encode(artifact)
        unknown = None if known == stored.data else codec.unknown_in(artifact, stored.data)
        return artifact, Base(known, stored.token, unknown)

    def bind(self, member: str, artifact: Any, session: Any) -> None:
        """Tell an artifact where it is."""
        bind(artifact, member or self.field.name, self.at)
        object.__setattr__(artifact, "_session", session)

    def create(self, states: Any) -> None:
        """Fill memory from the initial states, as the published contract constructs it."""
        above = self.path[:-1]
        try:
            if self.field.many:
                fill(self.node, self.field, self.at, states)
            elif states is not None or not self.field.optional:
                self.node.__dict__[self.field.name] = construct(self.field, self.at, states)
        except MissingInitialStateError as error:
            told = error.inside(".".join(above)) if above else error
            raise told from error.__cause__
        except WorktreeError as error:
            error.path = ".".join((*above, error.path))
            raise

    def place(self, members: dict[str, Any]) -> None:
        """Set memory to these members, keeping the dict or list that is there."""
        values = self.node.__dict__
        name = self.field.name
        if not self.field.many:
            values[name] = members.get("")
        elif self.field.many == "dict" and isinstance(values.get(name), dict):
            values[name].clear()
            values[name].update(members)
        elif self.field.many == "list" and isinstance(values.get(name), list):
            values[name][:] = members.values()
        else:
            values[name] = members if self.field.many == "dict" else list(members.values())

    def naming(self, member: str) -> _Naming:
        """A context in which an error learns the place that it is about."""
        return _Naming(self, member)

    def plain(self, data: bytes | None) -> Any:
        """A canonical form as data, to show differences."""
        return None if data is None else self.codec.plain(data)


@dataclasses.dataclass(slots=True)
class _Naming:
    """Adds the place in the tree and in storage to an error that has none."""

    cell: Cell
    member: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, WorktreeError):
            cell = self.cell
            error.path = error.path or cell.label(self.member)
            error.location = error.location or cell.storage.locate(cell.key(self.member))


def wrong_class(artifact: object, cls: type[Any]) -> LossyValueError:
    """The error for a member that is not what the annotation says."""
    return LossyValueError(
        f"it holds {type(artifact).__name__}, but the tree says {cls.__name__}",
        hint="nothing was written; put in what the annotation says",
    )


def by_folder(objects: Mapping[str, Stored]) -> dict[str, dict[str, Stored]]:
    """Objects by folder and name."""
    found: dict[str, dict[str, Stored]] = {}
    for key, stored in objects.items():
        folder, _, name = key.rpartition("/")
        found.setdefault(folder, {})[name] = stored
    return found


def as_text(value: Any) -> str:
    """A value as short JSON, for people."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}…"
