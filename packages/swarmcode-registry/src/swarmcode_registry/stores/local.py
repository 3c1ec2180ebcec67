"""A store in a folder: the default, for one machine or a shared disk.

    agents/NAME.json     an agent's index ("/" in a name is written "+")
    blobs/ab/abcd…       every file, under its SHA-256

Files appear whole, by renaming, and an index changes under a lock: a crash leaves the store as it
was before, plus files named `.incoming…` that nothing looks at.
"""

from contextlib import suppress
from pathlib import Path

from ..errors import NotFoundError
from ..files import explained
from ..manifest import LARGEST_MANIFEST, AgentManifest
from ..names import agent_name
from ..progress import OnProgress, silent
from .blobfiles import BlobFiles
from .index import Entry, Index
from .indexfiles import IndexFiles
from .protocol import Pushed, Release
from .transfer import receive, send


class LocalStore:
    """Agents in a folder of this machine."""

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root).absolute()
        self._blobs = BlobFiles(self._root / "blobs", split=2)
        self._indexes = IndexFiles(self._index_path, lock=self._root / ".lock")

    @property
    def address(self) -> str:
        """The folder."""
        return str(self._root)

    def agents(self) -> list[str]:
        """Return the names of the agents here, sorted."""
        found = (self._root / "agents").glob("*.json")
        return sorted(path.stem.replace("+", "/") for path in found if path.name[0] != ".")

    def index(self, name: str) -> Index:
        """Return an agent's versions and tags, or raise `NotFoundError`."""
        return self._indexes.read(name)

    def manifest(self, name: str, entry: Entry) -> bytes:  # noqa: ARG002 - the protocol's
        """Return the bytes of a version's manifest."""
        return self._blobs.read_whole(entry.digest, largest=LARGEST_MANIFEST)

    @explained()
    def push(self, release: Release, *, on_progress: OnProgress = silent) -> Pushed:
        """Publish a release: blobs first, then the index, which makes it visible."""
        name = release.manifest.name
        with suppress(NotFoundError):
            self.index(name).with_release(release.entry())  # refuse before anything is copied
        sent, skipped = send(
            release.blobs(),
            has=self._blobs.has,
            put=lambda blob: self._blobs.put(blob, on_progress),
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
        receive(manifest, entry, folder, read=self._blobs.read, on_progress=on_progress)

    @explained()
    def tag(self, name: str, tag: str, version: str) -> None:
        """Set or move a tag."""
        self._indexes.change(name, lambda index: index.with_tag(tag, version))

    @explained()
    def yank(self, name: str, version: str, *, reason: str = "") -> None:
        """Take a version back."""
        self._indexes.change(name, lambda index: index.with_yank(version, reason))

    def _index_path(self, name: str) -> Path:
        return self._root / "agents" / f"{agent_name(name).replace('/', '+')}.json"
