"""Blobs as files named by their SHA-256: each appears whole, by renaming, or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..digest import open_regular
from ..errors import AdapterMissingError, StoreError, TransferError
from ..files import sync
from ..progress import OnProgress
from .protocol import Blob
from .transfer import BLOCK, blocks


class BlobFiles:
    """A folder of blobs; with `split`, in folders by so many first digits."""

    def __init__(self, root: Path, *, split: int) -> None:
        self._root = root
        self._split = split

    def path(self, digest: str) -> Path:
        """Return where a blob lies."""
        sha256 = digest.removeprefix("sha256:")
        return self._root / sha256[: self._split] / sha256

    def has(self, blob: Blob) -> bool:
        """Say whether a blob is here, in its full length."""
        path = self.path(blob.digest)
        return path.is_file() and path.stat().st_size == blob.size

    def put(self, blob: Blob, on_progress: OnProgress) -> None:
        """Copy a blob here; it must still be what was hashed."""
        target = self.path(blob.digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        sha256 = hashlib.sha256()
        descriptor, temporary = tempfile.mkstemp(prefix=".incoming.", dir=target.parent)
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

    def read(self, digest: str, start: int) -> Iterator[bytes]:
        """Yield a blob from an offset on."""
        try:
            with open_regular(self.path(digest)) as file:
                file.seek(start)
                while block := file.read(BLOCK):
                    yield block
        except AdapterMissingError as error:
            raise StoreError(f"the store has lost {digest}: publish it again") from error

    def read_whole(self, digest: str, *, largest: int) -> bytes:
        """Return a small blob."""
        data = b""
        for block in self.read(digest, 0):
            data += block
            if len(data) > largest:
                raise StoreError(f"{digest} is larger than {largest} bytes")
        return data
