"""`WatchEngine`: waits for changes, lets a burst of them settle, rebuilds once.

Changes come from watchfiles where it is installed (the extra `watch`), which costs nothing
while nothing happens; otherwise from looking at modification times every `interval` seconds.
What a rebuild writes lies in the state folder, which is never watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..config import SwopConfig, load_config
from ..errors import SwopConfigError
from ..manifests import ManifestGenerationResult
from ..scan import ScanReport
from ..scan.walk import SUFFIX, Walk, walk, with_renewed
from .polling import Snapshot, changes_between, snapshot_of
from .rebuild import Rebuilder, WatchRebuild
from .signals import ANYWHERE, NOWHERE, Places, Polling, Signals, open_signals

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
        changed = self._settled_changes(Polling(self.interval), ANYWHERE)
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
        for outcome in self._outcomes(stop_event or (lambda: False)):
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

    def _outcomes(self, stopped: Callable[[], bool]) -> Iterator[WatchRebuild]:
        """One rebuild after another; a changed configuration is taken on as it comes."""
        while not stopped():
            configuration = self._configuration()
            with open_signals(
                self.config, interval=self.interval, debounce=self.debounce, polling=self.polling
            ) as signals:
                self._ready()
                places = ANYWHERE  # what changed before the watch began was not heard
                while not stopped() and self._configuration() == configuration:
                    changed = self._settled_changes(signals, places)
                    if changed:
                        yield self._ready().rebuild(changed, found=self._found)
                    places = signals.wait(stopped)
            if not stopped():
                yield self._reconfigured()

    def _configuration(self) -> list[int] | None:
        """What changes when `swop.yaml` does."""
        try:
            status = self.config.config_path.stat() if self.config.config_path else None
        except OSError:
            return []
        return [status.st_mtime_ns, status.st_ctime_ns, status.st_size] if status else None

    def _reconfigured(self) -> WatchRebuild:
        """Rebuild by the new configuration; one that cannot be read is told, the old one stays."""
        path = self.config.config_path
        assert path is not None  # noqa: S101 (it has just changed)
        try:
            self.config = load_config(path)
        except SwopConfigError as error:
            report = ScanReport(self.config.project, self.config.project_root)
            report.errors.append(str(error))
            return WatchRebuild(report, ManifestGenerationResult(), [path])
        self._rebuilder = None
        outcome = self.rebuild()
        outcome.changed_files = [path]
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

    def _look_at(self, places: Places, seen: Snapshot) -> Snapshot:
        """The files as they are now, given where they may differ from what was `seen`.

        Where only known files were named, they alone are looked at: a walk over the whole
        project takes longer than the rebuild.
        """
        if places == NOWHERE:
            return seen
        if places is not None and self._found is not None:
            found = with_renewed(self._found, places)
            if found is not None:
                self._found = found
                return snapshot_of(found)
        return self._look()

    def _settled_changes(self, signals: Signals, places: Places) -> list[Path]:
        """What changed since the last rebuild, once a burst of changes is over."""
        before = self._seen or {}
        now = self._look_at(places, before)
        if now == before:
            return []
        for _ in range(MAX_SETTLING if self.debounce > 0 else 0):
            places = signals.quiet_for(self.debounce)
            earlier, now = now, self._look_at(places, now)
            if now == earlier or places is not ANYWHERE:
                break
        self._seen = now
        return changes_between(before, now)
