"""Hearing what other kernels have stored in the same database."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final

import psycopg

CHANNEL: Final = "syncropel"
_LONGEST_PAYLOAD: Final = 7_900
_PAUSE_S: Final = 1.0
_LOGGER: Final = logging.getLogger("syncropel_kernel")


def payload(by: str, threads: Iterable[str]) -> str:
    """Write which threads have grown; without names where they do not fit."""
    names = sorted(set(threads))
    text = json.dumps({"by": by, "threads": names})
    return text if len(text) < _LONGEST_PAYLOAD else json.dumps({"by": by, "threads": None})


async def follow(dsn: str, *, own: str) -> AsyncIterator[Sequence[str] | None]:
    """Yield threads that others have written to; None after a gap, when any may have been."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as db:
                await db.execute(f"LISTEN {CHANNEL}".encode())
                yield None
                async for notice in db.notifies():
                    said = json.loads(notice.payload)
                    if said["by"] != own:
                        yield said["threads"]
        except psycopg.Error as error:
            _LOGGER.warning("listening again in %g s: %s", _PAUSE_S, error)
        await asyncio.sleep(_PAUSE_S)
