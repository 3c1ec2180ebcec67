"""From a file, the environment and flags to typed settings; every refusal says where it stood.

Later wins: defaults, `swarmcode.yaml`, `SWARMCODE_TRAIN__LORA_R`, flags.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from .sections import Field, Section

PREFIX = "SWARMCODE_"
GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where settings come from.

    Attributes:
        file: the YAML file that was named, or found.
        environment: the process's variables.
        flags: values by `section.name`; None is no value.
        assignments: `section.name=value`, as `--set` takes them.
    """

    file: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, Any] = field(default_factory=dict)
    assignments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its value.

    Attributes:
        sections: the sections by name; `general` holds what stands at the top of the file.
        values: what was given, by `section.name`, checked.
        origins: where each of them came from.
    """

    sections: Mapping[str, Section]
    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def get(self, section: str, name: str) -> Any:
        """Return a setting's value, or its default."""
        key = f"{section}.{name}"
        return self.values[key] if key in self.values else self._default(section, name)

    def given(self, section: str, name: str) -> bool:
        """Say whether somebody set it."""
        return f"{section}.{name}" in self.values

    def of(self, section: str) -> dict[str, Any]:
        """Return all values of a section."""
        return {name: self.get(section, name) for name in self.sections[section].fields}

    def build(self, section: str, **decided: Any) -> Any:
        """Make the library's configuration; what the pipeline decided wins."""
        return self.sections[section].build(**{**self.of(section), **decided})

    @property
    def data_dir(self) -> Path:
        """Where the project's data is."""
        return Path(self.get(GENERAL, "data_dir"))

    @property
    def artifacts_dir(self) -> Path:
        """Where training and publishing write."""
        return Path(self.get(GENERAL, "artifacts_dir"))

    def _default(self, section: str, name: str) -> Any:
        if place := _PLACES.get(f"{section}.{name}"):
            folder, rest = place
            return Path(self.get(GENERAL, folder)) / rest
        return self.sections[section].fields[name].default


# Defaults that follow the folders: with these two unset, they are the published ones.
_PLACES = {
    "ingest.output_dir": ("data_dir", "snapshots"),
    "synth.output_path": ("data_dir", "training.jsonl"),
    "train.dataset_path": ("data_dir", "training.jsonl"),
    "train.output_dir": ("artifacts_dir", ""),
    "eval.test_dataset": ("data_dir", "eval.jsonl"),
    "eval.output_dir": ("artifacts_dir", "eval"),
    "publish.manifest_output": ("artifacts_dir", "manifest.json"),
}


def load(sections: Mapping[str, Section], sources: Sources) -> Settings:
    """Read every source, and check every value.

    Raises:
        SettingsError: a file that cannot be read, a setting that does not exist, a value that
            does not fit; with where it stood.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for key, value, origin in _given(sections, sources):
        item = _field(sections, key, origin)
        if value is None and item.default is None:
            continue  # nothing is what it would be anyway
        values[key] = checked(item, key, value, origin)
        origins[key] = origin
    return Settings(sections, values, origins)


def _given(sections: Mapping[str, Section], sources: Sources) -> Iterator[tuple[str, Any, str]]:
    """Yield every value that was given, the weakest source first."""
    if sources.file is not None:
        for key, value in _flat(_read(sources.file), sections, str(sources.file)):
            yield key, value, str(sources.file)
    yield from _from_environment(sections, sources.environment)
    for assignment in sources.assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise SettingsError("", f"{assignment!r} is no SECTION.NAME=VALUE", origin="--set")
        key = key.strip() if "." in key else f"{GENERAL}.{key.strip()}"
        yield key, _scalar(text, key, "--set"), "--set"
    for key, value in sources.flags.items():
        if value is not None:
            yield key, str(value) if isinstance(value, Path) else value, "a flag"


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError("", f"cannot be read ({error.strerror})", origin=str(path)) from error
    except (yaml.YAMLError, UnicodeError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError("", f"is not YAML ({reason})", origin=str(path)) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingsError("", "holds no settings: write `section:` and below", origin=str(path))
    return document


def _flat(
    document: Mapping[str, Any], sections: Mapping[str, Section], origin: str
) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if name == GENERAL or name not in sections:
            yield f"{GENERAL}.{name}", value
        elif isinstance(value, dict):
            for inner, each in value.items():
                yield f"{name}.{inner}", each
        elif value is not None:
            raise SettingsError(str(name), "is a section: put its settings below", origin=origin)


def _from_environment(
    sections: Mapping[str, Section], environment: Mapping[str, str]
) -> Iterator[tuple[str, Any, str]]:
    """Yield what is meant for settings: `SWARMCODE_DATA_DIR`, `SWARMCODE_TRAIN__LORA_R`."""
    for variable in sorted(environment):
        if not variable.startswith(PREFIX):
            continue
        section, double, name = variable.removeprefix(PREFIX).lower().partition("__")
        if double and section in sections:
            yield f"{section}.{name}", _scalar(environment[variable], name, variable), variable
        elif not double and section in sections[GENERAL].fields:
            yield f"{GENERAL}.{section}", environment[variable], variable


def _scalar(text: str, key: str, origin: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError(key, f"cannot be read from {text!r}", origin=origin) from error


def _field(sections: Mapping[str, Section], key: str, origin: str) -> Field:
    section, _, name = key.partition(".")
    shown = shown_key(key)
    if name == "private_key":
        raise SettingsError(
            shown,
            "must not stand here: use an encrypted keystore (publish.keystore), "
            "or the variable SWARMCODE_PRIVATE_KEY",
            origin=origin,
        )
    if section not in sections or name not in sections[section].fields:
        known = [shown_key(f"{s}.{n}") for s, each in sections.items() for n in each.fields]
        close = difflib.get_close_matches(shown, [*known, *sections], n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise SettingsError(shown, f"is no setting{hint}", origin=origin)
    return sections[section].fields[name]


def shown_key(key: str) -> str:
    """A setting as people write it: those at the top of the file have no section."""
    return key.removeprefix(f"{GENERAL}.")


def checked(item: Field, key: str, value: Any, origin: str) -> Any:
    """Return a value as its type wants it, or raise `SettingsError`."""
    from pydantic import TypeAdapter, ValidationError

    if isinstance(value, str) and item.type is not str and "str" not in str(item.type):
        value = value.strip()
    try:
        return TypeAdapter(item.type).validate_python(value)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]["msg"]
        reason = found[:1].lower() + found[1:]
        raise SettingsError(shown_key(key), f"is {value!r}, and {reason}", origin=origin) from error
