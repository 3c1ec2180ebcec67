"""CAR files (version 1): every block of an agent in one file, with the root's content id first.

Each block is checked against its content id when the file is opened, before anything in it is
looked at; a file that is cut short, or holds a byte more or less, is refused.
"""

import hashlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from .._extras import extra
from ..digest import open_regular
from ..errors import StoreError
from .unixfs import CHUNK, DAG_PB, RAW, Node, PutBlock, add_file, add_folder, read_varint, varint

# dag-cbor of {"roots": [CID], "version": 1}, around the 36 bytes of the content id
_HEAD, _TAIL = b"\xa2\x65roots\x81\xd8\x2a\x58\x25\x00", b"\x67version\x01"
_HEADER_SIZE = len(_HEAD) + 36 + len(_TAIL)
LARGEST_BLOCK = 4 << 20

# multiformats registers an encoding when it is first used; two threads at once would do it twice.
_ONE_AT_A_TIME = threading.Lock()

Source = Path | bytes
Build = Callable[[PutBlock], Node]


def cid_text(cid: bytes) -> str:
    """Return a content id as people write it (base32)."""
    multiformats = extra("multiformats", extra="ipfs", feature="an IPFS content id")
    with _ONE_AT_A_TIME:
        return str(multiformats.CID.decode(cid).encode("base32"))


def cid_bytes(text: str) -> bytes:
    """Return a content id's bytes, or raise `StoreError`."""
    multiformats = extra("multiformats", extra="ipfs", feature="an IPFS content id")
    try:
        with _ONE_AT_A_TIME:
            cid = bytes(multiformats.CID.decode(text))
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(f"{text!r} is not a content id") from error
    if len(cid) != 36 or cid[:4] not in {RAW, DAG_PB}:
        raise StoreError(f"{text!r} is not a CIDv1 with SHA-256: it cannot be read here")
    return cid


def folder_of(files: Mapping[str, Source]) -> Build:
    """Return what puts a folder of files, their paths as given."""

    def build(put: PutBlock) -> Node:
        return tree_of({path: add_file(_chunks(s), put) for path, s in files.items()})(put)

    return build


def tree_of(nodes: Mapping[str, Node]) -> Build:
    """Return what puts the folders around files that were put before, and nothing of the files."""

    def build(put: PutBlock) -> Node:
        here = {path: node for path, node in nodes.items() if "/" not in path}
        below: dict[str, dict[str, Node]] = {}
        for path, node in nodes.items():
            if "/" in path:
                first, rest = path.split("/", 1)
                below.setdefault(first, {})[rest] = node
        folders = {name: tree_of(inner)(put) for name, inner in below.items()}
        return add_folder(here | folders, put)

    return build


def file_of(source: Source) -> Build:
    """Return what puts one file."""
    return lambda put: add_file(_chunks(source), put)


def root_of(build: Build) -> bytes:
    """Return the content id of what is built, without keeping its blocks."""
    return build(lambda _cid, _block: None).cid


def write_car(build: Build, target: BinaryIO) -> bytes:
    """Write a CAR file; return the root's content id.

    `target` must be at its beginning and able to seek: the root is known last, and stands first.
    """
    target.write(varint(_HEADER_SIZE) + bytes(_HEADER_SIZE))
    seen: set[bytes] = set()

    def put(cid: bytes, block: bytes) -> None:
        if cid not in seen:
            seen.add(cid)
            target.write(varint(len(cid) + len(block)) + cid + block)

    root = build(put).cid
    target.seek(0)
    target.write(varint(_HEADER_SIZE) + _HEAD + root + _TAIL)
    return root


class Car:
    """An open CAR file whose every block was checked."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            self._places = self._check()
        except BaseException:
            self._file.close()
            raise

    def block(self, cid: bytes) -> bytes:
        """Return a block, or raise `StoreError`."""
        if cid not in self._places:
            raise StoreError(f"the CAR file has no block {cid_text(cid)}")
        place, length = self._places[cid]
        self._file.seek(place)
        return self._file.read(length)

    @property
    def total(self) -> int:
        """The bytes of all blocks together."""
        return sum(length for _, length in self._places.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _check(self) -> dict[bytes, tuple[int, int]]:
        header = self._section()
        if len(header) != _HEADER_SIZE or not (header.startswith(_HEAD) and header.endswith(_TAIL)):
            raise StoreError("not a CAR file (version 1) with one CIDv1 root")
        self.root = header[len(_HEAD) : -len(_TAIL)]
        places: dict[bytes, tuple[int, int]] = {}
        while section := self._section():
            cid, block = section[:36], section[36:]
            if cid[:4] not in {RAW, DAG_PB} or hashlib.sha256(block).digest() != cid[4:]:
                raise StoreError("a block of the CAR file is not the one that its content id names")
            places[cid] = self._file.tell() - len(block), len(block)
        if self.root not in places:
            raise StoreError("the CAR file does not hold its own root")
        return places

    def _section(self) -> bytes:
        start = self._file.tell()
        head = self._file.read(9)
        if not head:
            return b""
        length, used = read_varint(head, 0)
        self._file.seek(start + used)
        data = self._file.read(min(length, LARGEST_BLOCK + 1))
        if len(data) != length or length > LARGEST_BLOCK or length < 36:
            raise StoreError("the CAR file is cut short, or holds too large a block")
        return data


def write_car_file(build: Build, folder: Path) -> tuple[str, Path]:
    """Write a CAR file into a folder, named by its root; return the root and the path."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".car.", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            root = cid_text(write_car(build, file))
            file.flush()
            os.fsync(file.fileno())
        target = folder / f"{root}.car"
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return root, target


def _chunks(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield from (source[i : i + CHUNK] for i in range(0, len(source), CHUNK))
        return
    with open_regular(source) as file:
        while chunk := _full(file):
            yield chunk


def _full(file: Any) -> bytes:
    """Read a whole chunk: a content id depends on where a file is cut."""
    chunk: bytes = file.read(CHUNK)
    while 0 < len(chunk) < CHUNK and (more := file.read(CHUNK - len(chunk))):
        chunk += more
    return chunk
