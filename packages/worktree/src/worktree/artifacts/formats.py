"""JSON, YAML and TOML: from the JSON form of a model to a file, and back."""

from __future__ import annotations

import json
import tomllib
from functools import lru_cache
from typing import Any, Protocol

from pydantic_core import from_json

from ..errors import ContentError, LossyValueError, MissingExtraError
from .bounds import DEEPEST, as_json, refuse_deep_toml


class Format(Protocol):
    """A way to write dictionaries, lists and scalars."""

    suffix: str

    def dump(self, data: Any) -> bytes:
        """Write."""

    def load(self, stored: bytes) -> Any:
        """Read; raises ContentError with the line and column of what is wrong."""


class JsonFormat:
    """Compact ASCII JSON, as the published contract says."""

    suffix = ".json"

    def dump(self, data: Any) -> bytes:
        """Write compact ASCII JSON."""
        return json.dumps(data, separators=(",", ":")).encode()

    def load(self, stored: bytes) -> Any:
        """Read JSON, with a parser that bounds its depth itself."""
        try:
            return from_json(stored)
        except ValueError as error:
            raise _broken("JSON", error) from error


class YamlFormat:
    """YAML, written in the order of the fields. Comments do not survive a rewrite."""

    suffix = ".yaml"

    def dump(self, data: Any) -> bytes:
        """Write block style YAML."""
        yaml = _yaml()
        text: str = yaml.dump(
            data, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=True, width=100
        )
        return text.encode()

    def load(self, stored: bytes) -> Any:
        """Read YAML, leaving dates as text for the model to read."""
        yaml = _yaml()
        try:
            return as_json(yaml.load(stored.decode(), Loader=_loader()))
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise _broken("YAML", error) from error


class TomlFormat:
    """TOML. It has no null: a field that is None is left out."""

    suffix = ".toml"

    def dump(self, data: Any) -> bytes:
        """Write TOML."""
        try:
            import tomli_w
        except ImportError as error:
            raise MissingExtraError("writing TOML", "toml") from error
        text: str = tomli_w.dumps(_without_none(data))
        return text.encode()

    def load(self, stored: bytes) -> Any:
        """Read TOML, its own dates as text, which is what models read from JSON."""
        try:
            text = stored.decode()
            refuse_deep_toml(text)
            return as_json(tomllib.loads(text))
        except (ValueError, RecursionError) as error:
            raise _broken("TOML", error) from error


def _broken(form: str, error: Exception) -> ContentError:
    if isinstance(error, UnicodeDecodeError):
        reason = f"byte {error.start} is not UTF-8"
    else:
        reason = " ".join(str(error).split())
    return ContentError(
        f"this is not {form}: {reason}", hint="mend the file, or move it away to start afresh"
    )


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError("YAML", "yaml") from error
    return yaml


@lru_cache(maxsize=1)
def _loader() -> Any:
    """PyYAML's safe loader, without its reading of dates, and no deeper than we go.

    A date would lose how it was written. The depth is counted while the text is read, because
    reading very deep text to its end takes PyYAML forever.
    """
    yaml = _yaml()

    class Loader(yaml.SafeLoader):  # type: ignore[misc, name-defined]
        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.depth > DEEPEST:
                raise yaml.YAMLError(f"nested more than {DEEPEST} deep")
            self.depth += 1
            try:
                return super().compose_node(parent, index)
            finally:
                self.depth -= 1

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


def _without_none(data: Any, path: str = "") -> Any:
    if isinstance(data, dict):
        return {
            key: _without_none(value, f"{path}.{key}" if path else key)
            for key, value in data.items()
            if value is not None
        }
    if isinstance(data, list):
        if None in data:
            raise LossyValueError(
                f"{path} has None in a list, which TOML cannot hold",
                hint="use a JSON or YAML artifact",
            )
        return [_without_none(value, f"{path}[{i}]") for i, value in enumerate(data)]
    return data
