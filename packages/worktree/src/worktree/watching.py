"""Notice what others change.

On files this needs the extra `watch`, and reacts at once; elsewhere the storage is asked
at an interval. Either way only a real change of the tree is reported: the content decides.
"""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from . import aio
from .commit.differences import Status
from .errors import MissingExtraError
from .names import HIDDEN
from .storage.filesystem import FilesystemStorage
from .tree import session_of, status


def watch(
    tree: Any, *, stop: threading.Event | None = None, interval: float = 1.0
) -> Iterator[Status]:
    """Yield a status each time storage differs from what the tree was loaded from.

    Nothing is taken over: call `worktree.reload(tree)` or `tree.sync()`. The same difference is
    reported once. Ends when `stop` is set.
    """
    stop = stop or threading.Event()
    seen: Status | None = None
    for _ in _ticks(session_of(tree).storage, stop, interval):
        found = status(tree)
        if found.theirs and (seen is None or found.theirs != seen.theirs):
            yield found
        seen = found


async def awatch(
    tree: Any, *, stop: threading.Event | None = None, interval: float = 1.0
) -> AsyncIterator[Status]:
    """`watch`, awaited; cancelling the task ends it."""
    stop = stop or threading.Event()
    changes = watch(tree, stop=stop, interval=interval)
    try:
        while (found := await aio.run(lambda: next(changes, None))) is not None:
            yield found
    finally:
        stop.set()


def _ticks(storage: Any, stop: threading.Event, interval: float) -> Iterator[None]:
    """A tick at the start, and whenever something may have changed."""
    yield None
    if isinstance(storage, FilesystemStorage):
        yield from _file_events(storage, stop)
        return
    while not stop.wait(interval):
        yield None


def _file_events(storage: FilesystemStorage, stop: threading.Event) -> Iterator[None]:
    try:
        import watchfiles
    except ImportError as error:
        raise MissingExtraError("watching files", "watch") from error
    hidden = f"{storage.root}/{HIDDEN}"
    while not stop.is_set() and not Path(storage.root).exists():
        time.sleep(0.05)
    for _ in watchfiles.watch(
        storage.root,
        watch_filter=lambda _, path: not path.startswith(hidden),
        stop_event=stop,
        debounce=50,
        step=10,
        rust_timeout=500,
        yield_on_timeout=True,
        raise_interrupt=True,
    ):
        yield None
