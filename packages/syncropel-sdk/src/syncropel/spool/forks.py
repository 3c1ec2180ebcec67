"""Forks and SQLite: a child must not inherit a database that is open or in use.

SQLite keeps the locks of a process in its memory. A forked child inherits that memory but not
the locks, and would believe in locks it does not hold. So a fork waits until no thread is
inside SQLite, closes every spool first, and both processes open theirs again when they next
need them.
"""

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Suspendable(Protocol):
    """Something that can be closed now and opened again by itself."""

    def suspend(self) -> None:
        """Let go of the operating system's resources."""
        ...


class ForkGate:
    """Counts the threads inside SQLite; a fork waits outside for them."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._inside = 0
        self._files: weakref.WeakSet[Suspendable] = weakref.WeakSet()

    def watch(self, file: Suspendable) -> None:
        """Suspend this file before every fork."""
        self._files.add(file)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Keep forks away for the length of the block."""
        with self._condition:
            self._inside += 1
        try:
            yield
        finally:
            with self._condition:
                self._inside -= 1
                if not self._inside:
                    self._condition.notify_all()

    def before(self) -> None:
        """Wait until nobody is inside, then close everything; nobody enters until `after`."""
        self._condition.acquire()
        while self._inside:
            self._condition.wait()
        for file in tuple(self._files):
            file.suspend()

    def after_in_parent(self) -> None:
        """Let threads in again."""
        self._condition.release()

    def after_in_child(self) -> None:
        """Begin with nobody inside: the parent's threads do not exist here."""
        self._condition = threading.Condition()
        self._inside = 0


GATE = ForkGate()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=GATE.before,
        after_in_parent=GATE.after_in_parent,
        after_in_child=GATE.after_in_child,
    )
