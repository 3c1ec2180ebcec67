"""A store in a folder: the default, for one machine or a shared disk.

    agents/NAME.json     an agent's index ("/" in a name is written "+")
    blobs/ab/abcd…       every file, under its SHA-256
    incoming/            what is being copied

Files appear whole, by renaming, and an index changes under a lock: a crash leaves the store as it
was before, plus files in `incoming` that nothing looks at.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from ..digest import open_regular
from ..errors import AdapterMissingError, NotFoundError, StoreError, TransferError
from ..files import locked, sync, write_atomically
from ..manifest import LARGEST_MANIFEST, AgentManifest
from ..names import agent_name
from ..progress import OnProgress, silent
from .index import Entry, Index
from .protocol import Blob, Pushed, Release
from .transfer import BLOCK, blocks, receive, send

LARGEST_INDEX = 64 << 20


class IndexFolder:
    """The indexes of a store that keeps them in a folder."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "agents"
        self._lock = root / ".lock"

    def agents(self) -> list[str]:
        """Return the names of the agents, sorted."""
        found = self._folder.glob("*.json") if self._folder.is_dir() else iter(())
        return sorted(path.stem.replace("+", "/") for path in found if path.name[0] != ".")

    def read(self, name: str) -> Index:
        """Return an agent's index, or raise `NotFoundError`."""
        try:
            with open_regular(self._path(name)) as file:
                return Index.from_bytes(file.read(LARGEST_INDEX), name=name)
        except AdapterMissingError as error:
            raise NotFoundError(f"there is no agent {name}") from error

    def change(self, name: str, change: Callable[[Index], Index], *, create: bool = False) -> None:
        """Change an index as a whole, while nobody else does."""
        with locked(self._lock):
            try:
                before = self.read(name)
            except NotFoundError:
                if not create:
                    raise
                before = Index(name)
            if (after := change(before)) != before:
                write_atomically(self._path(name), after.to_bytes())

    def _path(self, name: str) -> Path:
        return self._folder / f"{agent_name(name).replace('/', '+')}.json"


class LocalStore:
    """Agents in a folder of this machine."""

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root).absolute()
        self._indexes = IndexFolder(self._root)

    @property
    def address(self) -> str:
        """The folder."""
        return str(self._root)

    def agents(self) -> list[str]:
        """Return the names of the agents here, sorted."""
        return self._indexes.agents()

    def index(self, name: str) -> Index:
        """Return an agent's versions and tags, or raise `NotFoundError`."""
        return self._indexes.read(name)

    def manifest(self, name: str, entry: Entry) -> bytes:
        """Return the bytes of a version's manifest."""
        data = b""
        for block in self._read(entry.digest, 0):
            data += block
            if len(data) > LARGEST_MANIFEST:
                raise StoreError(f"the manifest of {name}:{entry.version} is too large")
        return data

    def push(self, release: Release, *, on_progress: OnProgress = silent) -> Pushed:
        """Publish a release: blobs first, then the index, which makes it visible."""
        name = release.manifest.name
        with suppress(NotFoundError):
            self.index(name).with_release(release.entry())  # refuse before anything is copied
        sent, skipped = send(
            release.blobs(),
            has=lambda blob: self._blob(blob.digest).is_file(),
            put=lambda blob: self._put(blob, on_progress),
            on_progress=on_progress,
        )
        self._indexes.change(name, lambda index: index.with_release(release.entry()), create=True)
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
        """Copy a version's files into a folder."""
        receive(manifest, entry, folder, read=self._read, on_progress=on_progress)

    def tag(self, name: str, tag: str, version: str) -> None:
        """Set or move a tag."""
        self._indexes.change(name, lambda index: index.with_tag(tag, version))

    def yank(self, name: str, version: str, *, reason: str = "") -> None:
        """Take a version back."""
        self._indexes.change(name, lambda index: index.with_yank(version, reason))

    def _blob(self, digest: str) -> Path:
        sha256 = digest.removeprefix("sha256:")
        return self._root / "blobs" / sha256[:2] / sha256

    def _put(self, blob: Blob, on_progress: OnProgress) -> None:
        incoming, target = self._root / "incoming", self._blob(blob.digest)
        incoming.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        sha256 = hashlib.sha256()
        descriptor, temporary = tempfile.mkstemp(prefix=f"{blob.sha256[:12]}.", dir=incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for block in blocks(blob, on_progress):
                    sha256.update(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            if sha256.hexdigest() != blob.sha256:
                raise TransferError(f"{blob.path} changed after it was hashed: publish it again")
            Path(temporary).replace(target)
        finally:
            Path(temporary).unlink(missing_ok=True)
        sync(target.parent)

    def _read(self, digest: str, start: int) -> Iterator[bytes]:
        try:
            with open_regular(self._blob(digest)) as file:
                file.seek(start)
                while block := file.read(BLOCK):
                    yield block
        except AdapterMissingError as error:
            raise StoreError(f"{self.address} has lost {digest}: publish it again") from error
