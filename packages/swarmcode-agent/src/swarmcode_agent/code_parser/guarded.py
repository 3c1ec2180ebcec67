"""Grammars at arm's length: a file read in a process that can be ended.

A grammar is native code. There is input on which one step of it takes minutes, inside which
nothing in its process can interrupt it, and input on which it might crash. So whoever parses in
a process of their own, an agent or a notebook, has the grammar run in another one, started when
it is first needed and kept.
"""

from __future__ import annotations

import atexit
import json
import os
import threading
from functools import cache
from typing import Any

from ._reading import GrammarReading, TooSlowError
from .languages import language_of
from .serial import from_json, to_json
from .symbols import FileSymbols
from .workers import Worker

_TASK = f"{__name__}:read_symbols"
# What the process has beyond the grammar's own time, for putting the symbols together.
_MARGIN = 0.4


def read_symbols(header: dict[str, Any], content: bytes) -> str:
    """Read one file with its grammar: what the process runs. Too slow gives an empty answer."""
    path = header["path"]
    language = language_of(path)
    if language is None:
        return ""
    try:
        symbols = GrammarReading(language, content, seconds=header["grammar"]).symbols(path)
    except TooSlowError:
        return ""
    return json.dumps(to_json(symbols))


def read_guarded(source: bytes, path: str, *, seconds: float) -> FileSymbols:
    """Return the symbols of a file, with so much processor time for the grammar.

    Raises TooSlowError, or WorkerDiedError when the process had to be ended.
    """
    answer = _guard(os.getpid()).call(
        {"path": path, "grammar": seconds}, source, seconds=seconds + _MARGIN
    )
    if not answer:
        raise TooSlowError
    return from_json(json.loads(answer), path=path)


class _Guard:
    """One process for all threads of this one, one file at a time."""

    def __init__(self) -> None:
        self._worker = Worker(_TASK)
        self._turn = threading.Lock()

    def call(self, header: dict[str, Any], source: bytes, *, seconds: float) -> str:
        with self._turn:
            return self._worker.call(header, source, seconds=seconds)

    def close(self) -> None:
        with self._turn:
            self._worker.close()


@cache
def _guard(_pid: int) -> _Guard:
    """Return the guard of this process: a forked one must not talk on its parent's line."""
    made = _Guard()
    atexit.register(made.close)
    return made
