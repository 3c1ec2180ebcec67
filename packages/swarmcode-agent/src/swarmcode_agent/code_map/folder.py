"""Reading files into a code map, on all cores: for a folder as it stands, without a snapshot."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from ..code_parser import CodeParser, RegexParser, get_parser
from ..code_parser.workers import WorkerDiedError, WorkerPool, cores
from ..errors import MapError
from .codemap import CodeMap
from .outline import Outline, outline

# Below this many files, starting a process for every core takes longer than it saves.
_WORTH_EVERY_CORE = 48


@cache
def _parser() -> CodeParser:
    return get_parser(guarded=False)  # this process is one that can be ended


def read_outline(header: dict[str, Any], content: bytes) -> str:
    """Read one file into its outline: what a reading process runs."""
    return outline(_parser().parse(content, header["path"])).to_text()


def map_folder(root: Path, paths: Iterable[str], *, jobs: int | None = None) -> CodeMap:
    """Return the code map of files under a root, as they stand.

    A file that a grammar crashes on is read by patterns. Raises MapError for a file that cannot
    be read.
    """
    listed = list(paths)
    jobs = jobs or (1 if len(listed) < _WORTH_EVERY_CORE else cores())
    built = CodeMap()
    with WorkerPool(f"{__name__}:read_outline", jobs=jobs) as pool:

        def read(path: str) -> str:
            content = _content(root, path)
            try:
                return pool.call({"path": path}, content)
            except WorkerDiedError as death:
                symbols = RegexParser().parse(content, path, because=str(death))
                return outline(symbols).to_text()

        for _path, text in pool.map(read, listed):
            built.put(Outline.from_text(text))
    return built


def _content(root: Path, path: str) -> bytes:
    try:
        return (root / path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        why = error.strerror if isinstance(error, OSError) else error
        raise MapError(f"cannot read {path!r} in {str(root)!r}: {why}") from error
