"""Reading files into a code map, on all cores: for a folder as it stands, without a snapshot."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ..code_parser import CodeParser, FileSymbols, RegexParser, get_parser
from ..code_parser.serial import from_json, to_json
from ..code_parser.workers import WorkerDiedError, WorkerPool, cores
from .codemap import CodeMap

# Below this many files, starting processes takes longer than reading in this one.
_WORTH_A_PROCESS = 48


@cache
def _parser() -> CodeParser:
    return get_parser()


def read_one(header: dict[str, Any], content: bytes) -> str:
    """Parse one file; what a worker runs."""
    return json.dumps(to_json(_parser().parse(content, header["path"])))


def read_files(
    root: Path, paths: Iterable[str], *, jobs: int | None = None
) -> Iterator[FileSymbols]:
    """Yield the symbols of files under a root, as they are ready.

    A file that a grammar crashes on is read by patterns, and says so. Raises OSError for a file
    that cannot be read.
    """
    listed = list(paths)
    jobs = jobs or (1 if len(listed) < _WORTH_A_PROCESS else cores())
    with WorkerPool(f"{__name__}:read_one", jobs=jobs) as pool:

        def read(path: str) -> FileSymbols:
            content = (root / path).read_bytes()
            try:
                return from_json(json.loads(pool.call({"path": path}, content)))
            except WorkerDiedError as death:
                return RegexParser().parse(content, path, because=str(death))

        for _path, symbols in pool.map(read, listed):
            yield symbols


def map_folder(root: Path, paths: Iterable[str], *, jobs: int | None = None) -> CodeMap:
    """Return the code map of files under a root."""
    return CodeMap(read_files(root, paths, jobs=jobs))
