"""What every store can do, and what goes into one.

A store keeps manifests and the blobs that they list, and knows an agent's versions and tags. It
is never trusted: whoever fetches verifies.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..manifest import AgentManifest
from ..names import MANIFEST_FILE, SIGNATURE_FILE
from ..progress import OnProgress, silent
from .index import Entry, Index


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes under their digest: a file on disk, or a few bytes in memory."""

    path: str  # where it stands in the agent's folder
    sha256: str
    size: int
    source: Path | bytes

    @property
    def digest(self) -> str:
        """The name that a store keeps it under."""
        return f"sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Release:
    """A signed agent, ready to be pushed."""

    manifest: AgentManifest
    folder: Path
    signature: bytes | None = None  # the detached one: model.sig

    def blobs(self) -> Iterator[Blob]:
        """Yield every blob: the files, the detached signature, and last the manifest."""
        for file in self.manifest.files:
            yield Blob(file.path, file.sha256, file.size, self.folder / file.path)
        if self.signature is not None:
            yield _in_memory(SIGNATURE_FILE, self.signature)
        yield _in_memory(MANIFEST_FILE, self.manifest.to_bytes())

    def entry(self, *, location: str | None = None) -> Entry:
        """Return what the index says about this release."""
        signature = self.signature and _in_memory(SIGNATURE_FILE, self.signature).digest
        return Entry(
            self.manifest.version,
            self.manifest.digest,
            signature=signature or None,
            location=location,
        )


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: what travelled, what the store had already, where it lies."""

    reference: str
    digest: str
    sent: tuple[str, ...]
    skipped: tuple[str, ...]
    location: str | None = None


class Store(Protocol):
    """A place that keeps agents."""

    @property
    def address(self) -> str:
        """What `open_store` takes to open it again."""
        ...

    def agents(self) -> list[str]:
        """Return the names of the agents here, sorted."""
        ...

    def index(self, name: str) -> Index:
        """Return an agent's versions and tags, or raise `NotFoundError`."""
        ...

    def manifest(self, name: str, entry: Entry) -> bytes:
        """Return the bytes of a version's manifest, or raise `StoreError`."""
        ...

    def push(self, release: Release, *, on_progress: OnProgress = silent) -> Pushed:
        """Publish a release: all of it, or nothing that can be seen.

        Blobs that are here already do not travel. A version is published once; the same content
        again is no error, other content raises `VersionExistsError`.
        """
        ...

    def fetch(
        self,
        entry: Entry,
        manifest: AgentManifest,
        folder: Path,
        *,
        on_progress: OnProgress = silent,
    ) -> None:
        """Bring a version's files into a folder, resuming what an earlier call left there.

        Nothing is checked but sizes: the caller verifies the folder.
        """
        ...

    def tag(self, name: str, tag: str, version: str) -> None:
        """Set or move a tag."""
        ...

    def yank(self, name: str, version: str, *, reason: str = "") -> None:
        """Take a version back: `latest` passes over it, and pulling it needs a say-so."""
        ...


def _in_memory(path: str, data: bytes) -> Blob:
    return Blob(path, hashlib.sha256(data).hexdigest(), len(data), data)
