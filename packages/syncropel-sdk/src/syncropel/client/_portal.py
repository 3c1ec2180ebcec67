"""Event loops for callers that have none.

`emit_sync` is `emit`, carried out here: there is one way to send, with one set of promises. A
lone caller runs a loop of its own for as long as the call takes; where something has to go on
between calls, or several threads call at once, a loop in a thread of its own serves them.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_kept: set[asyncio.AbstractEventLoop] = set()
"""Loops of clients that nobody has closed yet; a loop that is collected open complains."""


class InlineLoop:
    """A loop that runs only while somebody calls, in the caller's own thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None

    def enter(self) -> bool:
        """Take the loop for one call; False where another thread has it, or a loop runs here."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._lock.acquire(blocking=False)
        return False

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, after `enter`."""
        try:
            if self.loop is None:
                self.loop = asyncio.new_event_loop()
                _kept.add(self.loop)
            return self.loop.run_until_complete(coroutine)
        finally:
            self._lock.release()

    def finish(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a last coroutine and close the loop; waits for a call that is under way."""
        with self._lock:
            loop, self.loop = self.loop, None
            if loop is not None:
                loop.run_until_complete(coroutine)
                loop.run_until_complete(loop.shutdown_default_executor())
                loop.close()
                _kept.discard(loop)


class Portal:
    """Runs coroutines for threads without an event loop; the thread is a daemon."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="syncropel-portal", daemon=True)
        self._thread.start()

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end and return what it returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def inside(self) -> bool:
        """Whether the caller is the portal's own thread, which must not wait for itself."""
        return threading.current_thread() is self._thread

    def stop(self) -> None:
        """End the loop and its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        if not self.inside():
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            leftover = asyncio.all_tasks(self._loop)
            for task in leftover:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*leftover, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()
