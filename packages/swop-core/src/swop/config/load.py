"""From the bytes of `swop.yaml` to a `SwopConfig`, or one clear error."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from ..errors import SwopConfigError
from ..files import is_inside
from ..names import path_segment_problem
from .expand import expand
from .model import (
    ACCEPT_NAME,
    CONFIG_NAME,
    DEFAULT_STATE_DIR,
    BoundedContextConfig,
    BusConfig,
    ReadModelConfig,
    ResolveConfig,
    SwopConfig,
)
from .remembered import is_unknown, recall

T = TypeVar("T")

KNOWN_KEYS = (
    "version",
    "project",
    "language",
    "source_roots",
    "exclude",
    "bounded_contexts",
    "bus",
    "read_models",
    "resolve",
    "state_dir",
)


def load_config(
    path: str | os.PathLike[str] | None = None, *, environ: Mapping[str, str] | None = None
) -> SwopConfig:
    """Read `swop.yaml`; without a path, the one in the current folder.

    A relative and an absolute path to the same file give the same configuration.
    `${NAME}` is replaced from the environment in every string and stays as written where the
    name is not set. Unknown keys are kept in `extra` and reported in `warnings`.

    Raises:
        SwopConfigError: the file is missing, is not YAML, or says something impossible.
    """
    where = Path(os.path.abspath(CONFIG_NAME if path is None else path))  # noqa: PTH100
    if where.is_dir():
        where = where / CONFIG_NAME
    try:
        data = where.read_bytes()
    except FileNotFoundError:
        raise SwopConfigError(
            "no such file: run `swop init` here, or name the file with --config", path=where
        ) from None
    except OSError as error:
        raise SwopConfigError(f"cannot be read: {error.strerror}", path=where) from None
    return read_config(data, where=where, environ=os.environ if environ is None else environ)


def read_config(data: bytes, *, where: Path, environ: Mapping[str, str]) -> SwopConfig:
    """Turn the bytes of a configuration into its typed form; `where` is its absolute path."""
    raw = recall(data, where)
    if is_unknown(raw):
        raw = _parsed(data, where)
    if raw is None:
        raw = {}
    document = _Document(data, where)
    if not isinstance(raw, dict):
        document.refuse(None, f"must be a mapping of settings, not {_kind(raw)}")
    return _Reader(document, expand(raw, environ, refuse=document.refuse_nothing_named)).config()


def _parsed(data: bytes, where: Path) -> Any:
    from .._yaml import YamlProblemError, parse_yaml

    try:
        return parse_yaml(data)
    except YamlProblemError as problem:
        raise SwopConfigError(str(problem), path=where, line=problem.line) from None


class _Document:
    """The text behind a configuration: it knows how to say where something is wrong."""

    def __init__(self, data: bytes, path: Path) -> None:
        self.data = data
        self.path = path

    def refuse(self, key: str | None, message: str) -> NoReturn:
        """Raise the error for a top-level key."""
        raise SwopConfigError(message, path=self.path, line=self.line(key))

    def refuse_nothing_named(self, message: str) -> NoReturn:
        """Raise the error for the file as a whole."""
        self.refuse(None, message)

    def line(self, key: str | None) -> int | None:
        """The line of a top-level key."""
        from .._yaml import line_of_key

        return None if key is None else line_of_key(self.data, key)

    def warning(self, key: str, message: str) -> str:
        """One line for people: where, and what."""
        line = self.line(key)
        return f"{self.path}:{line}: {message}" if line else f"{self.path}: {message}"


class _Reader:
    """Takes known keys out of a mapping, checking each one's type."""

    def __init__(self, document: _Document, values: dict[Any, Any]) -> None:
        self.document = document
        self.values = values

    def config(self) -> SwopConfig:
        """The whole configuration."""
        extra = {str(key): value for key, value in self.values.items() if key not in KNOWN_KEYS}
        return SwopConfig(
            version=self._version(),
            project=self._take("project", str, "unnamed"),
            language=self._take("language", str, "python"),
            source_roots=self._strings("source_roots"),
            exclude=self._strings("exclude"),
            bounded_contexts=self._contexts(),
            bus=self._section("bus", _bus),
            read_models=self._section("read_models", _read_models),
            state_dir=self._state_dir(),
            extra=extra,
            config_path=self.document.path,
            warnings=[self._unknown(key) for key in extra],
            resolve=self._section("resolve", _resolve) or ResolveConfig(),
        )

    def _take(self, key: str, wanted: type[T], default: T) -> T:
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            self.document.refuse(key, f"{key} must be {_NAMES[wanted]}, not {_kind(value)}")
        return value

    def _version(self) -> int:
        version = self._take("version", int, 1)
        if version != 1:
            self.document.refuse("version", f"version {version} is not known: write `version: 1`")
        return version

    def _strings(self, key: str) -> list[str]:
        items: list[Any] = self._take(key, list, [])
        for item in items:
            if not isinstance(item, str) or not item or "\0" in item:
                self.document.refuse(
                    key, f"{key} must list non-empty texts, but it holds {_kind(item)}"
                )
        return items

    def _state_dir(self) -> str:
        state = self._take("state_dir", str, DEFAULT_STATE_DIR)
        root = str(self.document.path.parent)
        inside = os.path.normpath(os.path.join(root, state))  # noqa: PTH118
        if "\0" in state or not (
            is_inside(inside, root) and is_inside(os.path.realpath(inside), os.path.realpath(root))
        ):
            self.document.refuse(
                "state_dir",
                f"state_dir {state!r} must be a folder inside the project, "
                f"such as {DEFAULT_STATE_DIR!r}",
            )
        return state

    def _section(self, key: str, build: Callable[[dict[str, Any]], T]) -> T | None:
        section = self._take(key, dict, None)
        if section is None:
            return None
        try:
            return build({str(name): value for name, value in section.items()})
        except TypeError as error:
            self.document.refuse(key, f"{key}: {error}")

    def _contexts(self) -> list[BoundedContextConfig]:
        contexts: list[BoundedContextConfig] = []
        for number, item in enumerate(self._take("bounded_contexts", list, []), start=1):
            if not isinstance(item, dict):
                self._refuse_context(
                    number, f"must be a mapping with name and source, not {_kind(item)}"
                )
            try:
                context = _context({str(key): value for key, value in item.items()})
            except TypeError as error:
                self._refuse_context(number, str(error))
            if any(context.name == other.name for other in contexts):
                self._refuse_context(number, f"the name {context.name!r} is already taken")
            contexts.append(context)
        return contexts

    def _refuse_context(self, number: int, message: str) -> NoReturn:
        self.document.refuse("bounded_contexts", f"bounded_contexts, entry {number}: {message}")

    def _unknown(self, key: str) -> str:
        import difflib

        near = difflib.get_close_matches(key, KNOWN_KEYS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(KNOWN_KEYS)}"
        return self.document.warning(key, f"unknown key {key!r}: {hint}")


def _context(item: dict[str, Any]) -> BoundedContextConfig:
    name, source = _text(item, "name", ""), _text(item, "source", "")
    if not name or not source:
        raise TypeError("needs both a name and a source")
    problem = path_segment_problem(name)
    if problem:
        raise TypeError(f"the name {name!r} {problem}")
    external = item.get("external", False)
    if not isinstance(external, bool):
        raise TypeError(f"external must be true or false, not {_kind(external)}")
    return BoundedContextConfig(name, source, external, _rest(item, "name", "source", "external"))


def _bus(section: dict[str, Any]) -> BusConfig:
    url = _text(section, "url", None)
    return BusConfig(_text(section, "type", "rabbitmq"), url, _rest(section, "type", "url"))


def _read_models(section: dict[str, Any]) -> ReadModelConfig:
    url = _text(section, "url", None)
    engine = _text(section, "engine", "postgresql")
    return ReadModelConfig(engine, url, _rest(section, "engine", "url"))


def _resolve(section: dict[str, Any]) -> ResolveConfig:
    severities = section.get("severities") or {}
    if not isinstance(severities, dict):
        raise TypeError(f"severities must be a mapping of rules, not {_kind(severities)}")
    for rule, severity in severities.items():
        if severity not in _SEVERITIES:
            known = ", ".join(_SEVERITIES)
            raise TypeError(f"the severity of {rule} must be one of {known}, not {severity!r}")
    accept = _text(section, "accept", ACCEPT_NAME)
    named = {str(rule): str(severity) for rule, severity in severities.items()}
    return ResolveConfig(named, accept, _rest(section, "severities", "accept"))


_SEVERITIES = ("error", "warning", "info", "ignore")


def _text(section: dict[str, Any], key: str, default: Any) -> Any:
    value = section.get(key, default)
    if value is not default and (not isinstance(value, str) or "\0" in value):
        raise TypeError(f"{key} must be text, not {_kind(value)}")
    return value


def _rest(section: dict[str, Any], *known: str) -> dict[str, Any]:
    return {key: value for key, value in section.items() if key not in known}


_NAMES: dict[type, str] = {
    str: "text",
    int: "a whole number",
    list: "a list",
    dict: "a mapping",
}


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return {dict: "a mapping", list: "a list", type(None): "nothing"}.get(
        type(value), f"a {type(value).__name__}"
    )
