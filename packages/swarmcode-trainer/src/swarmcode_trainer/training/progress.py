"""What a running training says of itself: to whoever watches, and to `metrics.jsonl`."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

TIMED_STEPS = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """One sign of life.

    Attributes:
        step: optimiser steps that are done.
        steps: those of the whole run.
        loss: the training loss, where this is a line of metrics.
        eval_loss: the loss on held-out rows, where it was just measured.
        seconds_left: how much longer it will take; None until a few steps were timed.
    """

    step: int
    steps: int
    loss: float | None = None
    eval_loss: float | None = None
    seconds_left: float | None = None


Listener = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """Listen to nothing."""


@dataclass(slots=True)
class StepTimer:
    """How long a step takes, once a few were seen; the first is left out, for it warms up."""

    clock: Callable[[], float] = time.perf_counter
    _started: float | None = None
    _durations: list[float] = field(default_factory=list)

    def begin(self) -> None:
        """A step begins."""
        self._started = self.clock()

    def end(self) -> None:
        """The step ended."""
        if self._started is not None:
            self._durations.append(self.clock() - self._started)
            self._started = None

    @property
    def seconds_per_step(self) -> float | None:
        """The mean of the steps after the first; None until enough were seen."""
        timed = self._durations[1:]
        return sum(timed) / len(timed) if len(timed) >= TIMED_STEPS else None


class MetricsFile:
    """`metrics.jsonl`: one object a line, each with `step` and `time`, in order.

    A resumed run continues the file: lines of steps that are done again are dropped first.
    """

    def __init__(self, path: Path, *, keep_until_step: int = 0) -> None:
        kept = [
            line
            for line in (path.read_text(encoding="utf-8").splitlines() if path.exists() else [])
            if keep_until_step and _step(line) is not None and (_step(line) or 0) <= keep_until_step
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".jsonl.partial")
        partial.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        partial.replace(path)
        self._file: TextIO = path.open("a", encoding="utf-8")

    def write(self, step: int, values: dict[str, object]) -> None:
        """Append one line, at once."""
        line = {"step": step, "time": round(time.time(), 3), **values}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """End writing."""
        self._file.close()


def read_metrics(path: Path) -> list[dict[str, object]]:
    """Read a file of metrics; a line that a crash cut off is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if _step(line) is not None]


def _step(line: str) -> int | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    step = value.get("step") if isinstance(value, dict) else None
    return step if isinstance(step, int) else None
