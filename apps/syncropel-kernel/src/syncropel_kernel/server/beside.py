"""What runs beside the requests: looking for other writers, and tidying."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Protocol, runtime_checkable

from syncropel import StoreError
from syncropel.kernel import Kernel

from .desk import Desk
from .settings import ServerSettings

_LOGGER: Final = logging.getLogger("syncropel_kernel")


@runtime_checkable
class Polled(Protocol):
    """A store that other processes may write to without telling us."""

    def version(self) -> int:
        """Return a number that changes whenever somebody else has written."""
        ...


@runtime_checkable
class Checkpointed(Protocol):
    """A store that has something to tidy from time to time."""

    def checkpoint(self) -> None:
        """Tidy."""
        ...


@runtime_checkable
class Announcing(Protocol):
    """A store that is told which threads other processes have written to."""

    def follow(self) -> AsyncIterator[Sequence[str] | None]:
        """Yield names of threads, or None where any may have changed."""
        ...


@asynccontextmanager
async def running_beside(
    kernel: Kernel, desk: Desk, settings: ServerSettings
) -> AsyncIterator[None]:
    """Do what this kernel's store needs until the block ends."""
    tasks = [asyncio.create_task(each) for each in _chores(kernel, desk, settings)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _chores(
    kernel: Kernel, desk: Desk, settings: ServerSettings
) -> list[Coroutine[Any, Any, None]]:
    store: object = kernel.store
    chores = []
    if isinstance(store, Polled):
        chores.append(_poll(kernel, store, desk, settings.poll_s))
    if isinstance(store, Checkpointed):
        chores.append(_tidy(store, desk, settings.checkpoint_s))
    if isinstance(store, Announcing):
        chores.append(_follow(kernel, store))
    return chores


async def _poll(kernel: Kernel, store: Polled, desk: Desk, seconds: float) -> None:
    """Notice what other processes have written to the same file."""
    seen = None
    while True:
        with suppress(StoreError):
            now = await desk.write(store.version)  # always that thread: the number is its own
            if seen is not None and now != seen:
                kernel.announce(None)
            seen = now
        await asyncio.sleep(seconds)


async def _tidy(store: Checkpointed, desk: Desk, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await desk.write(store.checkpoint)
        except StoreError as error:
            _LOGGER.warning("the checkpoint has to wait: %s", error)


async def _follow(kernel: Kernel, store: Announcing) -> None:
    async for threads in store.follow():
        kernel.announce(threads)
