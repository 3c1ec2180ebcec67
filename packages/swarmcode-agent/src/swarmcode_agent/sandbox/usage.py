"""How much a tree of processes uses right now, read from /proc."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """The sum over a tree of processes."""

    processes: int = 0
    memory_bytes: int = 0
    cpu_s: float = 0.0


def tree(root: int) -> list[int]:
    """Return a process and all its descendants, as they are now."""
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        with suppress(OSError), os.scandir(f"/proc/{pid}/task") as tasks:
            for task in tasks:
                todo += map(int, Path(task.path, "children").read_text().split())
    return found


def usage(root: int) -> Usage:
    """Add up what a tree uses. Processes that end meanwhile are not counted."""
    processes = memory = 0
    cpu = 0.0
    for pid in tree(root):
        with suppress(OSError, ValueError, IndexError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            processes += 1
            memory += int(fields[21]) * _PAGE
            cpu += sum(map(int, fields[11:15])) / _TICKS  # its own, and its waited-for children's
    return Usage(processes, memory, cpu)
