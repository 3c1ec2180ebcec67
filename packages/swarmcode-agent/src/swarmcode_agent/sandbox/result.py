"""What a sandboxed command did, and what ended it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Rung(Enum):
    """The ways to isolate a command, strongest first."""

    BUBBLEWRAP = "bubblewrap"
    NAMESPACES = "namespaces"
    CONTAINER = "container"
    UNISOLATED = "unisolated"


class Ended(Enum):
    """Why a command is no longer running."""

    EXITED = "exited"
    TIME = "time limit"
    CPU = "CPU limit"
    MEMORY = "memory limit"
    PROCESSES = "process limit"
    FILE_SIZE = "file-size limit"
    OUTPUT = "output limit"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Output:
    """One stream: the text kept of it, and how many bytes were cut from its middle."""

    text: str = ""
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """One finished command. `exit_code` is 128 + the signal's number where a signal ended it."""

    argv: tuple[str, ...]
    exit_code: int
    ended: Ended
    stdout: Output
    stderr: Output
    wall_s: float
    rung: Rung
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it came to its own end and said that all is well."""
        return self.exit_code == 0 and self.ended is Ended.EXITED

    @property
    def output(self) -> str:
        """Both streams, standard output first."""
        return self.stdout.text + self.stderr.text
