"""Run one prepared process to its end: read what it writes, hold the limits, leave nothing.

The same for every rung. A rung says how to start (`Launch`) and how to end everything.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from .cgroup import Cgroup
from .policy import Limits
from .result import Ended, Output
from .usage import tree, usage

_LOOK_EVERY = 0.05  # seconds between two looks at what the tree uses
_PATIENCE = 1.0  # seconds that what was killed gets to be gone


class Cancel(Protocol):
    """Something that says whether to stop, such as a `threading.Event`."""

    def is_set(self) -> bool:
        """Whether the command should be ended."""
        ...


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a rung's process."""

    argv: Sequence[str]
    environment: dict[str, str]
    folder: str
    pass_fds: tuple[int, ...] = ()
    started: Callable[[subprocess.Popen[bytes]], None] | None = None  # before the command runs
    kill: Callable[[], None] | None = None  # what a rung has to end beside its processes
    graceful: bool = False  # whether the process ends its own descendants when told to


@dataclass(frozen=True, slots=True)
class Finished:
    """What was seen of a process."""

    exit_code: int
    ended: Ended
    stdout: Output
    stderr: Output
    wall_s: float


class _Stream:
    """One stream: its first and last bytes, and a count of the rest."""

    def __init__(self, keep: int) -> None:
        self.total = 0
        self._half = max(keep // 2, 1)
        self._head, self._tail = bytearray(), bytearray()

    def feed(self, data: bytes) -> None:
        self.total += len(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]

    def output(self) -> Output:
        tail = self._tail[-self._half :]
        cut = self.total - len(self._head) - len(tail)
        head = self._head.decode("utf-8", "replace")
        last = tail.decode("utf-8", "replace")
        if not cut:
            return Output((self._head + tail).decode("utf-8", "replace"))
        return Output(f"{head}\n[… {cut} bytes cut …]\n{last}", cut)


def run_process(
    launch: Launch, limits: Limits, *, cgroup: Cgroup | None = None, cancel: Cancel | None = None
) -> Finished:
    """Start, watch, end and clean up. Whatever happens, nothing of it runs on afterwards."""
    began = time.monotonic()
    process = subprocess.Popen(
        launch.argv,
        env=launch.environment,
        cwd=launch.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=launch.pass_fds,
        start_new_session=True,
    )
    watcher = _Watcher(process, limits, began, cancel)
    try:
        if launch.started is not None:
            launch.started(process)
        watcher.watch()
    finally:
        _end(process, launch, cgroup)
        watcher.drain()
    ended = watcher.ended
    if ended is Ended.EXITED:
        ended = _explain(process.returncode, cgroup)
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    out, err = (stream.output() for stream in watcher.streams)
    return Finished(code, ended, out, err, time.monotonic() - began)


class _Watcher:
    """Reads both streams and looks at the limits until the process ends or one is reached."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        limits: Limits,
        began: float,
        cancel: Cancel | None,
    ) -> None:
        self.ended = Ended.EXITED
        self.streams = (_Stream(limits.output_bytes), _Stream(limits.output_bytes))
        self._process, self._limits, self._began, self._cancel = process, limits, began, cancel
        self._selector = selectors.DefaultSelector()
        for pipe, stream in zip((process.stdout, process.stderr), self.streams, strict=True):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(pipe, selectors.EVENT_READ, stream)

    def watch(self) -> None:
        next_look = time.monotonic() + _LOOK_EVERY
        while self._selector.get_map():
            self._read(_LOOK_EVERY)
            if (reached := self._reached(look=time.monotonic() >= next_look)) is not None:
                self.ended = reached
                return
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + _LOOK_EVERY
                if self._process.poll() is not None:
                    return
        self._wait_until_gone()

    def _wait_until_gone(self) -> None:
        """Keep to the limits though nothing is written any more."""
        while True:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_EVERY)
                return
            if (reached := self._reached(look=True)) is not None:
                self.ended = reached
                return

    def drain(self) -> None:
        """Read what is left in the pipes, and close them."""
        while self._selector.get_map() and self._read(0):
            if max(stream.total for stream in self.streams) > 2 * self._limits.output_total:
                break
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._selector.close()

    def _read(self, wait: float) -> bool:
        events = self._selector.select(wait)
        for key, _ in events:
            data = os.read(key.fd, 65536)
            if data:
                key.data.feed(data)
            else:
                self._selector.unregister(key.fileobj)
        return bool(events)

    def _reached(self, *, look: bool) -> Ended | None:
        limits = self._limits
        if time.monotonic() - self._began > limits.wall_s:
            return Ended.TIME
        if max(stream.total for stream in self.streams) > limits.output_total:
            return Ended.OUTPUT
        if not look:
            return None
        if self._cancel is not None and self._cancel.is_set():
            return Ended.CANCELLED
        used = usage(self._process.pid)
        if used.memory_bytes > limits.memory_bytes:
            return Ended.MEMORY
        if used.cpu_s > limits.cpu_s:
            return Ended.CPU
        return Ended.PROCESSES if used.processes > limits.processes + _OWN else None


_OWN = 4  # processes of a rung's own that stand between us and the command


def _end(process: subprocess.Popen[bytes], launch: Launch, cgroup: Cgroup | None) -> None:
    if process.poll() is None and launch.graceful:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
    if process.poll() is None:
        _kill_tree(process)
    if launch.kill is not None:
        launch.kill()
    process.wait()
    if cgroup is not None:
        cgroup.end()


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill the descendants until none is left, and then their root, which keeps them together."""
    deadline = time.monotonic() + _PATIENCE
    while (below := tree(process.pid)[1:]) and time.monotonic() < deadline:
        for pid in below:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if process.poll() is not None:
            break
    process.kill()


_SIGNALS = {
    128 + signal.SIGXCPU: Ended.CPU,
    128 + signal.SIGXFSZ: Ended.FILE_SIZE,
}


def _explain(code: int, cgroup: Cgroup | None) -> Ended:
    """Say which limit a signal stands for."""
    code = 128 - code if code < 0 else code
    if code == 128 + signal.SIGKILL and cgroup is not None and cgroup.killed_for_memory:
        return Ended.MEMORY
    return _SIGNALS.get(code, Ended.EXITED)
