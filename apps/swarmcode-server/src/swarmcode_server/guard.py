"""Who may do what: keys, scopes, quotas, and how much the whole server does at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from .engines import Usage
from .errors import ForbiddenError, NoKeyError, UnavailableError
from .keys import Key, KeyRing
from .quota import Quota

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})


@dataclass(slots=True)
class Caller:
    """Whoever asks. `quota` is None where no keys are in use."""

    quota: Quota | None = None
    tokens: int = 0  # of the request under way
    told: dict[str, Any] = field(default_factory=dict)  # for the request's log line

    def count(self, model: str, usage: Usage) -> None:
        """Count what an answer took."""
        self.tokens += usage.prompt + usage.completion
        self.told["model"] = model
        self.told["prompt_tokens"] = self.told.get("prompt_tokens", 0) + usage.prompt
        self.told["completion_tokens"] = self.told.get("completion_tokens", 0) + usage.completion

    @property
    def name(self) -> str:
        """What logs call it."""
        return self.quota.key.name if self.quota else "local"

    @property
    def key(self) -> Key | None:
        """Its key."""
        return self.quota.key if self.quota else None


@dataclass(slots=True)
class Guard:
    """Lets requests in, counts those that run, and lets none in while draining."""

    ring: KeyRing
    concurrent: int
    clock: Callable[[], float] = time.monotonic
    running: int = 0
    draining: bool = False
    _quotas: dict[str, Quota] = field(default_factory=dict)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def caller(self, authorization: str | None, *, host: str | None) -> Caller:
        """Say who asks. Raises NoKeyError, and ForbiddenError for a page of another site.

        Without keys, whoever reaches the loopback address is let in: but a web page that has
        its own name lead there (DNS rebinding) is seen by the name.
        """
        if not len(self.ring):
            name = (host or "").rsplit(":", 1)[0] if not (host or "").endswith("]") else host
            if name not in _LOOPBACK:
                raise ForbiddenError(
                    f"without keys this server answers to localhost alone, not to {host!r}"
                )
            return Caller()
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NoKeyError("this server needs a key: send `Authorization: Bearer …`")
        key = self.ring.find(token.strip())
        if key is None:
            raise NoKeyError("this key is not known here")
        quota = self._quotas.setdefault(key.sha256, Quota(key, self.clock))
        return Caller(quota)

    def check(self, caller: Caller, scope: str) -> None:
        """Raise where the caller may not run tools (`tools`) or change the server (`admin`)."""
        if caller.key is None:
            raise NoKeyError(
                f"{scope} need a key, even on this machine: make one with `python -m "
                f"swarmcode_server keys add NAME --{scope}`, and name its file as keys_file"
            )
        if not getattr(caller.key, scope):
            raise ForbiddenError(f"the key {caller.name!r} may not do this: it lacks {scope!r}")

    @asynccontextmanager
    async def admit(self, caller: Caller) -> AsyncIterator[None]:
        """Count a request in and out. Raises UnavailableError and RateLimitError."""
        if self.draining:
            raise UnavailableError("the server is stopping", code="draining", retry_after=5)
        if self.running >= self.concurrent:
            raise UnavailableError(
                f"{self.running} answers are running, the limit", code="overloaded", retry_after=1
            )
        if caller.quota is not None:
            caller.quota.begin()
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            if caller.quota is not None:
                caller.quota.end(caller.tokens)
            if not self.running:
                self._idle.set()

    async def drain(self, seconds: float) -> bool:
        """Let no one in any more, and wait for who is; whether all are gone."""
        self.draining = True
        try:
            async with asyncio.timeout(seconds):
                while self.running:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            return False
        return True
