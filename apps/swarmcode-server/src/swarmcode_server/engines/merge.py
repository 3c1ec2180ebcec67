"""Several streams as one, in the order in which their pieces come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def merged(streams: Sequence[AsyncGenerator[T, None]]) -> AsyncGenerator[T, None]:
    """Yield what any stream yields. The first failure ends them all; so does closing this."""
    queue: asyncio.Queue[T | BaseException | None] = asyncio.Queue(maxsize=8 * len(streams))

    async def pump(stream: AsyncGenerator[T, None]) -> None:
        failure: BaseException | None = None
        try:
            async with aclosing(stream):
                async for piece in stream:
                    await queue.put(piece)
        except Exception as error:  # noqa: BLE001 - raised by whoever reads the merged stream
            failure = error
        await queue.put(failure)

    tasks = [asyncio.create_task(pump(stream)) for stream in streams]
    try:
        running = len(tasks)
        while running:
            piece = await queue.get()
            if isinstance(piece, BaseException):
                raise piece
            if piece is None:
                running -= 1
            else:
                yield piece
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
