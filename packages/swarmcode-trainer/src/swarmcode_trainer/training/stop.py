"""Ctrl-C asks training to stop: after the step, with a checkpoint. A second one does not ask."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class StopRequest:
    """While it is entered, SIGINT and SIGTERM set `wanted` instead of ending the process.

    A second SIGINT raises KeyboardInterrupt at once. Off the main thread signals cannot be
    caught; there it does nothing, and `request` is the way to stop.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._before: dict[int, Any] = {}

    def request(self) -> None:
        """Ask training to stop after the step that runs."""
        self.wanted = True

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.wanted and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.wanted = True
