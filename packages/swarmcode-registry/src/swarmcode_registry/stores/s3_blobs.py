"""Blobs in object storage: small ones as one object, large ones in parts.

    blobs/ab/abcd…     a blob, or a part of one, under its SHA-256
    parts/ab/abcd…     of a blob in parts: which ones, in their order

An object appears whole or not at all, and is named by what it holds: a part that arrived is right,
and is not sent again, by whichever process and for whichever version. The list of parts comes
last, after the whole blob proved to be what was hashed; without it the parts mean nothing.
"""

import hashlib
import json
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..canonical import read_json
from ..errors import ManifestError, NotFoundError, StoreError, TransferError
from ..progress import OnProgress, Progress
from .protocol import Blob
from .s3_objects import Objects
from .transfer import WORKERS, part_of

PART = 8 << 20
LARGEST_LIST = 16 << 20
SCHEMA = "swarmcode-parts/1"


class S3Blobs:
    """The blobs below a prefix of a bucket."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def has(self, blob: Blob) -> bool:
        """Say whether a blob is here, in its full length."""
        if blob.size > PART:
            return self._objects.size(_path("parts", blob.digest)) is not None
        return self._objects.size(_path("blobs", blob.digest)) == blob.size

    def put(self, blob: Blob, on_progress: OnProgress) -> None:
        """Send a blob, but for the parts that are here; it must still be what was hashed."""
        if blob.size <= PART:
            data = b"".join(part_of(blob, 0, blob.size))
            _check(blob, hashlib.sha256(data).hexdigest())
            self._objects.put(_path("blobs", blob.digest), data)
            on_progress(Progress("upload", blob.path, blob.size, blob.size))
            return
        parts = self._put_parts(blob, on_progress)
        listing = {"schema": SCHEMA, "parts": [{"sha256": s, "size": n} for s, n in parts]}
        self._objects.put(_path("parts", blob.digest), json.dumps(listing).encode())

    def _put_parts(self, blob: Blob, on_progress: OnProgress) -> list[tuple[str, int]]:
        """Read a blob once, from its beginning; send its parts several at once."""
        whole, parts = hashlib.sha256(), []
        under_way: deque[Future[None]] = deque()
        with ThreadPoolExecutor(WORKERS) as pool:
            for start in range(0, blob.size, PART):
                data = b"".join(part_of(blob, start, min(PART, blob.size - start)))
                whole.update(data)
                sha256 = hashlib.sha256(data).hexdigest()
                parts.append((sha256, len(data)))
                under_way.append(pool.submit(self._put_part, blob, sha256, data, on_progress))
                if len(under_way) > WORKERS:  # no more of the blob in memory than that
                    under_way.popleft().result()
            for sending in under_way:
                sending.result()
        _check(blob, whole.hexdigest())
        return parts

    def _put_part(self, blob: Blob, sha256: str, data: bytes, on_progress: OnProgress) -> None:
        path = _path("blobs", sha256)
        there = self._objects.size(path) == len(data)
        if not there:
            self._objects.put(path, data)
        on_progress(Progress("skip" if there else "upload", blob.path, len(data), blob.size))

    def read(self, digest: str, start: int) -> Iterator[bytes]:
        """Yield a blob from an offset on."""
        try:
            yield from self._objects.read(_path("blobs", digest), start)
        except NotFoundError:
            for part in self._parts(digest):
                if start < part.size:
                    yield from self._objects.read(_path("blobs", part.sha256), start)
                start = max(0, start - part.size)

    def read_whole(self, digest: str, *, largest: int) -> bytes:
        """Return a small blob."""
        return self._objects.read_whole(_path("blobs", digest), largest=largest)

    def _parts(self, digest: str) -> "list[_Part]":
        try:
            data = self._objects.read_whole(_path("parts", digest), largest=LARGEST_LIST)
            read_json(data)
            return _Listing.model_validate_json(data).parts
        except NotFoundError as error:
            raise StoreError(f"the store has lost {digest}: publish it again") from error
        except (ManifestError, ValidationError) as error:
            raise StoreError(f"the list of the parts of {digest} is damaged") from error


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(gt=0)


class _Listing(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    schema_: str = Field(alias="schema", pattern=f"^{SCHEMA}$")
    parts: list[_Part]


def _check(blob: Blob, sha256: str) -> None:
    if sha256 != blob.sha256:
        raise TransferError(f"{blob.path} changed after it was hashed: publish it again")


def _path(kind: str, digest: str) -> str:
    sha256 = digest.removeprefix("sha256:")
    return f"{kind}/{sha256[:2]}/{sha256}"
