"""A store in the layout of the Hugging Face Hub's cache: what `from_pretrained` finds by itself.

    models--OWNER--NAME/blobs/SHA256
    models--OWNER--NAME/snapshots/COMMIT/PATH      links to the blobs
    models--OWNER--NAME/refs/VERSION, refs/TAG     the commit; refs/main is `latest`
    models--OWNER--NAME/swarmcode.json             the index

With `HF_HUB_CACHE` set to the store's folder, PEFT and Transformers load `OWNER/NAME` at a
revision without a network. The commit is the first 40 digits of the manifest's SHA-256. Nothing
is uploaded: this is the layout, for machines that share a cache.
"""

import os
from contextlib import suppress
from pathlib import Path

from .._extras import extra
from ..errors import BadReferenceError, NotFoundError
from ..files import explained, write_atomically
from ..manifest import LARGEST_MANIFEST, AgentManifest
from ..names import agent_name
from ..progress import OnProgress, silent
from .blobfiles import BlobFiles
from .index import Entry, Index
from .indexfiles import IndexFiles
from .protocol import Pushed, Release
from .transfer import receive, send

INDEX = "swarmcode.json"
_FEATURE = "the layout of the Hugging Face Hub"


class HubStore:
    """Agents in a Hub cache folder."""

    def __init__(self, root: str | Path) -> None:
        self._hub = extra("huggingface_hub.utils", extra="hub", feature=_FEATURE)
        self._root = Path(root).absolute()
        lock = self._root / ".locks" / "swarmcode.lock"
        self._indexes = IndexFiles(lambda name: self._folder(name) / INDEX, lock=lock)

    @property
    def address(self) -> str:
        """The cache folder."""
        return f"hub:{self._root}"

    def agents(self) -> list[str]:
        """Return the names of the agents here, sorted."""
        found = (path.parent.name for path in self._root.glob(f"models--*/{INDEX}"))
        return sorted(name.removeprefix("models--").replace("--", "/") for name in found)

    def index(self, name: str) -> Index:
        """Return an agent's versions and tags, or raise `NotFoundError`."""
        return self._indexes.read(name)

    def manifest(self, name: str, entry: Entry) -> bytes:
        """Return the bytes of a version's manifest."""
        return self._blobs(name).read_whole(entry.digest, largest=LARGEST_MANIFEST)

    @explained()
    def push(self, release: Release, *, on_progress: OnProgress = silent) -> Pushed:
        """Publish a release: blobs, then its snapshot, then the index and the references."""
        name, entry = release.manifest.name, release.entry()
        blobs = self._blobs(name)
        with suppress(NotFoundError):
            self.index(name).with_release(entry)  # refuse before anything is copied
        sent, skipped = send(
            release.blobs(),
            has=blobs.has,
            put=lambda blob: blobs.put(blob, on_progress),
            on_progress=on_progress,
        )
        self._write_snapshot(release)
        index = self._indexes.change(name, lambda index: index.with_release(entry), create=True)
        self._write_refs(index)
        return Pushed(f"{name}:{entry.version}", entry.digest, sent, skipped)

    def fetch(
        self,
        entry: Entry,
        manifest: AgentManifest,
        folder: Path,
        *,
        on_progress: OnProgress = silent,
    ) -> None:
        """Copy a version's files into a folder."""
        read = self._blobs(manifest.name).read
        receive(manifest, entry, folder, read=read, on_progress=on_progress)

    @explained()
    def tag(self, name: str, tag: str, version: str) -> None:
        """Set or move a tag."""
        self._write_refs(self._indexes.change(name, lambda index: index.with_tag(tag, version)))

    @explained()
    def yank(self, name: str, version: str, *, reason: str = "") -> None:
        """Take a version back."""
        self._write_refs(self._indexes.change(name, lambda i: i.with_yank(version, reason)))

    def _folder(self, name: str) -> Path:
        try:
            self._hub.validate_repo_id(agent_name(name))
        except ValueError as error:
            raise BadReferenceError(
                name, "cannot be a name on the Hub: OWNER/NAME, without -- in it"
            ) from error
        layout = extra("huggingface_hub.file_download", extra="hub", feature=_FEATURE)
        return self._root / str(layout.repo_folder_name(repo_id=name, repo_type="model"))

    def _blobs(self, name: str) -> BlobFiles:
        return BlobFiles(self._folder(name) / "blobs", split=0)

    def _write_snapshot(self, release: Release) -> None:
        folder = self._folder(release.manifest.name)
        snapshot = folder / "snapshots" / commit_of(release.manifest.digest)
        for blob in release.blobs():
            link = snapshot / blob.path
            link.parent.mkdir(parents=True, exist_ok=True)
            target = os.path.relpath(folder / "blobs" / blob.sha256, link.parent)
            with suppress(FileExistsError):
                link.symlink_to(target)

    def _write_refs(self, index: Index) -> None:
        """Write the references of an index, which is the one that counts."""
        refs = {entry.version: entry.digest for entry in index.versions}
        refs |= {tag: index.entry(version).digest for tag, version in index.tags.items()}
        if index.latest is not None:
            refs["main"] = index.latest.digest
        for name, digest in refs.items():
            write_atomically(self._folder(index.name) / "refs" / name, commit_of(digest).encode())


def commit_of(digest: str) -> str:
    """Return the name of a snapshot: 40 hex digits, as the Hub's own."""
    return digest.removeprefix("sha256:")[:40]
