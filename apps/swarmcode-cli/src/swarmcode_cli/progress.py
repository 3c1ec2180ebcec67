"""A progress bar with rate and time left, for whatever takes a while, on a terminal only."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PATIENCE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of life of a step.

    Attributes:
        what: what is being done.
        done: how much of it is.
        total: how much there is; 0 while that is not known.
        note: what else a person would like to see, such as a loss.
        seconds_left: where the step itself knows better than its rate says.
    """

    what: str
    done: int = 0
    total: int = 0
    note: str = ""
    seconds_left: float | None = None


Tell = Callable[[Sign], None]


def silent(_: Sign) -> None:
    """Tell nobody."""


@contextmanager
def shown(*, quiet: bool = False) -> Iterator[Tell]:
    """Yield something to tell of signs of life; it shows them where somebody is looking."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    bar = _Bar()
    try:
        yield bar.tell
    finally:
        bar.close()


class _Bar:
    """Appears only when the work has taken longer than people wait without asking."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._what = ""
        self._began = self._started
        self._show: Callable[[Sign, str], None] | None = None
        self._close: Callable[[], None] | None = None

    def tell(self, sign: Sign) -> None:
        now = time.monotonic()
        if sign.what != self._what:
            self._what, self._began = sign.what, now
        if self._show is None:
            if now - self._started < PATIENCE_SECONDS:
                return
            self._open()
        if self._show is not None:
            self._show(sign, pace(sign, now - self._began))

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[pace]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        task = progress.add_task("", total=None, pace="")
        progress.start()
        self._close = progress.stop

        def show(sign: Sign, told: str) -> None:
            progress.update(
                task,
                description=sign.what,
                completed=sign.done,
                total=sign.total or None,
                pace=told,
            )

        self._show = show

    def close(self) -> None:
        if self._close is not None:
            self._close()


def pace(sign: Sign, seconds: float) -> str:
    """Say how much is done, how fast it goes, and how long it will take."""
    parts = [f"{sign.done}/{sign.total}" if sign.total else f"{sign.done}"] if sign.done else []
    rate = sign.done / seconds if seconds > 0 else 0.0
    if rate > 0:
        parts.append(f"{rate:.1f}/s" if rate >= 1 else f"{1 / rate:.1f} s each")
    left = sign.seconds_left
    if left is None and rate > 0 and sign.total:
        left = (sign.total - sign.done) / rate
    if left is not None:
        parts.append(f"{duration(left)} left")
    return ", ".join([*parts, *([sign.note] if sign.note else [])])


def duration(seconds: float) -> str:
    """Say a time as people do."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
