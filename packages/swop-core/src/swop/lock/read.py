"""Reading `swop.lock.yml`, strictly: two fields with one number are an error, never a guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from ..errors import LockError
from .model import MAX_FIELD, MAX_VALUE, PROTOBUF_OWN, ContextLock, Lock, Numbered, Numbers


def read_lock(path: Path) -> Lock:
    """The lock of a project; an empty one where there is no file yet.

    Raises:
        LockError: the file cannot be read, is not YAML, or gives a number twice.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Lock()
    except OSError as error:
        raise LockError(f"cannot be read: {error.strerror}", path=path) from None
    return parse_lock(data, path=path)


def parse_lock(data: bytes, *, path: Path) -> Lock:
    """The lock in these bytes; `path` is for messages.

    Raises:
        LockError: the bytes are no lock.
    """
    from .._yaml import YamlProblemError, parse_yaml

    try:
        raw = parse_yaml(data)
    except YamlProblemError as problem:
        raise LockError(str(problem), path=path, line=problem.line) from None
    return lock_from(raw, path=path)


def lock_from(values: Any, *, path: Path) -> Lock:
    """The lock in values that need no parsing.

    Raises:
        LockError: they are no lock.
    """
    return _Reader(path).lock(values)


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path

    def lock(self, raw: Any) -> Lock:
        top = self._mapping(raw, "the file")
        if top.get("version") != 1 or isinstance(top.get("version"), bool):
            self._refuse(f"has version {top.get('version')!r}: only version 1 is known")
        contexts = self._items(top, "contexts", "the file")
        return Lock({name: self._context(name, item) for name, item in contexts})

    def _context(self, name: str, item: Mapping[str, Any]) -> ContextLock:
        return ContextLock(
            {
                key: self._numbers(f"{name}.{key}", "fields", numbers)
                for key, numbers in self._items(item, "messages", name)
            },
            {
                key: self._numbers(f"{name}.{key}", "values", numbers)
                for key, numbers in self._items(item, "enums", name)
            },
        )

    def _numbers(self, where: str, block: str, item: Mapping[str, Any]) -> Numbers:
        top = MAX_FIELD if block == "fields" else MAX_VALUE
        reserved = self._mapping(item.get("reserved") or {}, f"{where}: reserved")
        numbers = self._list(reserved.get("numbers"), where)
        names = self._list(reserved.get("names"), where)
        owner: dict[int, str] = {}
        for number in numbers:
            self._claim(owner, number, "reserved", where, top)
        given: dict[str, Numbered] = {}
        for name, entry in self._items(item, block, where):
            numbered = self._numbered(f"{where}.{name}", entry)
            if numbered.number is not None:
                self._claim(owner, numbered.number, name, where, top)
            given[name] = numbered
        if not all(isinstance(name, str) for name in names):
            self._refuse(f"{where}: reserved names must be texts")
        was = self._text(item.get("was"), f"{where}: was")
        return Numbers(given, frozenset(numbers), frozenset(names), was)

    def _numbered(self, where: str, item: Mapping[str, Any]) -> Numbered:
        number, was = item.get("number"), self._text(item.get("was"), f"{where}: was")
        if number is None and was is None:
            self._refuse(f"{where} needs a number, or `was:` with the name it had")
        return Numbered(number, self._text(item.get("type"), f"{where}: type") or "", was)

    def _claim(self, owner: dict[int, str], number: Any, name: str, where: str, top: int) -> None:
        """Note who has a number; nobody else may."""
        if type(number) is not int or not 1 <= number <= top:
            self._refuse(f"{where}.{name}: {number!r} is no number from 1 to {top}")
        if top == MAX_FIELD and number in PROTOBUF_OWN:
            self._refuse(f"{where}.{name}: protobuf keeps {number} for itself")
        if number in owner:
            self._refuse(
                f"{where}: the number {number} is given twice, to {owner[number]} and {name}: "
                "keep the one that was released first, delete the other's entry, "
                "and run `swop gen proto`"
            )
        owner[number] = name

    def _items(
        self, item: Mapping[str, Any], key: str, where: str
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, value in self._mapping(item.get(key) or {}, f"{where}: {key}").items():
            yield name, self._mapping(value, f"{where}: {name}")

    def _mapping(self, value: Any, where: str) -> Mapping[str, Any]:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            self._refuse(f"{where} must be a mapping of names")
        return value

    def _list(self, value: Any, where: str) -> list[Any]:
        if value is not None and not isinstance(value, list):
            self._refuse(f"{where}: reserved must hold lists")
        return value or []

    def _text(self, value: Any, where: str) -> str | None:
        if value is not None and not isinstance(value, str):
            self._refuse(f"{where} must be text, not {value!r}"[:200])
        return value

    def _refuse(self, message: str) -> NoReturn:
        raise LockError(message, path=self.path)
