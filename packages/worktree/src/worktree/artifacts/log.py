"""An append-only log: one JSON value per line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar, overload

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from ..errors import ContentError, InitialStateError, LossyValueError
from ..mounting.accessible import AgnosticCollection
from ..problems import one_line
from .blob import FileArtifact
from .codec import Codec
from .lossless import difference

Entry = TypeVar("Entry")


class _LogCodec(Codec["Log[Any]"]):
    """Entries are encoded when they are appended, so a commit only joins their lines."""

    appends = True

    def encoder(self, _: type[Log[Any]], /) -> Callable[[Log[Any]], bytes]:
        return lambda log: b"".join(log._lines)

    def decode(self, cls: type[Log[Any]], stored: bytes) -> Log[Any]:
        log = cls()
        adapter = cls.__worktree_entry__
        for number, line in enumerate(stored.splitlines(keepends=True), 1):
            try:
                log._entries.append(adapter.validate_json(line))
            except ValidationError as error:
                raise ContentError(
                    f"line {number} is not an entry of this log: {one_line(error)}",
                    hint="mend or remove the line",
                ) from error
            log._lines.append(line if line.endswith(b"\n") else line + b"\n")
        return log

    def adopt(self, artifact: Log[Any], fresh: Log[Any]) -> None:
        artifact._entries, artifact._lines = fresh._entries, fresh._lines

    def verify(self, artifact: Log[Any], stored: bytes) -> None:
        """Every entry was verified when it was appended."""

    def kept(self, before: bytes, stored: bytes) -> int:
        return len(before) if stored.startswith(before) else 0

    def merge(
        self, cls: type[Log[Any]], base: bytes | None, theirs: bytes, ours: Log[Any]
    ) -> Log[Any] | None:
        """Both sides appended: theirs come first, ours after them."""
        mine = self.encoder(cls)(ours)
        start = base or b""
        if not (theirs.startswith(start) and mine.startswith(start)):
            return None
        merged = self.decode(cls, theirs)
        merged._entries += ours._entries[start.count(b"\n") :]
        merged._lines += ours._lines[start.count(b"\n") :]
        return merged

    def plain(self, canonical: bytes) -> Any:
        return [line.decode() for line in canonical.splitlines()]


class Log(FileArtifact, Sequence[Entry], Generic[Entry]):
    """A log of JSON values, stored one per line in `<field>.jsonl`; it can only grow.

    `Log[Event]` checks that every entry is an `Event`; a plain `Log` takes any JSON value. Two
    processes that append at the same time both keep their entries.
    """

    __worktree_codec__: ClassVar[Codec[Log[Any]]] = _LogCodec()
    __worktree_suffix__: ClassVar[str] = ".jsonl"
    __worktree_entry__: ClassVar[TypeAdapter[Any]] = TypeAdapter(Any)

    def __class_getitem__(cls, entry: Any) -> Any:
        return cls if isinstance(entry, TypeVar) else _typed(cls, entry)

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        *,
        item_name: str = "",
        mounted_at: AgnosticCollection | None = None,
        initial_states: Iterable[Entry] | None = None,
    ) -> None:
        super().__init__(item_name, mounted_at, initial_states)
        if isinstance(initial_states, str | bytes | Mapping):
            raise InitialStateError("the initial state of a log is a list of entries")
        self._entries: list[Entry] = []
        self._lines: list[bytes] = []
        self.extend(entries if initial_states is None else initial_states)

    def append(self, entry: Entry) -> None:
        """Add an entry; raises LossyValueError where it would not come back as it is."""
        self._lines.append(self._line(entry))
        self._entries.append(entry)

    def extend(self, entries: Iterable[Entry]) -> None:
        """Add several entries."""
        for entry in entries:
            self.append(entry)

    def value(self) -> list[Entry]:
        """The entries, oldest first."""
        return list(self._entries)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...
    def __getitem__(self, index: int | slice) -> Entry | list[Entry]:
        return self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._entries)} entries)"

    def _line(self, entry: Entry) -> bytes:
        adapter = self.__worktree_entry__
        try:
            line = adapter.dump_json(entry, by_alias=False, round_trip=True, warnings=False)
            back = adapter.validate_json(line, by_alias=True, by_name=True)
        except PydanticSerializationError as error:
            raise LossyValueError(f"this entry cannot be stored: {error}") from error
        except ValidationError as error:
            raise LossyValueError(f"this entry would not come back: {one_line(error)}") from error
        lost = difference(entry, back, "the entry")
        if lost is not None:
            raise LossyValueError(lost, hint="append plain JSON values, or name a type: Log[Event]")
        return line + b"\n"


@lru_cache(maxsize=256)
def _typed(cls: type[Log[Any]], entry: Any) -> type[Log[Any]]:
    shown = getattr(entry, "__name__", str(entry))
    made: type[Log[Any]] = type(
        f"{cls.__name__}[{shown}]",
        (cls,),
        {
            "__worktree_entry__": TypeAdapter(entry),
            "__module__": cls.__module__,
            "__doc__": cls.__doc__,
        },
    )
    return made
