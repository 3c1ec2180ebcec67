"""The protobuf compiler, in this process. It comes with the extra `proto` (grpcio-tools)."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

from ..errors import MissingToolError, ProtoError

INSTALL = 'pip install "swop-core[proto]"'
_STDERR = 2
_one_at_a_time = threading.Lock()  # the compiler speaks through the process's standard error


def check_protos(folder: Path, paths: Iterable[str]) -> None:
    """Compile files of a folder, named with slashes, and keep nothing.

    Raises:
        ProtoError: a file does not compile; `problems` says why.
        MissingToolError: the extra `proto` is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="swop-proto-") as scratch:
        run_protoc(folder, [f"--descriptor_set_out={Path(scratch) / 'all.pb'}"], sorted(paths))


def run_protoc(folder: Path, options: Sequence[str], paths: Sequence[str]) -> None:
    """Run the compiler on files of a folder.

    Raises:
        ProtoError: it refuses.
        MissingToolError: the extra `proto` is not installed.
    """
    protoc = _protoc()
    if not paths:
        return
    well_known = files("grpc_tools") / "_proto"
    arguments = ["protoc", f"-I{folder}", f"-I{well_known}", *options, *paths]
    with _one_at_a_time, _heard() as said:
        code = protoc.main(arguments)
        said.seek(0)
        lines = tuple(line for line in said.read().decode("utf-8", "replace").splitlines() if line)
    if code != 0:
        # The library behind the compiler talks of itself, too: what names a file is about ours.
        problems = tuple(line.removeprefix(f"{folder}/") for line in lines if ".proto:" in line)
        first = next(iter(problems or lines), f"the compiler answered {code}")
        raise ProtoError(f"protobuf does not compile: {first}", problems=problems or lines)


def _protoc() -> Any:
    try:
        return importlib.import_module("grpc_tools.protoc")
    except ImportError:
        raise MissingToolError("the protobuf compiler", install=INSTALL) from None


@contextmanager
def _heard() -> Iterator[IO[bytes]]:
    """What the compiler, which is no Python, writes to standard error."""
    sys.stderr.flush()
    kept = os.dup(_STDERR)
    try:
        with tempfile.TemporaryFile() as said:
            os.dup2(said.fileno(), _STDERR)
            try:
                yield said
            finally:
                os.dup2(kept, _STDERR)
    finally:
        os.close(kept)
