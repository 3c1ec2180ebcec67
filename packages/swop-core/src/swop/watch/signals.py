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


# A timer may fire this much early, which must not cost another round.
SLACK_S = 0.02

Places = frozenset[str] | None
"""The paths at which something may have changed; None when it may be anywhere."""
NOWHERE: Places = frozenset()
ANYWHERE: Places = None


class Signals(Protocol):
    """Tells when and where to look at the files again."""

    def wait(self, stopped: Callable[[], bool]) -> Places:
        """Wait a while; say where something may have changed."""

    def quiet_for(self, seconds: float) -> Places:
        """Wait for quiet; say where something may have changed before it came."""


class Polling:
    """Wakes up every `interval` seconds; whether anything changed is for the caller to see."""

    def __init__(self, interval: float) -> None:
        self.interval = interval

    def wait(self, stopped: Callable[[], bool]) -> Places:
        """Sleep for one interval, in pieces, so that a stop is noticed soon."""
        until = time.monotonic() + self.interval
        while (left := until - time.monotonic()) > 0 and not stopped():
            time.sleep(min(left, 0.25))
        return NOWHERE if stopped() else ANYWHERE

    def quiet_for(self, seconds: float) -> Places:
        """Sleep; a poller never knows."""
        time.sleep(seconds)
        return ANYWHERE


class Notified:
    """Waits for watchfiles."""

    def __init__(self, changes: Generator[set[tuple[object, str]], None, None]) -> None:
        self._changes = changes

    def wait(self, stopped: Callable[[], bool]) -> Places:
        """Wait for a change, at most half a second."""
        places = self._next()
        return NOWHERE if stopped() else places

    def quiet_for(self, seconds: float) -> Places:
        """Wait until no change has come for this long."""
        heard: set[str] = set()
        last = time.monotonic()
        limit = last + 20 * seconds
        while (now := time.monotonic()) < limit and now - last < seconds - SLACK_S:
            places = self._next()
            if places:
                heard |= places
                last = time.monotonic()
        return frozenset(heard)

    def _next(self) -> frozenset[str]:
        return frozenset(path for _, path in next(self._changes, ()))


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
