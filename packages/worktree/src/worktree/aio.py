"""Awaitable versions of what touches storage; the work is done on a thread.

A task that is cancelled while it waits does not leave a commit half decided behind: the
cancellation is delivered once the thread is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from . import tree as _tree
from .commit.differences import Plan, Status
from .items import Worktree
from .lifecycle import commit_item, sync_item

Tree = TypeVar("Tree", bound=Worktree)
T = TypeVar("T")


async def mount(tree: type[Tree], where: Any, **options: Any) -> Tree:
    """`worktree.mount`, awaited; it takes the same options."""
    return await run(lambda: _tree.mount(tree, where, **options))


async def sync(item: Any) -> None:
    """`tree.sync()`, awaited."""
    await run(lambda: sync_item(item))


async def commit(item: Any) -> None:
    """`tree.commit()`, awaited."""
    await run(lambda: commit_item(item))


async def reload(tree: Any) -> Status:
    """`worktree.reload`, awaited."""
    return await run(lambda: _tree.reload(tree))


async def status(tree: Any) -> Status:
    """`worktree.status`, awaited."""
    return await run(lambda: _tree.status(tree))


async def plan(tree: Any) -> Plan:
    """`worktree.plan`, awaited."""
    return await run(lambda: _tree.plan(tree))


async def run(work: Callable[[], T]) -> T:
    """Do blocking work on a thread."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # Seen here, so that it is not reported as lost.
        raise
