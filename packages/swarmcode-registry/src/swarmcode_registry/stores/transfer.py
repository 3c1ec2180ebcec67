"""Moving blobs, several at once: what is missing is sent, what is cut off is resumed.

A file arrives under another name, in `.parts` beside its folder, and gets its own name when it is
whole. A second call goes on where the first one stopped. Nothing is made durable here: `pull` does
that while it verifies what came.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO, FileIO
from pathlib import Path

from ..digest import open_regular
from ..errors import AdapterError, StoreError, TransferError
from ..files import write_atomically
from ..manifest import AgentManifest
from ..names import MANIFEST_FILE, SIGNATURE_FILE, confined
from ..progress import OnProgress, Progress
from .index import Entry
from .protocol import Blob

WORKERS = 4
BLOCK = 1 << 20
SENT_AT_ONCE = 1 << 18

Read = Callable[[str, int], Iterator[bytes]]


def send(
    blobs: Iterable[Blob],
    *,
    has: Callable[[Blob], bool],
    put: Callable[[Blob], None],
    on_progress: OnProgress,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put every blob that is missing; return the paths of those sent and of those skipped."""
    unique = {blob.sha256: blob for blob in blobs}

    def one(blob: Blob) -> tuple[str, bool]:
        if has(blob):
            on_progress(Progress("skip", blob.path, blob.size, blob.size))
            return blob.path, False
        put(blob)
        return blob.path, True

    with ThreadPoolExecutor(WORKERS) as pool:
        done = list(pool.map(one, unique.values()))
    return tuple(p for p, sent in done if sent), tuple(p for p, sent in done if not sent)


def blocks(blob: Blob, on_progress: OnProgress) -> Iterator[bytes]:
    """Yield a blob's bytes; its length must still be what was hashed."""
    seen = 0
    with _opened(blob) as file:
        while block := file.read(BLOCK):
            seen += len(block)
            if seen > blob.size:
                break
            on_progress(Progress("upload", blob.path, len(block), blob.size))
            yield block
    if seen != blob.size:
        raise AdapterError(blob.path, "changed after it was hashed: publish it again")


def part_of(blob: Blob, start: int, size: int) -> Iterator[bytes]:
    """Yield a part of a blob, which must not have become shorter."""
    with _opened(blob) as file:
        file.seek(start)
        while size and (block := file.read(min(size, SENT_AT_ONCE))):
            size -= len(block)
            yield block
    if size:
        raise AdapterError(blob.path, "changed after it was hashed: publish it again")


@contextmanager
def _opened(blob: Blob) -> Iterator[FileIO | BytesIO]:
    if isinstance(blob.source, bytes):
        yield BytesIO(blob.source)
    else:
        with open_regular(blob.source) as file:
            yield file


def receive(
    manifest: AgentManifest,
    entry: Entry,
    folder: Path,
    *,
    read: Read,
    on_progress: OnProgress,
    largest_signature: int = 16 << 20,
) -> None:
    """Bring every file of a manifest into a folder; `read` yields a blob from an offset on."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = folder.with_name(f"{folder.name}.parts")
    parts.mkdir(exist_ok=True)

    def one(numbered: tuple[int, Blob]) -> None:
        number, blob = numbered
        _receive_file(blob, folder / confined(blob.path), parts / f"{number}", read, on_progress)

    wanted = [Blob(f.path, f.sha256, f.size, b"") for f in manifest.files]
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, enumerate(wanted)))
    if entry.signature is not None:
        data = b""
        for block in read(entry.signature, 0):
            data += block
            if len(data) > largest_signature:
                raise StoreError(f"{SIGNATURE_FILE} is larger than {largest_signature} bytes")
        write_atomically(folder / SIGNATURE_FILE, data)
    write_atomically(folder / MANIFEST_FILE, manifest.to_bytes())
    for leftover in parts.iterdir():
        leftover.unlink()
    parts.rmdir()


def _receive_file(
    blob: Blob, target: Path, part: Path, read: Read, on_progress: OnProgress
) -> None:
    if target.exists() and target.stat().st_size == blob.size:
        on_progress(Progress("skip", blob.path, blob.size, blob.size))
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as file:
        seen = file.tell()
        if seen > blob.size:
            file.truncate(seen := 0)
        if seen:
            on_progress(Progress("skip", blob.path, seen, blob.size))
        for block in read(blob.digest, seen) if seen < blob.size else ():
            seen += len(block)
            if seen > blob.size:
                part.unlink()
                raise StoreError(f"the store sent more than the {blob.size} bytes of {blob.path}")
            file.write(block)
            on_progress(Progress("download", blob.path, len(block), blob.size))
    if seen != blob.size:
        raise TransferError(
            f"{blob.path} stopped at {seen} of {blob.size} bytes: run it again to go on"
        )
    part.replace(target)
