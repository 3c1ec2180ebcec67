"""A store in S3-compatible object storage, through obstore.

    PREFIX/agents/NAME.json    an agent's index ("/" in a name is written "+")
    PREFIX/blobs, …/parts      its files, under their SHA-256 (see `s3_blobs`)

An index is replaced only if it is still the one that was read (a conditional write), so that two
publishers never lose each other's versions. Credentials and endpoints come from the environment
variables that S3 tools share (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and so on).
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import NotFoundError, StoreError
from ..files import explained
from ..manifest import LARGEST_MANIFEST, AgentManifest
from ..names import agent_name
from ..progress import OnProgress, silent
from .index import Entry, Index
from .indexfiles import LARGEST_INDEX
from .protocol import Pushed, Release
from .s3_blobs import S3Blobs
from .s3_objects import ChangedError, Mark, Objects
from .transfer import receive, send

ATTEMPTS = 20


class S3Store:
    """Agents in a bucket; `open` makes one for an address."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._blobs = S3Blobs(objects)

    @classmethod
    def open(cls, address: str, **options: Any) -> "S3Store":
        """Open `s3://BUCKET[/PREFIX]`; the options are those of obstore's S3 store."""
        return cls(Objects.open(address, **options))

    @property
    def address(self) -> str:
        """The bucket and the prefix."""
        return self._objects.address

    def agents(self) -> list[str]:
        """Return the names of the agents here, sorted."""
        names = self._objects.names("agents")
        return sorted(name.removesuffix(".json").replace("+", "/") for name in names)

    def index(self, name: str) -> Index:
        """Return an agent's versions and tags, or raise `NotFoundError`."""
        return self._read_index(name)[0]

    def manifest(self, name: str, entry: Entry) -> bytes:  # noqa: ARG002 - the protocol's
        """Return the bytes of a version's manifest."""
        return self._blobs.read_whole(entry.digest, largest=LARGEST_MANIFEST)

    @explained()
    def push(self, release: Release, *, on_progress: OnProgress = silent) -> Pushed:
        """Publish a release: blobs first, then the index, which makes it visible."""
        name = release.manifest.name
        with suppress(NotFoundError):
            self.index(name).with_release(release.entry())  # refuse before anything travels
        sent, skipped = send(
            release.blobs(),
            has=self._blobs.has,
            put=lambda blob: self._blobs.put(blob, on_progress),
            on_progress=on_progress,
        )
        self._change(name, lambda index: index.with_release(release.entry()), create=True)
        reference = f"{name}:{release.manifest.version}"
        return Pushed(reference, release.manifest.digest, sent, skipped)

    def fetch(
        self,
        entry: Entry,
        manifest: AgentManifest,
        folder: Path,
        *,
        on_progress: OnProgress = silent,
    ) -> None:
        """Bring a version's files into a folder."""
        receive(manifest, entry, folder, read=self._blobs.read, on_progress=on_progress)

    @explained()
    def tag(self, name: str, tag: str, version: str) -> None:
        """Set or move a tag."""
        self._change(name, lambda index: index.with_tag(tag, version))

    @explained()
    def yank(self, name: str, version: str, *, reason: str = "") -> None:
        """Take a version back."""
        self._change(name, lambda index: index.with_yank(version, reason))

    def _read_index(self, name: str) -> tuple[Index, Mark]:
        """Return an index, and what a conditional write must name to replace it."""
        data, mark = self._objects.read_marked(_index_path(name), largest=LARGEST_INDEX)
        return Index.from_bytes(data, name=name), mark

    def _change(self, name: str, change: Callable[[Index], Index], *, create: bool = False) -> None:
        for _ in range(ATTEMPTS):
            mark: Mark | None = None
            try:
                before, mark = self._read_index(name)
            except NotFoundError:
                if not create:
                    raise
                before = Index(name)
            if (after := change(before)) == before:
                return
            with suppress(ChangedError):
                self._objects.replace(_index_path(name), after.to_bytes(), mark=mark)
                return
        raise StoreError(f"{self.address} changes faster than it can be written: try again")


def _index_path(name: str) -> str:
    return f"agents/{agent_name(name).replace('/', '+')}.json"
