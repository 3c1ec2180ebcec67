"""Between an event loop and a store that blocks: one thread writes, a few read.

Records that arrive while a write is under way wait and are written together, with one fsync.
Nobody is answered before the write that holds their records has returned.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from syncropel.kernel import Checked, Ingested, Kernel, Refusal

T = TypeVar("T")
Judged = Sequence[Checked | Refusal]
Outcomes = Sequence[Ingested | Refusal]
_MOST_AT_ONCE = 4_000


@dataclass(frozen=True, slots=True)
class _Waiting:
    judged: Judged
    outcomes: "asyncio.Future[Outcomes]"


class Desk:
    """Takes reads and writes of one event loop to the kernel's store."""

    def __init__(self, kernel: Kernel, *, readers: int, max_waiting: int) -> None:
        self.kernel = kernel
        self._max_waiting = max_waiting
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="syncropel-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="syncropel-write")
        self._queue: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None
        self.waiting = 0

    async def read(self, work: Callable[[], T]) -> T:
        """Run what reads the store."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def write(self, work: Callable[[], T]) -> T:
        """Run what writes to the store beside records: keys, checkpoints."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    async def commit(self, judged: Judged) -> Outcomes:
        """Store records; on return they are durable, or refused.

        A caller that goes away does not take its records with it.
        """
        if self.waiting and self.waiting + len(judged) > self._max_waiting:
            busy = Refusal(503, "BUSY", "too many records wait to be written; try again later")
            return [busy for _ in judged]
        future: asyncio.Future[Outcomes] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(judged, future))
        self.waiting += len(judged)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await future

    async def close(self) -> None:
        """Write what waits, and stop the threads."""
        if self._writing is not None:
            await self._writing
        self._writer.shutdown()
        self._readers.shutdown()

    async def _write_all(self) -> None:
        try:
            while self._queue:
                await self._write_some()
        finally:
            self._writing = None

    async def _write_some(self) -> None:
        portion: list[_Waiting] = []
        records: list[Checked | Refusal] = []
        while self._queue and (
            not records or len(records) + len(self._queue[0].judged) <= _MOST_AT_ONCE
        ):
            portion.append(self._queue.popleft())
            records.extend(portion[-1].judged)
        try:
            outcomes = await self.write(lambda: self.kernel.commit(records))
        except Exception as error:  # noqa: BLE001 (handed to everybody who waits for it)
            self._settle(portion, error)
        else:
            self._settle(portion, outcomes)
        self.waiting -= len(records)

    def _settle(self, portion: Sequence[_Waiting], result: Any) -> None:
        start = 0
        for each in portion:
            end = start + len(each.judged)
            if each.outcomes.done():  # its caller has gone
                pass
            elif isinstance(result, Exception):
                each.outcomes.set_exception(result)
            else:
                each.outcomes.set_result(result[start:end])
            start = end
