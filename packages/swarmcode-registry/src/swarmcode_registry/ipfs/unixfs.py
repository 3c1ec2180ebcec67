"""Files and folders as IPFS keeps them: UnixFS nodes in dag-pb, with raw leaves.

A file is cut into chunks of 1 MiB; each is a raw block. Blocks are joined under nodes of up to
1024 links, in a balanced tree. These are the defaults of current IPFS programs
(`unixfs-v1-2025`), so that adding the same folder to a node yields the same content id.

A content id is held here as its bytes: version 1, the codec, and a SHA-256 multihash.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..errors import StoreError

CHUNK = 1 << 20
MOST_LINKS = 1024
DEEPEST = 64
RAW, DAG_PB = b"\x01\x55\x12\x20", b"\x01\x70\x12\x20"  # CIDv1, codec, sha2-256, 32 bytes
DIRECTORY, FILE = 1, 2


@dataclass(frozen=True, slots=True)
class Node:
    """A link's target: its content id, the bytes of file below it, and of all its blocks."""

    cid: bytes
    length: int
    total: int


PutBlock = Callable[[bytes, bytes], None]
GetBlock = Callable[[bytes], bytes]


def add_file(chunks: Iterable[bytes], put: PutBlock) -> Node:
    """Put a file's blocks, leaves first, and return its node. Chunks are of `CHUNK` bytes."""
    row = [_leaf(chunk, put) for chunk in chunks] or [_leaf(b"", put)]
    while len(row) > 1:
        row = [_join(row[i : i + MOST_LINKS], put) for i in range(0, len(row), MOST_LINKS)]
    return row[0]


def add_folder(entries: dict[str, Node], put: PutBlock) -> Node:
    """Put the block of a folder with these entries, and return its node."""
    links = sorted(((name.encode(), node) for name, node in entries.items()))
    return _put_node(links, _varint_field(1, DIRECTORY), 0, put)


def read_file(cid: bytes, get: GetBlock) -> Iterator[bytes]:
    """Yield the bytes of a file."""
    yield from _read(cid, get, DEEPEST)


def read_folder(cid: bytes, get: GetBlock) -> dict[str, bytes]:
    """Return the entries of a folder: names and content ids."""
    links, kind, _ = _parse(cid, get(cid))
    if kind != DIRECTORY:
        raise StoreError("an IPFS node is not a folder")
    names = [name for name, _ in links]
    if len(set(names)) != len(names):
        raise StoreError("an IPFS folder lists one name twice")
    return dict(links)


def is_folder(cid: bytes, get: GetBlock) -> bool:
    """Say whether a content id is that of a folder."""
    return not cid.startswith(RAW) and _parse(cid, get(cid))[1] == DIRECTORY


# ── writing ───────────────────────────────────────────────────────────────────────────────────


def _leaf(chunk: bytes, put: PutBlock) -> Node:
    cid = RAW + hashlib.sha256(chunk).digest()
    put(cid, chunk)
    return Node(cid, len(chunk), len(chunk))


def _join(children: Sequence[Node], put: PutBlock) -> Node:
    length = sum(child.length for child in children)
    sizes = b"".join(_varint_field(4, child.length) for child in children)
    data = _varint_field(1, FILE) + _varint_field(3, length) + sizes
    return _put_node([(b"", child) for child in children], data, length, put)


def _put_node(links: Sequence[tuple[bytes, Node]], data: bytes, length: int, put: PutBlock) -> Node:
    written = b"".join(
        _bytes_field(2, _bytes_field(1, n.cid) + _bytes_field(2, name) + _varint_field(3, n.total))
        for name, n in links
    )
    block = written + _bytes_field(1, data)
    cid = DAG_PB + hashlib.sha256(block).digest()
    put(cid, block)
    return Node(cid, length, len(block) + sum(node.total for _, node in links))


def varint(number: int) -> bytes:
    """Return an unsigned LEB128, as protocol buffers and CAR files use it."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*written, number))


def _varint_field(field: int, number: int) -> bytes:
    return varint(field << 3) + varint(number)


def _bytes_field(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


# ── reading ───────────────────────────────────────────────────────────────────────────────────


def _read(cid: bytes, get: GetBlock, left: int) -> Iterator[bytes]:
    block = get(cid)
    if cid.startswith(RAW):
        yield block
        return
    links, kind, inline = _parse(cid, block)
    if kind not in {0, FILE} or left == 0:
        raise StoreError("an IPFS node is not a file, or is nested too deep")
    if inline:
        yield inline
    for _, child in links:
        yield from _read(child, get, left - 1)


def _parse(cid: bytes, block: bytes) -> tuple[list[tuple[str, bytes]], int, bytes]:
    """Return a node's links, its kind, and the bytes that it holds itself."""
    if not cid.startswith(DAG_PB):
        raise StoreError("an IPFS node is of a codec that is not read here")
    links: list[tuple[str, bytes]] = []
    kind, inline = -1, b""
    for field, value in _fields(block):
        if field == 2 and isinstance(value, bytes):
            link = dict(_fields(value))
            links.append((_text(link.get(2, b"")), _content_id(link.get(1))))
        elif field == 1 and isinstance(value, bytes):
            data = dict(_fields(value))
            said, held = data.get(1), data.get(2)
            kind = said if isinstance(said, int) else -1
            inline = held if isinstance(held, bytes) else b""
    return links, kind, inline


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protocol buffer: numbers and strings of bytes, nothing else."""
    place = 0
    while place < len(message):
        key, place = read_varint(message, place)
        number, place = read_varint(message, place)
        if key & 7 == 2:
            if place + number > len(message):
                raise StoreError("an IPFS node is cut short")
            yield key >> 3, message[place : place + number]
            place += number
        elif key & 7 == 0:
            yield key >> 3, number
        else:
            raise StoreError("an IPFS node holds a field of an unknown kind")


def read_varint(data: bytes, place: int) -> tuple[int, int]:
    """Return an unsigned LEB128 and the place after it."""
    number = shift = 0
    while place < len(data) and shift < 63:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7
    raise StoreError("a number is cut short, or too large")


def _text(value: int | bytes) -> str:
    try:
        return value.decode() if isinstance(value, bytes) else ""
    except UnicodeDecodeError as error:
        raise StoreError("an IPFS folder holds a name that is not UTF-8") from error


def _content_id(value: int | bytes | None) -> bytes:
    if not isinstance(value, bytes) or len(value) != 36 or value[:4] not in {RAW, DAG_PB}:
        raise StoreError("an IPFS link is not a CIDv1 with SHA-256: it cannot be read here")
    return value
