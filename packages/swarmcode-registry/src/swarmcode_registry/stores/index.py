"""What a store knows about an agent: its versions, its tags, and which one is `latest`.

The index is a convenience and not a proof. Whatever it says, the manifest that it leads to is
verified by its signature, and must carry the name and version that were asked for.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..canonical import read_json
from ..errors import ManifestError, NotFoundError, StoreError, VersionExistsError, YankedError
from ..names import DIGEST, LATEST, TAG, VERSION, Reference, Version, agent_name, tag_name

SCHEMA = "swarmcode-index/1"


@dataclass(frozen=True, slots=True)
class Entry:
    """One published version: the digest of its manifest, and whether it was taken back."""

    version: str
    digest: str
    yanked: str | None = None  # the reason, which may be empty
    signature: str | None = None  # the digest of the detached signature
    location: str | None = None  # where a store keeps it, if not under its digest


@dataclass(frozen=True, slots=True)
class Index:
    """Every version of one agent."""

    name: str
    versions: tuple[Entry, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def latest(self) -> Entry | None:
        """The highest version that was not yanked; a pre-release only where there is no other."""
        usable = [entry for entry in self.versions if entry.yanked is None]
        final = [entry for entry in usable if not Version(entry.version).is_prerelease]
        return max(final or usable, key=lambda entry: Version(entry.version), default=None)

    def entry(self, version: str) -> Entry:
        """Return a version's entry, or raise `NotFoundError`."""
        for entry in self.versions:
            if entry.version == version:
                return entry
        raise NotFoundError(f"there is no {self.name}:{version}")

    def resolve(self, reference: Reference, *, allow_yanked: bool = False) -> Entry:
        """Return the version that a reference means. A digest names its version for good."""
        if reference.digest is not None:
            for entry in self.versions:
                if entry.digest == reference.digest:
                    return entry
            raise NotFoundError(f"there is no {reference}")
        if reference.label == LATEST:
            if self.latest is None:
                raise NotFoundError(f"{self.name} has no version that is not yanked")
            return self.latest
        entry = self.entry(self.tags.get(reference.label, reference.label))
        if entry.yanked is not None and not allow_yanked:
            raise YankedError(str(reference), entry.yanked)
        return entry

    def with_release(self, entry: Entry) -> "Index":
        """Return the index with one version more; the same one again changes nothing."""
        for known in self.versions:
            if known.version == entry.version:
                if known.digest == entry.digest:
                    return self
                raise VersionExistsError(
                    f"{self.name}:{entry.version} is published already, with other content: "
                    "choose another version"
                )
        versions = sorted((*self.versions, entry), key=lambda e: Version(e.version))
        return replace(self, versions=tuple(versions))

    def with_tag(self, tag: str, version: str) -> "Index":
        """Return the index with a tag set, or moved."""
        self.entry(version)
        return replace(self, tags={**self.tags, tag_name(tag): version})

    def with_yank(self, version: str, reason: str) -> "Index":
        """Return the index with a version taken back; its content stays, for those who pin it."""
        self.entry(version)
        versions = (
            replace(entry, yanked=reason) if entry.version == version else entry
            for entry in self.versions
        )
        return replace(self, versions=tuple(versions))

    def to_bytes(self) -> bytes:
        """Return the index as a store keeps it."""
        versions = {
            entry.version: {
                key: value
                for key in ("digest", "yanked", "signature", "location")
                if (value := getattr(entry, key)) is not None
            }
            for entry in self.versions
        }
        document = {"schema": SCHEMA, "name": self.name, "versions": versions, "tags": self.tags}
        return json.dumps(document, indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str) -> "Index":
        """Read an index, or raise `StoreError`: a store may have been tampered with."""
        try:
            read_json(data)
            document = _Document.model_validate_json(data)
            if document.name != agent_name(name):
                raise StoreError(f"the index of {name} is one of {document.name!r}")
            entries = [Entry(v, **kept.model_dump()) for v, kept in document.versions.items()]
            return cls(
                name,
                tuple(sorted(entries, key=lambda e: Version(e.version))),
                {tag: v for tag, v in document.tags.items() if v in document.versions},
            )
        except (ManifestError, ValidationError) as error:
            raise StoreError(f"the index of {name} is damaged: {_line(error)}") from error


_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Kept(BaseModel):
    model_config = _STRICT

    digest: str = Field(pattern=f"^{DIGEST}$")
    yanked: str | None = None
    signature: str | None = Field(default=None, pattern=f"^{DIGEST}$")
    location: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{1,128}$")


class _Document(BaseModel):
    model_config = _STRICT

    schema_: str = Field(alias="schema", pattern=f"^{SCHEMA}$")
    name: str
    versions: dict[str, _Kept] = Field(default={})
    tags: dict[str, str] = {}

    def model_post_init(self, _context: Any) -> None:
        """Check the keys too."""
        import re

        wrong = [v for v in self.versions if not re.fullmatch(VERSION, v)]
        wrong += [t for t in self.tags if not re.fullmatch(TAG, t)]
        if wrong:
            raise ManifestError(f"{wrong[0]!r} is neither a version nor a tag")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
