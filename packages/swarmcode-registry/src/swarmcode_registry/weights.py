"""What the header of a safetensors file says, checked against the bytes that follow it.

The format is an eight-byte length, a JSON object of tensors, and their data, one after the other.
Only the header is read; tensors are never loaded. A header that overlaps, leaves gaps, promises
more or fewer bytes than there are, or says one thing twice, is refused: two readers could
understand it differently.
"""

import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .canonical import read_json
from .digest import open_regular
from .errors import BadSafetensorsError, ManifestError

LARGEST_HEADER = 100_000_000  # what the reference reader accepts
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8, "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32,
    "F32": 32, "U64": 64, "I64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """What the headers of an adapter's files say, added up."""

    tensors: int = 0
    parameters: int = 0
    dtypes: frozenset[str] = frozenset()

    def __add__(self, other: "Weights") -> "Weights":
        return Weights(
            self.tensors + other.tensors,
            self.parameters + other.parameters,
            self.dtypes | other.dtypes,
        )


def read_header(path: Path) -> Weights:
    """Return what a safetensors file holds, or raise `BadSafetensorsError`."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 2 <= length <= min(LARGEST_HEADER, size - 8):
            raise BadSafetensorsError(path, f"is not safetensors, or is cut short ({size} bytes)")
        raw = _read_exactly(path, file, length)
    if raw[:1] != b"{":
        raise BadSafetensorsError(path, "has a header that does not begin with an object")
    try:
        header = read_json(raw)
        return _added_up(header, size - 8 - length)
    except ManifestError as error:
        raise BadSafetensorsError(path, f"has a header that is wrong: {error}") from error
    except _Wrong as error:
        raise BadSafetensorsError(path, f"has a header that is wrong: {error}") from None


class _Wrong(Exception):  # noqa: N818 - it never leaves this module
    pass


def _read_exactly(path: Path, file: Any, length: int) -> bytes:
    chunks = bytearray()
    while len(chunks) < length:
        chunk = file.read(length - len(chunks))
        if not chunk:
            raise BadSafetensorsError(path, "ends within its header")
        chunks += chunk
    return bytes(chunks)


def _added_up(header: Mapping[str, Any], available: int) -> Weights:
    spans, weights = [], Weights()
    for name, entry in header.items():
        if name == "__metadata__":
            _check_metadata(entry)
            continue
        begin, end, tensor = _tensor(name, entry)
        spans.append((begin, end, name))
        weights += tensor
    reached = 0
    for begin, end, name in sorted(spans):
        if begin != reached:
            raise _Wrong(f"{name!r} begins at byte {begin}, the tensor before ends at {reached}")
        reached = end
    if reached != available:
        raise _Wrong(f"it describes {reached} bytes of tensors, and {available} follow")
    return weights


def _check_metadata(entry: Any) -> None:
    if not isinstance(entry, dict) or not all(isinstance(v, str) for v in entry.values()):
        raise _Wrong("__metadata__ is not a table of texts")


def _tensor(name: str, entry: Any) -> tuple[int, int, Weights]:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise _Wrong(f"{name!r} has other fields than dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise _Wrong(f"{name!r} is of the unknown type {dtype!r}")
    if not _counts(shape) or not _counts(offsets) or len(offsets) != 2:
        raise _Wrong(f"{name!r} has a shape or offsets that are not counts")
    parameters = math.prod(shape)
    begin, end = offsets
    if parameters * BITS[dtype] != (end - begin) * 8:
        raise _Wrong(f"{name!r} needs {parameters * BITS[dtype] // 8} bytes, not {end - begin}")
    return begin, end, Weights(1, parameters, frozenset({dtype}))


def _counts(values: Any) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
        for value in values
    )
