"""A store for IPFS: every file as a CAR file, every version as a folder with a content id.

    agents/NAME.json     an agent's index, with each version's content id
    cars/SHA256.car      a file's blocks
    cars/CID.car         the folder's own blocks of one version

CAR files are made here, without a node. Where a node's HTTP API is named, what it has not pinned
yet is brought to it, file by file, and the version's root is pinned; and files that are missing
here are fetched from it. `export` writes one CAR file with a whole version in it.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .._extras import extra
from ..errors import NotFoundError, StoreError, TransferError
from ..files import explained
from ..ipfs.car import Car, cid_text, file_of, folder_of, tree_of, write_car_file
from ..ipfs.node import IPFSClient
from ..ipfs.unixfs import Node, read_file, read_folder
from ..manifest import LARGEST_MANIFEST, AgentManifest
from ..names import agent_name
from ..progress import OnProgress, Progress, silent
from .index import Entry, Index
from .indexfiles import IndexFiles
from .protocol import Blob, Pushed, Release
from .transfer import receive, send


class IpfsStore:
    """Agents as CAR files in a folder, and in a node where one is named."""

    def __init__(self, root: str | Path, *, node: IPFSClient | None = None) -> None:
        extra("multiformats", extra="ipfs", feature="an IPFS content id")
        self._root = Path(root).absolute()
        self._cars = self._root / "cars"
        self._node = node
        self._indexes = IndexFiles(self._index_path, lock=self._root / ".lock")

    @property
    def address(self) -> str:
        """The folder of CAR files."""
        return f"ipfs:{self._root}"

    def agents(self) -> list[str]:
        """Return the names of the agents here, sorted."""
        found = (self._root / "agents").glob("*.json")
        return sorted(path.stem.replace("+", "/") for path in found if path.name[0] != ".")

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

    @explained()
    def push(self, release: Release, *, on_progress: OnProgress = silent) -> Pushed:
        """Publish a release: its files' CAR files, its folder's, then the index."""
        manifest = release.manifest
        with suppress(NotFoundError):
            self.index(manifest.name).with_release(release.entry())
        sent, skipped = send(
            release.blobs(),
            has=lambda blob: self._car(blob.sha256).is_file(),
            put=lambda blob: self._put(blob, on_progress),
            on_progress=on_progress,
        )
        nodes = {blob.path: self._node_of(blob.sha256) for blob in release.blobs()}
        root, car = write_car_file(tree_of(nodes), self._cars)
        if self._node is not None:
            self._bring(release, root, car)
        entry = release.entry(location=root)
        self._indexes.change(manifest.name, lambda i: i.with_release(entry), create=True)
        reference = f"{manifest.name}:{manifest.version}"
        return Pushed(reference, manifest.digest, sent, skipped, location=root)

    def fetch(
        self,
        entry: Entry,
        manifest: AgentManifest,
        folder: Path,
        *,
        on_progress: OnProgress = silent,
    ) -> None:
        """Unpack a version's files into a folder; what is missing here comes from the node."""
        if self._node is not None and entry.location is not None:
            self._complete(entry.location, manifest)
        receive(manifest, entry, folder, read=self._read, on_progress=on_progress)

    @explained()
    def tag(self, name: str, tag: str, version: str) -> None:
        """Set or move a tag."""
        self._indexes.change(name, lambda index: index.with_tag(tag, version))

    @explained()
    def yank(self, name: str, version: str, *, reason: str = "") -> None:
        """Take a version back."""
        self._indexes.change(name, lambda index: index.with_yank(version, reason))

    def export(self, release: Release, folder: Path) -> tuple[str, Path]:
        """Write one CAR file with the whole release; return its content id and its path."""
        return write_car_file(folder_of({b.path: b.source for b in release.blobs()}), folder)

    # ── CAR files ─────────────────────────────────────────────────────────────────────────────

    def _index_path(self, name: str) -> Path:
        return self._root / "agents" / f"{agent_name(name).replace('/', '+')}.json"

    def _car(self, sha256: str) -> Path:
        return self._cars / f"{sha256}.car"

    def _put(self, blob: Blob, on_progress: OnProgress) -> None:
        _, car = write_car_file(file_of(blob.source), self._cars)
        sha256 = hashlib.sha256()
        with Car(car) as written:
            for block in read_file(written.root, written.block):
                sha256.update(block)
                on_progress(Progress("upload", blob.path, len(block), blob.size))
        if sha256.hexdigest() != blob.sha256:
            car.unlink()
            raise TransferError(f"{blob.path} changed after it was hashed: publish it again")
        car.replace(self._car(blob.sha256))

    def _read(self, digest: str, start: int) -> Iterator[bytes]:
        path = self._car(digest.removeprefix("sha256:"))
        if not path.is_file():
            raise StoreError(f"{self.address} has lost {digest}: publish it again")
        with Car(path) as car:
            for block in read_file(car.root, car.block):
                if start < len(block):
                    yield block[start:]
                start = max(0, start - len(block))

    def _node_of(self, sha256: str) -> Node:
        """Return the node of a file, for the link to it: its length and all its blocks."""
        with Car(self._car(sha256)) as car:
            length = sum(map(len, read_file(car.root, car.block)))
            return Node(car.root, length, car.total)

    # ── the node ──────────────────────────────────────────────────────────────────────────────

    def _bring(self, release: Release, root: str, folder_car: Path) -> None:
        """Bring to the node what it has not pinned: files, then the folder."""
        node = self._node
        assert node is not None  # noqa: S101 - the caller looked
        for blob in release.blobs():
            with Car(self._car(blob.sha256)) as car:
                cid = cid_text(car.root)
            if not node.has(cid):
                node.import_car(self._car(blob.sha256), cid)
        if not node.has(root):
            node.import_car(folder_car, root)

    def _complete(self, root: str, manifest: AgentManifest) -> None:
        """Fetch from the node the CAR files of a version that are missing here."""
        missing = [f for f in manifest.files if not self._car(f.sha256).is_file()]
        node = self._node
        if missing and node is not None:
            with Car(self._cars / f"{root}.car") as folder:
                for file in missing:
                    cid = folder.root
                    for name in file.path.split("/"):
                        cid = read_folder(cid, folder.block)[name]
                    node.export_car(cid_text(cid), self._car(file.sha256))
