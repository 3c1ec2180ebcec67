"""A control group for one command, where the machine lets us make one.

It holds memory and number of processes for the whole tree, and ends every process in it. Without
one, limits hold for each process, and the sum is watched (`usage.py`).
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from .policy import Limits

_STALE_AFTER = 3600.0
_FS = Path("/sys/fs/cgroup")
_MEMORY_V1, _MEMORY_V2 = "memory.limit_in_bytes", "memory.max"


class Cgroup:
    """One group: a folder for each controller (version 1), or one for all (version 2)."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders

    def add(self, pid: int) -> None:
        """Put a process, and all that it starts from now on, into the group."""
        for folder in set(self._folders.values()):
            with suppress(ProcessLookupError):
                (folder / "cgroup.procs").write_text(str(pid))

    @property
    def killed_for_memory(self) -> bool:
        """Whether the kernel ended a process of the group for want of memory."""
        folder = self._folders["memory"]
        for name in ("memory.events", "memory.oom_control"):
            with suppress(OSError):
                for line in (folder / name).read_text().splitlines():
                    word, _, count = line.partition(" ")
                    if word == "oom_kill" and int(count) > 0:
                        return True
        return False

    def end(self) -> None:
        """End every process of the group and take the group away."""
        for folder in set(self._folders.values()):
            _remove(folder)


def _remove(folder: Path) -> None:
    for _ in range(200):
        with suppress(OSError):
            for pid in (folder / "cgroup.procs").read_text().split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), 9)
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.005)  # its processes are still on their way out
        else:
            return


def make_cgroup(limits: Limits) -> Cgroup | None:
    """Make a group with these limits, or return None where that is not ours to do."""
    name = f"swarmcode-{secrets.token_hex(6)}"
    made: dict[str, Path] = {}
    try:
        for controller, parent in _parents().items():
            _sweep(parent)
            folder = parent / name
            folder.mkdir(exist_ok=True)
            made[controller] = folder
        _set_limits(made, limits)
    except (OSError, KeyError):
        for folder in made.values():
            with suppress(OSError):
                folder.rmdir()
        return None
    return Cgroup(made)


def _sweep(parent: Path) -> None:
    """Take away empty groups of processes that were killed before they could."""
    for folder in parent.glob("swarmcode-*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _STALE_AFTER:
                folder.rmdir()  # refused while it has a process


def _set_limits(folders: dict[str, Path], limits: Limits) -> None:
    (folders["pids"] / "pids.max").write_text(str(limits.processes))
    memory = folders["memory"]
    name = _MEMORY_V2 if (memory / _MEMORY_V2).exists() else _MEMORY_V1
    (memory / name).write_text(str(limits.memory_bytes))
    for swap, value in (
        ("memory.swap.max", 0),
        ("memory.memsw.limit_in_bytes", limits.memory_bytes),
    ):
        with suppress(OSError):  # not every kernel counts swap
            (memory / swap).write_text(str(value))


def _parents() -> dict[str, Path]:
    """Return where a group may be made for each controller: beside our own, or below it."""
    found: dict[str, Path] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in {"memory", "pids"} & set(controllers.split(",")):
            found[controller] = _FS / controller / path.lstrip("/")
        if not controllers and not found:
            own = _FS / path.lstrip("/")
            for parent in (own.parent, own):
                enabled = (parent / "cgroup.subtree_control").read_text().split()
                if {"memory", "pids"} <= set(enabled) and os.access(parent, os.W_OK):
                    return {"memory": parent, "pids": parent}
    return found
