"""`WatchEngine`: waits for changes, lets a burst of them settle, rebuilds once.

Changes come from watchfiles where it is installed (the extra `watch`), which costs nothing
while nothing happens; otherwise from looking at modification times every `interval` seconds.
What a rebuild writes lies in the state folder, which is never watched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..config import SwopConfig
from ..scan.walk import SUFFIX, Walk, walk
from .polling import Snapshot, changes_between, snapshot_of
from .rebuild import Rebuilder, WatchRebuild
from .signals import Polling, Signals, open_signals

MAX_SETTLING = 20


@dataclass
class WatchEngine:
    """Watches one project.

    `interval` is how often files are looked at when polling; `debounce` how long after a
    change the engine waits for more of them before it rebuilds.
    """

    config: SwopConfig
    interval: float = 0.5
    debounce: float = 0.3
    include_suffixes: tuple[str, ...] = (".py",)
    incremental: bool = True
    read_only: bool = False
    polling: bool = False
    _rebuilder: Rebuilder | None = field(default=None, init=False, repr=False)
    _seen: Snapshot | None = field(default=None, init=False, repr=False)
    _found: Walk | None = field(default=None, init=False, repr=False)

    def snapshot(self) -> dict[Path, float]:
        """The watched files with their modification times."""
        found = self._look()
        return {Path(path): stamp[0] / 1e9 for path, stamp in found.items()}

    def poll_once(self) -> WatchRebuild | None:
        """Rebuild if anything changed since the last call; the first call only looks."""
        if self._seen is None:
            self._seen = self._look()
            return None
        changed = self._settled_changes(Polling(self.interval))
        return self._ready().rebuild(changed, found=self._found) if changed else None

    def run(
        self,
        *,
        on_rebuild: Callable[[WatchRebuild], None] | None = None,
        stop_after_first_rebuild: bool = False,
        stop_event: Callable[[], bool] | None = None,
    ) -> None:
        """Watch until `stop_event` says so, or for one rebuild.

        Raises:
            StateWriteError: a manifest cannot be written.
        """
        stopped = stop_event or (lambda: False)
        with open_signals(
            self.config, interval=self.interval, debounce=self.debounce, polling=self.polling
        ) as signals:
            self._ready()
            while not stopped():
                changed = self._settled_changes(signals) if signals.wait(stopped) else []
                if not changed:
                    continue
                outcome = self._ready().rebuild(changed, found=self._found)
                if on_rebuild is not None:
                    on_rebuild(outcome)
                self._ready().save()
                if stop_after_first_rebuild:
                    return

    def rebuild(self) -> WatchRebuild:
        """Rebuild now, whether or not anything changed.

        Raises:
            StateWriteError: a manifest cannot be written.
        """
        self._seen = self._look()
        outcome = self._ready().rebuild()
        self._ready().save()
        return outcome

    def _look(self) -> Snapshot:
        found = walk(self.config, suffixes=self.include_suffixes)
        self._found = found if self.include_suffixes == (SUFFIX,) else None
        return snapshot_of(found)

    def _ready(self) -> Rebuilder:
        """The rebuilder, warmed up: the first change should not wait for a first scan."""
        if self._rebuilder is None:
            self._seen = self._seen or self._look()
            self._rebuilder = Rebuilder(
                self.config, incremental=self.incremental, read_only=self.read_only
            )
            self._rebuilder.warm_up()
        return self._rebuilder

    def _settled_changes(self, signals: Signals) -> list[Path]:
        """What changed since the last rebuild, once a burst of changes is over."""
        before = self._seen or {}
        now = self._look()
        if now == before:
            return []
        for _ in range(MAX_SETTLING if self.debounce > 0 else 0):
            quiet = signals.quiet_for(self.debounce)
            earlier, now = now, self._look()
            if quiet or now == earlier:
                break
        self._seen = now
        return changes_between(before, now)
