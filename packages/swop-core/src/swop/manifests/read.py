"""Reading manifests, strictly: what is no manifest is an error, never an empty one.

Both forms are read: `commands: {IssueInvoice: {…}}`, which is written here, and the list
`commands: [{name: IssueInvoice, …}]` that the existing package writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from ..contract import EnumType, EnumValue, FieldDef, MessageType, NestedType, Response
from ..errors import ManifestError
from ..names import path_segment_problem
from .entries import BLOCKS
from .model import Manifest, ManifestEntry


def read_manifests(folder: Path) -> list[Manifest]:
    """Every manifest below a folder, sorted by context and kind.

    Raises:
        ManifestError: the folder is missing, or a file in it is no manifest.
    """
    if not folder.is_dir():
        raise ManifestError("manifests folder not found: run `swop gen manifests`", path=folder)
    paths = [folder.glob(f"*/{block}.yml") for block in BLOCKS.values()]
    return [read_manifest(path) for path in sorted(path for found in paths for path in found)]


def read_manifest(path: Path) -> Manifest:
    """One manifest.

    Raises:
        ManifestError: the file is missing, is not YAML, or is not a manifest.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ManifestError(f"cannot be read: {error.strerror}", path=path) from None
    return parse_manifest(data, path=path)


def parse_manifest(data: bytes, *, path: Path) -> Manifest:
    """One manifest from its bytes; `path` is for messages.

    Raises:
        ManifestError: the bytes are not a manifest.
    """
    from .._yaml import YamlProblemError, parse_yaml

    try:
        raw = parse_yaml(data)
    except YamlProblemError as problem:
        raise ManifestError(str(problem), path=path, line=problem.line) from None
    return _Reader(data, path).manifest(raw)


def manifest_of(content: Any, *, path: Path) -> Manifest:
    """One manifest from values that need no parsing; `path` is for messages.

    Raises:
        ManifestError: the values are not a manifest.
    """
    return _Reader(b"", path).manifest(content)


class _Reader:
    def __init__(self, data: bytes, path: Path) -> None:
        self.data = data
        self.path = path

    def manifest(self, raw: Any) -> Manifest:
        if not isinstance(raw, dict):
            self._refuse("is no manifest: it must be a mapping with version and context")
        if raw.get("version") != 1 or isinstance(raw.get("version"), bool):
            self._refuse(f"has version {raw.get('version')!r}: only version 1 is known", "version")
        context = raw.get("context")
        if not isinstance(context, str) or path_segment_problem(context):
            self._refuse("needs the name of its context", "context")
        blocks = [(kind, block) for kind, block in BLOCKS.items() if block in raw]
        if len(blocks) != 1:
            self._refuse(f"must hold one of {', '.join(BLOCKS.values())}, but holds {len(blocks)}")
        kind, block = blocks[0]
        try:
            entries = [self._entry(key, item) for key, item in _items(raw[block])]
        except (TypeError, ValueError, LookupError) as error:
            self._refuse(f"{block}: {error}", block)
        keyed = {entry.key: entry for entry in entries}
        if len(keyed) != len(entries):
            self._refuse(f"{block}: an artifact is listed twice", block)
        return Manifest(self.path, context, kind, keyed)

    def _entry(self, key: Any, item: Any) -> ManifestEntry:
        if not (isinstance(key, str) and isinstance(item, Mapping)):
            raise TypeError(f"{key!r} must be a name with a mapping")
        source = _mapping(item.get("source") or {}, key, "source")
        known = {"name", "module", "source", "fields", "types", "response", "emits"}
        handlers = item.get("handlers") or ([item["handler"]] if item.get("handler") else [])
        emits = _list(item.get("emits"), key, "emits")
        if not all(isinstance(name, str) for name in emits):
            raise TypeError(f"{key}: emits must list names")
        response = item.get("response")
        return ManifestEntry(
            key=key,
            name=_text(item, "name", key, default=key.partition(" (")[0].rpartition(".")[2]),
            module=_text(item, "module", key, default=""),
            source_file=_text(source, "file", key, default=""),
            class_name=_text(source, "class", key, default=""),
            fields=_fields(item.get("fields"), key),
            types=tuple(_nested(nested, key) for nested in _list(item.get("types"), key, "types")),
            response=_response(response, key) if response is not None else None,
            emits=tuple(emits),
            handlers=tuple(
                {str(name): str(value) for name, value in _mapping(h, key, "handler").items()}
                for h in _list(handlers, key, "handlers")
            ),
            extra={
                str(name): value
                for name, value in item.items()
                if name not in known | {"handler", "handlers"}
            },
        )

    def _refuse(self, message: str, key: str | None = None) -> NoReturn:
        from .._yaml import line_of_key

        line = line_of_key(self.data, key) if key else None
        raise ManifestError(message, path=self.path, line=line)


def _items(block: Any) -> list[tuple[Any, Any]]:
    if block is None:
        return []
    if isinstance(block, Mapping):
        return list(block.items())
    if isinstance(block, list):
        if not all(
            isinstance(item, Mapping) and isinstance(item.get("name"), str) for item in block
        ):
            raise TypeError("every item of the list needs a name")
        return [(item["name"], item) for item in block]
    raise TypeError("must be a mapping of names, or a list of named items")


def _text(item: Mapping[str, Any], key: str, owner: str, *, default: str) -> str:
    value = item.get(key, default)
    if not isinstance(value, str):
        raise TypeError(f"{owner}: {key} must be text, not {value!r}"[:200])
    return value


def _list(value: Any, owner: str, what: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"{owner}: {what} must be a list")
    return value


def _mapping(value: Any, owner: str, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{owner}: {what} must be a mapping")
    return value


def _flag(item: Mapping[str, Any], key: str, owner: str, *, default: bool) -> bool:
    value = item.get(key, default)
    if not isinstance(value, bool):
        raise TypeError(f"{owner}: {key} must be true or false")
    return value


def _fields(value: Any, owner: str) -> tuple[FieldDef, ...]:
    return tuple(_field(item, owner) for item in _list(value, owner, "fields"))


def _field(item: Any, owner: str) -> FieldDef:
    mapping = _mapping(item, owner, "a field")
    name = _text(mapping, "name", owner, default="")
    if not name:
        raise TypeError(f"{owner}: a field needs a name")
    default, alias = mapping.get("default"), mapping.get("alias")
    return FieldDef(
        name=name,
        type=_text(mapping, "type", f"{owner}.{name}", default=""),
        required=_flag(mapping, "required", f"{owner}.{name}", default=True),
        nullable=_flag(mapping, "nullable", f"{owner}.{name}", default=False),
        default=None if default is None else str(default),
        alias=None if alias is None else str(alias),
    )


def _nested(item: Any, owner: str) -> NestedType:
    mapping = _mapping(item, owner, "a type")
    name = _text(mapping, "name", owner, default="")
    if mapping.get("kind") == "enum":
        values = [
            _mapping(value, name, "a value")
            for value in _list(mapping.get("values"), name, "values")
        ]
        members = (EnumValue(_text(v, "name", name, default=""), v.get("value")) for v in values)
        return EnumType(name, tuple(members))
    if mapping.get("kind") != "message":
        raise TypeError(f"{owner}: the type {name!r} must be of kind message or enum")
    return MessageType(name, _fields(mapping.get("fields"), f"{owner}.{name}"))


def _response(item: Any, owner: str) -> Response:
    mapping = _mapping(item, owner, "response")
    kind = _text(mapping, "type", owner, default="")
    return Response(kind, _fields(mapping.get("fields"), f"{owner} response"))
