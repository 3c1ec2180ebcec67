"""Workspaces: each session has its own copy of the server's one, and nobody else's.

What tools change is the copy. The change is a patch that the session can be asked for; the folder
that the copies are made from is never written to.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .errors import NotFoundError, RateLimitError, TooLargeError
from .settings import Limits

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call of a tool."""

    success: bool
    output: str
    error: str | None

    @property
    def text(self) -> str:
        """What the model is shown."""
        return self.output if self.error is None else f"{self.output}\n{self.error}".lstrip("\n")


class Hands(Protocol):
    """Tools on one folder."""

    async def execute(self, name: str, arguments: Mapping[str, Any] | str) -> Outcome:
        """Run one call; what is wrong with it is its outcome."""
        ...

    async def patch(self) -> str:
        """What was changed since the beginning, as a unified diff."""
        ...


class OnCall(Protocol):
    """Is told of each call that was run."""

    def __call__(self, name: str, *, success: bool) -> None:
        """Count it."""
        ...


class ToolBox(Protocol):
    """The tools that there are."""

    def definitions(self) -> Sequence[dict[str, Any]]:
        """The tools, as OpenAI's function schemas."""
        ...

    def hands(self, folder: Path) -> Hands:
        """The tools on a folder."""
        ...


@dataclass(slots=True)
class Session:
    """One workspace, and who works in it. One call runs at a time."""

    name: str
    owner: str
    folder: Path
    hands: Hands
    used: float
    most_bytes: int
    on_call: OnCall
    busy: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def execute(self, name: str, arguments: Mapping[str, Any] | str) -> Outcome:
        """Run one call of a tool."""
        async with self.lock:
            size = await asyncio.to_thread(size_of, self.folder)
            if size > self.most_bytes:
                return Outcome(
                    success=False,
                    output="",
                    error=f"the workspace holds {size} bytes, and {self.most_bytes} is its limit: "
                    "delete the session and begin anew",
                )
            outcome = await self.hands.execute(name, arguments)
            self.on_call(name, success=outcome.success)
            return outcome


def _ignore(name: str, *, success: bool) -> None:
    """Count nothing."""


class Workspaces:
    """The sessions of a server. Idle ones are deleted; all are when the server ends."""

    def __init__(
        self, tools: ToolBox, origin: Path, limits: Limits, *, clock: Clock = time.monotonic
    ) -> None:
        self.tools = tools
        self._origin, self._limits, self._clock = origin, limits, clock
        self._sessions: dict[tuple[str, str], Session] = {}
        self._root: Path | None = None
        self._making = asyncio.Lock()
        self._sweeper: asyncio.Task[None] | None = None
        self.on_call: OnCall = _ignore

    def __len__(self) -> int:
        return len(self._sessions)

    async def start(self) -> None:
        """Begin to delete what is idle."""
        self._sweeper = asyncio.create_task(self._sweep())

    async def aclose(self) -> None:
        """Delete every workspace."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        self._sessions.clear()
        root, self._root = self._root, None
        if root is not None:
            await asyncio.to_thread(shutil.rmtree, root, ignore_errors=True)

    @contextlib.asynccontextmanager
    async def session(self, owner: str, name: str | None) -> AsyncIterator[Session]:
        """Work in a session: a named one stays for the next time, another ends with this.

        Raises RateLimitError where there are too many, TooLargeError where the origin is.
        """
        session = await self._find(owner, name or f"once-{os.urandom(8).hex()}")
        session.busy += 1
        try:
            yield session
        finally:
            session.busy -= 1
            session.used = self._clock()
            if name is None:
                await asyncio.shield(self._delete(session))

    async def patch(self, owner: str, name: str) -> str:
        """What a session changed. Raises NotFoundError."""
        session = self._known(owner, name)
        async with session.lock:
            return await session.hands.patch()

    async def end(self, owner: str, name: str) -> None:
        """Delete a session's workspace. Raises NotFoundError."""
        await self._delete(self._known(owner, name))

    def _known(self, owner: str, name: str) -> Session:
        session = self._sessions.get((owner, name))
        if session is None:
            raise NotFoundError(f"there is no session {name!r}", code="session_not_found")
        return session

    async def _find(self, owner: str, name: str) -> Session:
        async with self._making:
            session = self._sessions.get((owner, name))
            if session is None:
                await self._make_room()
                session = await self._make(owner, name)
                self._sessions[owner, name] = session
            session.used = self._clock()
            return session

    async def _make_room(self) -> None:
        if len(self._sessions) < self._limits.sessions:
            return
        idle = [session for session in self._sessions.values() if not session.busy]
        if not idle:
            raise RateLimitError(
                f"{len(self._sessions)} workspaces are in use, the limit",
                code="too_many_sessions",
                retry_after=5,
            )
        await self._delete(min(idle, key=lambda session: session.used))

    async def _make(self, owner: str, name: str) -> Session:
        if self._root is None:
            self._root = Path(tempfile.mkdtemp(prefix="swarmcode-sessions-"))
        folder = self._root / os.urandom(12).hex()
        try:
            await asyncio.to_thread(_copy, self._origin, folder, self._limits.session_bytes)
        except BaseException:  # a caller who leaves cancels the copy: half of it must go too
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        hands = await asyncio.to_thread(self.tools.hands, folder)
        most = self._limits.session_bytes
        return Session(name, owner, folder, hands, self._clock(), most, self.on_call)

    async def _delete(self, session: Session) -> None:
        if self._sessions.get((session.owner, session.name)) is session:
            del self._sessions[session.owner, session.name]
        async with session.lock:
            await asyncio.to_thread(shutil.rmtree, session.folder, ignore_errors=True)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(30.0, self._limits.session_seconds / 4))
            oldest = self._clock() - self._limits.session_seconds
            for session in list(self._sessions.values()):
                if not session.busy and session.used < oldest:
                    await self._delete(session)


def size_of(folder: Path) -> int:
    """Bytes of a folder's files. What cannot be looked at is not counted."""
    total, open_folders = 0, [str(folder)]
    while open_folders:
        with contextlib.suppress(OSError), os.scandir(open_folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    open_folders.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
    return total


def _copy(origin: Path, folder: Path, most: int) -> None:
    if not origin.is_dir():
        folder.mkdir()
        return
    if (size := size_of(origin)) > most:
        raise TooLargeError(f"workspace_dir holds {size} bytes, and {most} is a session's limit")
    shutil.copytree(origin, folder, symlinks=True, ignore=_no_special_files)


def _no_special_files(folder: str, names: list[str]) -> list[str]:
    """Leave out pipes, sockets and devices: reading one would wait for ever."""
    paths = {name: Path(folder) / name for name in names}
    return [n for n, p in paths.items() if not (p.is_symlink() or p.is_file() or p.is_dir())]
