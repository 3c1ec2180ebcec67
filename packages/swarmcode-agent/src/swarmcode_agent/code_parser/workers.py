"""Reading many files on all cores.

Each worker is a Python process of its own that runs one function over and over: it gets a small
header and the bytes of a file, and answers with text. Processes are started as commands, not
forked, so that threads, notebooks and scripts without a main guard are safe, and they talk in
length-prefixed frames of JSON and bytes, never pickle.

A grammar is native code, and hostile input can crash it or keep it busy for minutes inside one
step that nothing can interrupt. So a worker that dies or overruns loses one file, which is told,
and another worker takes its place. Time is the worker's processor time, so that what becomes of a
file does not depend on how busy the machine is.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

from ..errors import AgentError

Task = Callable[[dict[str, Any], bytes], str]
Item = TypeVar("Item")
Result = TypeVar("Result")

# However a text of this length is made, no grammar has needed half a second for it.
HARMLESS = 1000

# A parser gives up on a file after a fraction of a second; this is for when it cannot.
_SECONDS_A_FILE = 2.0
# A worker is ended after its processor time by the system itself. Where the system cannot, or
# the worker waits for something, it is ended after so many times as long by the clock.
_PATIENCE = 15

_OUT_OF_TIME = -signal.SIGPROF if hasattr(signal, "SIGPROF") else None

_FRAME = struct.Struct("<II")
_CODE = "from swarmcode_agent.code_parser.workers import serve; serve()"


class WorkerDiedError(Exception):
    """The process that was reading this file ended; the file is to blame, or the machine."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Worker:
    """One process that runs a task; used by one thread at a time."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._process: subprocess.Popen[bytes] | None = None

    def call(self, header: dict[str, Any], content: bytes, *, seconds: float) -> str:
        """Run the task in the process, for so many seconds of processor time at most.

        Raises WorkerDiedError when the process ends over it, or had to be ended.
        """
        process = self._process = self._process or self._start()
        watch = threading.Timer(seconds * _PATIENCE, process.kill)
        watch.start()
        try:
            answer = _exchange(process, {**header, "seconds": seconds}, content)
            overdue = not watch.is_alive()
        except BaseException:  # interrupted: an answer may be on its way that nobody waits for
            process.kill()
            self.close()
            raise
        finally:
            watch.cancel()
            watch.join()  # no thread is left that a fork in the caller's program would meet
        if answer is None:
            code = self.close()
            if overdue or code == _OUT_OF_TIME:
                raise WorkerDiedError(f"it took over {seconds:g} s")
            raise WorkerDiedError(f"the reading process ended with status {code}")
        return answer

    def close(self) -> int | None:
        """End the process and return its status."""
        process, self._process = self._process, None
        if process is None:
            return None
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # the process is gone, and what was in flight with it
                    stream.close()
        try:
            return process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        # -P: what lies in the current folder, a repository perhaps, is never imported.
        command = [sys.executable, "-P", "-c", _CODE, self._task]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": _search_path()},
                start_new_session=True,  # Ctrl-C is the parent's to handle
            )
        except OSError as error:
            raise AgentError(
                f"cannot start a reading process, {sys.executable!r}: {error.strerror}"
            ) from error
        self._process = process
        if process.stdout is None or _read(process.stdout) is None:  # its greeting
            raise AgentError(f"cannot start a reading process (it ended with {self.close()})")
        return process


def _search_path() -> str:
    """Return what a worker needs to find this package, wherever the parent found it."""
    ours = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])


class WorkerPool:
    """A bounded window of files in flight over a few workers.

    `task` is `module:function`. A file too short to do harm is read in this process.
    """

    def __init__(self, task: str, *, jobs: int | None = None) -> None:
        self._jobs = cores() if jobs is None else max(1, jobs)
        self._task = task
        self._local = threading.local()
        self._workers: list[Worker] = []
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let what is in flight finish, and end the processes."""
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.close()
        self._workers.clear()

    def call(self, header: dict[str, Any], content: bytes) -> str:
        """Run the task on one file, in the worker of the calling thread."""
        if len(content) <= HARMLESS:
            return resolve(self._task)(header, content)
        worker = getattr(self._local, "worker", None)
        if worker is None:
            worker = self._local.worker = Worker(self._task)
            self._workers.append(worker)
        answer: str = worker.call(header, content, seconds=_SECONDS_A_FILE)
        return answer

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result]]:
        """Apply a function, which may use `call`, to items; results come as they are ready.

        No more than a few items a worker are in flight, however many there are.
        """
        if self._jobs <= 1:
            for item in items:
                yield item, function(item)
            return
        self._threads = self._threads or ThreadPoolExecutor(self._jobs, "swarmcode-read")
        pending: dict[Future[Result], Item] = {}
        for item in items:
            pending[self._threads.submit(function, item)] = item
            if len(pending) >= self._jobs * 4:
                yield from _finished(pending)
        while pending:
            yield from _finished(pending)


def _finished(pending: dict[Future[Result], Item]) -> Iterator[tuple[Item, Result]]:
    done, _ = wait(pending, return_when=FIRST_COMPLETED)
    for future in done:
        yield pending.pop(future), future.result()


def resolve(task: str) -> Task:
    """Return the function that a task names."""
    module, _, name = task.partition(":")
    function: Task = getattr(importlib.import_module(module), name)
    return function


def serve() -> None:
    """Be a worker: answer frames until the other side closes."""
    task = resolve(sys.argv[1])
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not end up between two frames
    _write(sink, b"", b"")  # the greeting: whatever ends this process from now on is a file
    while (frame := _read(source)) is not None:
        header = json.loads(frame[0])
        _end_after(header["seconds"])
        answer = task(header, frame[1])
        _end_after(0)
        _write(sink, b"", answer.encode())


def _end_after(seconds: float) -> None:
    """Have the system end this process after so much processor time; 0 takes it back.

    A signal that Python does not handle ends a process even inside native code.
    """
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _exchange(
    process: subprocess.Popen[bytes], header: dict[str, Any], content: bytes
) -> str | None:
    """Send a file and return the answer, or None when the process is gone."""
    if process.stdin is None or process.stdout is None:
        return None
    try:
        _write(process.stdin, json.dumps(header).encode(), content)
        answer = _read(process.stdout)
    except OSError:
        return None
    return answer[1].decode() if answer is not None else None


def _write(stream: IO[bytes], header: bytes, content: bytes) -> None:
    stream.write(_FRAME.pack(len(header), len(content)))
    stream.write(header)
    stream.write(content)
    stream.flush()


def _read(stream: IO[bytes]) -> tuple[bytes, bytes] | None:
    prefix = stream.read(_FRAME.size)
    if len(prefix) < _FRAME.size:
        return None
    sizes = _FRAME.unpack(prefix)
    header, content = stream.read(sizes[0]), stream.read(sizes[1])
    return (header, content) if (len(header), len(content)) == sizes else None
