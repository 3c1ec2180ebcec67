"""Being told that something may have changed: by the system, or by waking up to look."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from ..config import SwopConfig
from ..scan.walk import NEVER

# How often watchfiles looks into its queue: what an edit waits at most before it is seen.
STEP_MS = 20
IDLE_MS = 500


class Signals(Protocol):
    """Tells when to look at the files again."""

    def wait(self, stopped: Callable[[], bool]) -> bool:
        """Wait a while; True when files should be looked at."""

    def quiet_for(self, seconds: float) -> bool:
        """Wait; True when it is known that nothing changed meanwhile."""


class Polling:
    """Wakes up every `interval` seconds; whether anything changed is for the caller to see."""

    def __init__(self, interval: float) -> None:
        self.interval = interval

    def wait(self, stopped: Callable[[], bool]) -> bool:
        """Sleep for one interval, in pieces, so that a stop is noticed soon."""
        until = time.monotonic() + self.interval
        while (left := until - time.monotonic()) > 0 and not stopped():
            time.sleep(min(left, 0.25))
        return not stopped()

    def quiet_for(self, seconds: float) -> bool:
        """Sleep; a poller never knows."""
        time.sleep(seconds)
        return False


class Notified:
    """Waits for watchfiles."""

    def __init__(self, changes: Generator[set[tuple[object, str]], None, None]) -> None:
        self._changes = changes

    def wait(self, stopped: Callable[[], bool]) -> bool:
        """Wait for a change, at most half a second."""
        return bool(next(self._changes, ())) and not stopped()

    def quiet_for(self, seconds: float) -> bool:
        """Wait until no change has come for this long."""
        last = time.monotonic()
        limit = last + 20 * seconds
        while (now := time.monotonic()) < limit:
            if now - last >= seconds:
                return True
            if next(self._changes, ()):
                last = time.monotonic()
        return True


@contextmanager
def open_signals(
    config: SwopConfig, *, interval: float, debounce: float, polling: bool
) -> Iterator[Signals]:
    """Signals for a project, from watchfiles where it is installed and not declined."""
    changes = None if polling else _watchfiles(config, debounce)
    if changes is None:
        yield Polling(interval)
        return
    try:
        next(changes, ())  # the first step begins to watch: nothing is missed from here on
        yield Notified(changes)
    finally:
        changes.close()


def _watchfiles(
    config: SwopConfig, debounce: float
) -> Generator[set[tuple[object, str]], None, None] | None:
    try:
        from watchfiles import watch
    except ImportError:
        return None
    state = str(config.state_path)
    never = NEVER | {config.state_path.name}

    def wanted(_: object, path: str) -> bool:
        name = path.replace("\\", "/").rpartition("/")[2]
        if not (name.endswith(".py") or "." not in name) or path.startswith(state):
            return False
        return never.isdisjoint(Path(path).parts)

    roots = [path for path in config.iter_source_roots() if path.is_dir()]
    pause = max(STEP_MS, min(IDLE_MS, int(debounce * 1000)))
    return watch(  # type: ignore[return-value]
        *roots,
        watch_filter=wanted,
        debounce=STEP_MS,
        step=STEP_MS,
        rust_timeout=pause if debounce else IDLE_MS,
        yield_on_timeout=True,
        raise_interrupt=True,
        ignore_permission_denied=True,
    )
