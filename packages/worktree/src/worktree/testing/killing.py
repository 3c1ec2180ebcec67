"""Does a driver leave whole trees behind when its process is killed? For drivers that say so.

    class TestMyStorageKilled(KillAcceptance):
        def open_storage(self) -> Storage:
            return MyStorage("the same place, each time")

A child process writes generation after generation until SIGKILL ends it, at a random moment.
What is stored then must be one generation, and not an older one than the child reported.
"""

from __future__ import annotations

import os
import random
import signal
import struct
import time
from collections.abc import Callable
from typing import TypeAlias

from ..storage.contract import Change, Put, Remove, Selection, Storage
from .acceptance import expect

_KEYS = ("a", "f/b", "f/g/c", "log")
_SOMETIMES = "f/sometimes"
_RECORD = struct.Struct("q")
Report: TypeAlias = Callable[[int], object]


class KillAcceptance:
    """For storages outside of the process whose `apply` is atomic; needs `os.fork`."""

    kills = 20
    longest_life = 0.02
    """How long a child writes at most, in seconds."""

    def open_storage(self) -> Storage:
        """The storage, opened again: each call leads to the same place, empty at first."""
        raise AssertionError("override open_storage()")

    def test_a_killed_writer_leaves_one_generation(self) -> None:
        """Neither a mixture of two, nor an older one than was confirmed."""
        expect(self.open_storage().capabilities.atomic, "tree", "what the storage promises")
        rng = random.Random(1)  # noqa: S311 — repeatable.
        self.open_storage().apply(_generation(0), {})
        for number in range(self.kills):
            confirmed = last_report(self._write_forever, life=rng.uniform(0, self.longest_life))
            found = _stored(self.open_storage())
            if len(found) != 1 or min(found) < confirmed:
                raise AssertionError(
                    f"kill {number}: {confirmed} was confirmed, found {sorted(found)}"
                )

    def _write_forever(self, report: Report) -> None:
        storage = self.open_storage()
        number = max(_stored(storage))
        while True:
            report(number)
            number += 1
            storage.apply(_generation(number), {})


def last_report(write: Callable[[Report], None], *, life: float) -> int:
    """Let a child process write, end it with SIGKILL, and return the last number it reported.

    Its life, in seconds, begins with its first report.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            write(lambda number: os.write(writing, _RECORD.pack(number)))
        finally:
            os._exit(1)
    os.close(writing)
    reported = os.read(reading, _RECORD.size)
    time.sleep(life)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while chunk := os.read(reading, 1 << 16):
        reported += chunk
    os.close(reading)
    if not os.WIFSIGNALED(status):
        raise AssertionError("the writer ended by itself: its storage raised an error")
    whole = len(reported) // _RECORD.size * _RECORD.size
    return int(_RECORD.unpack(reported[whole - _RECORD.size : whole])[0])


def _generation(number: int) -> list[Change]:
    """Writes that all say the same number, and an object that comes and goes."""
    data = str(number).encode()
    changes: list[Change] = [Put(key, data) for key in _KEYS]
    changes.append(Put(_SOMETIMES, data) if number % 2 else Remove(_SOMETIMES))
    return changes


def _stored(storage: Storage) -> set[int]:
    """The generations that are stored; -1 stands for an object that is there or not, wrongly."""
    objects = storage.read(Selection(objects=(*_KEYS, _SOMETIMES))).objects
    found = {int(objects[key].data) if key in objects else -1 for key in _KEYS}
    if any((_SOMETIMES in objects) != bool(number % 2) for number in found):
        found.add(-1)
    return found
