"""A progress bar for scans that take a while, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 0.5


@contextmanager
def scan_progress() -> Iterator[Callable[[int, int], None] | None]:
    """Something to call with the files done and to do; None where nobody is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = _Bar()
    try:
        yield bar.advance
    finally:
        bar.close()


class _Bar:
    """Appears only when the work has taken longer than people wait without asking."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._close: Callable[[], None] | None = None
        self._update: Callable[[int, int], None] | None = None

    def advance(self, done: int, total: int) -> None:
        if self._update is None:
            if time.monotonic() - self._started < PATIENCE_SECONDS:
                return
            self._open(total)
        if self._update is not None:
            self._update(done, total)

    def _open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import Progress

        progress = Progress(console=Console(stderr=True), transient=True)
        task = progress.add_task("Scanning", total=total)
        progress.start()
        self._close = progress.stop
        self._update = lambda done, of: progress.update(task, completed=done, total=of)

    def close(self) -> None:
        if self._close is not None:
            self._close()
