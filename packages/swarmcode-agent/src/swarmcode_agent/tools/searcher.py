"""The searcher for machines without ripgrep: `python -m … PATTERN [FILE] [GLOB]`.

Prints one of ripgrep's JSON lines for each line that matches, in the folder that it runs in.
"""

import fnmatch
import json
import re
import sys
from collections.abc import Iterator

from ..confined import ConfinedFolder, is_git
from ..errors import PathError
from .search import MOST_BYTES


def main(pattern: str, only: str, glob: str) -> None:
    """Search and print."""
    folder, compiled = ConfinedFolder("."), re.compile(pattern)
    for path in [only] if only else _files(folder, "."):
        if glob and not fnmatch.fnmatch(path if "/" in glob else path.rpartition("/")[2], glob):
            continue
        for number, line in _lines(folder, path):
            if compiled.search(line):
                data = {"path": {"text": path}, "lines": {"text": line}, "line_number": number}
                sys.stdout.write(json.dumps({"type": "match", "data": data}) + "\n")


def _files(folder: ConfinedFolder, start: str) -> Iterator[str]:
    for entry in folder.walk(start, recursive=False):
        if is_git(entry.path.rpartition("/")[2]) or entry.is_link:
            continue
        if entry.is_folder:
            yield from _files(folder, entry.path)
        else:
            yield entry.path


def _lines(folder: ConfinedFolder, path: str) -> Iterator[tuple[int, str]]:
    try:
        data = folder.read(path, most=MOST_BYTES + 1)
    except PathError:
        return
    if data is not None and len(data) <= MOST_BYTES and b"\x00" not in data:
        yield from enumerate(data.decode("utf-8", "replace").split("\n"), 1)


if __name__ == "__main__":
    main(*sys.argv[1:4])
