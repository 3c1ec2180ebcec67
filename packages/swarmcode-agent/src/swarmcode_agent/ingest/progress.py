"""How far an ingest is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an ingest stands.

    Attributes:
        stage: What it is doing: fetching the history, reading files, or writing the map.
        done: Files that are through.
        total: Files in all; 0 while that is not known.
        seconds: Since the stage began.
    """

    stage: Literal["fetch", "read", "write"]
    done: int
    total: int
    seconds: float

    @property
    def rate(self) -> float:
        """Files a second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time that is left at this rate, or None while there is none to tell by."""
        return (self.total - self.done) / self.rate if self.rate > 0 and self.total else None


OnProgress = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Tell nobody."""
