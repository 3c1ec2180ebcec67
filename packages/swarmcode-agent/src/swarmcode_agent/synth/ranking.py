"""Which files lie near a task: the code map of the parent's tree, asked with the task's words."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ..code_map import CodeMap, Focus
from ..code_parser import FileSymbols, get_parser


class CodeMapRanking:
    """Ranks files by the code map; a file that many trees share is parsed once."""

    def __init__(self) -> None:
        parser = get_parser()
        lock = threading.Lock()

        @lru_cache(maxsize=4096)
        def symbols(path: str, text: str) -> FileSymbols:
            with lock:
                return parser.parse(text, path)

        self._symbols = symbols

    def ranked(self, task: str, touched: Sequence[str], files: Mapping[str, str]) -> Sequence[str]:
        """Every path of `files`, the most relevant to the task and the touched files first."""
        code_map = CodeMap(self._symbols(path, files[path]) for path in sorted(files))
        focus = Focus(task=task, files=tuple(touched))
        return [ranked.path for ranked in code_map.rank(focus)]
