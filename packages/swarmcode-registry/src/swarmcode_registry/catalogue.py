"""Looking at what a store holds. Nothing here is verified: `pull` and `verify` do that."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .manifest import AgentManifest
from .names import Reference
from .stores import Entry, Index, Store


@dataclass(frozen=True, slots=True)
class Shown:
    """A version as its store tells it, not verified."""

    manifest: AgentManifest
    entry: Entry
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two manifests; `before` or `after` is None where it is not there."""

    what: str
    before: Any
    after: Any


def list_agents(store: Store) -> list[Index]:
    """Return every agent of a store with its versions and tags, sorted by name."""
    return [store.index(name) for name in store.agents()]


def show(reference: str | Reference, *, store: Store) -> Shown:
    """Return a version's manifest as its store tells it, not verified; yanked ones too."""
    reference = Reference.parse(reference) if isinstance(reference, str) else reference
    index = store.index(reference.name)
    entry = index.resolve(reference, allow_yanked=True)
    manifest = AgentManifest.from_bytes(store.manifest(reference.name, entry))
    tags = tuple(sorted(tag for tag, version in index.tags.items() if version == entry.version))
    return Shown(manifest, entry, tags)


def diff(before: AgentManifest, after: AgentManifest) -> list[Change]:
    """Return what changed between two manifests: fields first, then files by path."""
    skipped = {"files", "signature"}
    old = {k: v for k, v in before.to_dict().items() if k not in skipped}
    new = {k: v for k, v in after.to_dict().items() if k not in skipped}
    old_files = {file.path: f"sha256:{file.sha256}" for file in before.files}
    new_files = {file.path: f"sha256:{file.sha256}" for file in after.files}
    return [*_changes(_flat(old), _flat(new)), *_changes(old_files, new_files, prefix="file ")]


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], *, prefix: str = "") -> list[Change]:
    return [
        Change(prefix + key, old.get(key), new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, with dotted names."""
    flat: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
