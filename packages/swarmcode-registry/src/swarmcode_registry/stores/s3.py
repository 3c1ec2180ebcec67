"""A store in S3-compatible object storage, through obstore.

    PREFIX/agents/NAME.json    an agent's index ("/" in a name is written "+")
    PREFIX/blobs/ab/abcd…      every file, under its SHA-256

An index is replaced only if it is still the one that was read (a conditional write), so that two
publishers never lose each other's versions. Credentials and endpoints come from the environment
variables that S3 tools share (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and so on).

An object appears whole or not at all, so a transfer is resumed by the file: files that arrived
are not sent again; one that was cut off is.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .._extras import extra
from ..errors import BadReferenceError, NotFoundError, StoreError, TransferError
from ..files import explained
from ..manifest import LARGEST_MANIFEST, AgentManifest
from ..names import agent_name
from ..progress import OnProgress, silent
from .index import Entry, Index
from .indexfiles import LARGEST_INDEX
from .protocol import Blob, Pushed, Release
from .transfer import blocks, receive, send

ATTEMPTS = 20
PART = 16 << 20


class S3Store:
    """Agents in a bucket, by any obstore store; `open` makes one for an address."""

    def __init__(self, objects: Any, *, address: str) -> None:
        self._obstore = extra("obstore", extra="s3", feature="S3-compatible storage")
        self._errors = extra("obstore.exceptions", extra="s3", feature="S3-compatible storage")
        self._objects = objects
        self._address = address

    @classmethod
    def open(cls, address: str, **options: Any) -> "S3Store":
        """Open `s3://BUCKET[/PREFIX]`."""
        parts = urlsplit(address)
        if parts.scheme != "s3" or not parts.netloc or parts.query:
            raise BadReferenceError(address, "is not like s3://bucket/prefix")
        stores = extra("obstore.store", extra="s3", feature="S3-compatible storage")
        prefix = parts.path.strip("/") or None
        return cls(stores.S3Store(parts.netloc, prefix=prefix, **options), address=address)

    @property
    def address(self) -> str:
        """The bucket and the prefix."""
        return self._address

    def agents(self) -> list[str]:
        """Return the names of the agents here, sorted."""
        with self._explained("the list of agents"):
            pages = self._obstore.list(self._objects, prefix="agents")
            names = [str(item["path"]).rsplit("/", 1)[-1] for page in pages for item in page]
        return sorted(n.removesuffix(".json").replace("+", "/") for n in names)

    def index(self, name: str) -> Index:
        """Return an agent's versions and tags, or raise `NotFoundError`."""
        return self._read_index(name)[0]

    def manifest(self, name: str, entry: Entry) -> bytes:
        """Return the bytes of a version's manifest."""
        data = b"".join(self._read(entry.digest, 0, largest=LARGEST_MANIFEST))
        if len(data) > LARGEST_MANIFEST:
            raise StoreError(f"the manifest of {name}:{entry.version} is too large")
        return data

    @explained()
    def push(self, release: Release, *, on_progress: OnProgress = silent) -> Pushed:
        """Publish a release: blobs first, then the index, which makes it visible."""
        name = release.manifest.name
        with suppress(NotFoundError):
            self.index(name).with_release(release.entry())  # refuse before anything travels
        sent, skipped = send(
            release.blobs(),
            has=self._has,
            put=lambda blob: self._put(blob, on_progress),
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
        receive(manifest, entry, folder, read=self._read, on_progress=on_progress)

    @explained()
    def tag(self, name: str, tag: str, version: str) -> None:
        """Set or move a tag."""
        self._change(name, lambda index: index.with_tag(tag, version))

    @explained()
    def yank(self, name: str, version: str, *, reason: str = "") -> None:
        """Take a version back."""
        self._change(name, lambda index: index.with_yank(version, reason))

    # ── the index ─────────────────────────────────────────────────────────────────────────────

    def _read_index(self, name: str) -> tuple[Index, dict[str, str]]:
        """Return an index, and what a conditional write must name to replace it."""
        with self._explained(f"the agent {name}"):
            found = self._obstore.get(self._objects, self._index_path(name))
            if found.meta["size"] > LARGEST_INDEX:
                raise StoreError(f"the index of {name} is too large")
            data = bytes(found.bytes())
        mark = {k: found.meta[k] for k in ("e_tag", "version") if found.meta.get(k)}
        return Index.from_bytes(data, name=name), mark

    def _change(self, name: str, change: Callable[[Index], Index], *, create: bool = False) -> None:
        for _ in range(ATTEMPTS):
            mode: Any = "create"
            try:
                before, mode = self._read_index(name)
            except NotFoundError:
                if not create:
                    raise
                before = Index(name)
            if (after := change(before)) == before:
                return
            try:
                with self._explained(f"the agent {name}"):
                    path, data = self._index_path(name), after.to_bytes()
                    self._obstore.put(self._objects, path, data, mode=mode, use_multipart=False)
                return
            except _SomebodyElseError:
                continue
        raise StoreError(f"{self.address} changes faster than it can be written: try again")

    @staticmethod
    def _index_path(name: str) -> str:
        return f"agents/{agent_name(name).replace('/', '+')}.json"

    # ── blobs ─────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _blob_path(digest: str) -> str:
        sha256 = digest.removeprefix("sha256:")
        return f"blobs/{sha256[:2]}/{sha256}"

    def _has(self, blob: Blob) -> bool:
        try:
            with self._explained(blob.path):
                size = self._obstore.head(self._objects, self._blob_path(blob.digest))["size"]
                return bool(size == blob.size)
        except NotFoundError:
            return False

    def _put(self, blob: Blob, on_progress: OnProgress) -> None:
        """Send a blob in parts; an object appears when the last byte proved to be the right one."""
        sha256 = hashlib.sha256()

        def checked() -> Iterator[bytes]:
            for block in blocks(blob, on_progress):
                sha256.update(block)
                yield block
            if sha256.hexdigest() != blob.sha256:
                raise TransferError(f"{blob.path} changed after it was hashed: publish it again")

        with self._explained(blob.path):
            path = self._blob_path(blob.digest)
            data = b"".join(checked()) if blob.size <= PART else checked()
            self._obstore.put(self._objects, path, data, chunk_size=PART)

    def _read(self, digest: str, start: int, *, largest: int | None = None) -> Iterator[bytes]:
        with self._explained(digest):
            options = {"range": {"offset": start}} if start else None
            found = self._obstore.get(self._objects, self._blob_path(digest), options=options)
            if largest is not None and found.meta["size"] > largest:
                raise StoreError(f"{digest} is larger than {largest} bytes")
            for block in found.stream(min_chunk_size=1 << 20):
                yield bytes(block)

    def _explained(self, what: str) -> "_Explained":
        return _Explained(self._errors, self._address, what)


class _SomebodyElseError(StoreError):
    """An object was changed since it was read."""


class _Explained:
    """Turns obstore's errors into ours."""

    def __init__(self, errors: Any, address: str, what: str) -> None:
        self._errors, self._address, self._what = errors, address, what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        errors = self._errors
        if isinstance(error, (errors.NotFoundError, FileNotFoundError)):
            raise NotFoundError(f"{self._address} does not have {self._what}") from error
        if isinstance(error, (errors.AlreadyExistsError, errors.PreconditionError)):
            raise _SomebodyElseError(f"{self._what} was changed meanwhile") from error
        if isinstance(error, errors.BaseError):
            reason = " ".join(str(error).split())[:200]
            raise StoreError(f"{self._address} does not answer as it should: {reason}") from error
