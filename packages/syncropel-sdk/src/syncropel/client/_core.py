"""What every part of the client shares: settings, engines per event loop, and their end."""

import asyncio
import inspect
import logging
import os
import threading
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, get_args
from urllib.request import getproxies

import httpx

from ..canonical import Interop
from ..clock import AutoClock
from ..errors import ArgumentTypeError, InvalidArgumentError
from ..identity import Identity
from ..reads import Failure
from ..spool import Drain, Spool
from ..subscribe import Subscription
from ..telemetry import NO_TELEMETRY, GuardedTelemetry, Telemetry
from ..transport import (
    BlockingSender,
    Breaker,
    EmitResult,
    Engine,
    Limits,
    Line,
    Overflow,
    RetryPolicy,
    Settings,
)
from ..transport.settings import checked_endpoint, request_headers
from ._portal import Portal

OnEmit = Callable[[EmitResult], Awaitable[None] | None]
_log: Final = logging.getLogger("syncropel")
_MOST_HOOKS: Final = 1_000
_RETRY_S: Final = 1.0
_cores: "weakref.WeakSet[ClientCore]" = weakref.WeakSet()


class ClientCore:
    """The state of one client; safe to use from several event loops, threads and forks."""

    _engines: dict[asyncio.AbstractEventLoop, Engine]
    _drains: dict[asyncio.AbstractEventLoop, Drain]
    _subscriptions: weakref.WeakSet[Subscription]
    _portal: Portal | None
    _blocking: BlockingSender | None

    def __init__(
        self,
        *,
        endpoint: str = "http://localhost:9100",
        identity: Identity,
        timeout: float = 30.0,
        max_retries: int = 2,
        backoff_ms: float = 250.0,
        on_emit: OnEmit | None = None,
        api_key: str | None = None,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        interop: Interop = "python",
        strict: bool = False,
        spool: Spool | str | Path | None = None,
        overflow: Overflow = "block",
        limits: Limits | None = None,
        breaker: Breaker | None = None,
        telemetry: Telemetry | None = None,
        verify: Any = True,
    ) -> None:
        if not isinstance(identity, Identity):
            raise ArgumentTypeError(
                f"identity must be an Identity instance; got {type(identity).__name__}. "
                "Use Identity.static(did).",
                field="identity",
            )
        _check_choice(interop, get_args(Interop), "interop")
        _check_choice(overflow, get_args(Overflow), "overflow")
        if overflow == "spool" and spool is None:
            raise InvalidArgumentError("overflow='spool' needs a spool=", field="overflow")
        limits = limits or Limits()
        self.endpoint = checked_endpoint(endpoint)
        self.identity = identity
        self.on_emit = on_emit
        self.strict = strict
        self.interop: Interop = interop
        self.spool = Spool(spool) if isinstance(spool, str | Path) else spool
        self.last_error: Failure | None = None
        """What went wrong in the operation that finished last; None where nothing did."""
        policy = RetryPolicy(
            _not_negative(max_retries, "max_retries"),
            _not_negative(backoff_ms, "backoff_ms") / 1_000,
            limits.max_wait_s,
            limits.deadline_s,
            _not_negative(timeout, "timeout"),
        )
        self._settings = Settings(
            self.endpoint, request_headers(api_key), policy, limits, overflow, transport, verify,
            NO_TELEMETRY if telemetry is None else GuardedTelemetry(telemetry),
        )  # fmt: skip
        self._line = Line(identity, AutoClock(), policy, breaker or Breaker())
        if self.spool is not None:
            self.spool.attach(self._settings.telemetry)
        self._closed = False
        self._hooks: set[asyncio.Task[None]] = set()
        self._begin()
        _cores.add(self)

    @property
    def closed(self) -> bool:
        """Whether `close` was called; a closed client answers every call with a failure."""
        return self._closed

    async def close(self) -> None:
        """Send what still waits in memory, then close every connection. Calling again is fine.

        What waits in the spool stays there, for the next client that opens it.
        """
        already, self._closed = self._closed, True
        with self._lock:
            engines, self._engines = self._engines, {}
            drains, self._drains = self._drains, {}
            portal, self._portal = self._portal, None
        here = asyncio.get_running_loop()
        for subscription in tuple(self._subscriptions):
            subscription.close_from(here)
        for loop, engine in engines.items():
            ending = self._end(engine, drains.get(loop))
            if loop is here:
                await ending
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(ending, loop))
            else:
                ending.close()
        if self._blocking is not None:
            await asyncio.to_thread(self._blocking.close)
        if portal is not None and not portal.inside():
            await asyncio.to_thread(portal.stop)
        if self.spool is not None and not already:
            await asyncio.to_thread(self.spool.detach, self._settings.telemetry)

    async def aclose(self) -> None:
        """The same as `close`."""
        await self.close()

    def close_sync(self) -> None:
        """`close` for callers without an event loop."""
        if self._closed:
            return
        portal = self._portal_now()
        portal.call(self.close())
        portal.stop()

    async def flush(self, *, seconds: float = 30.0) -> int:
        """Wait until nothing waits in memory or in the spool; returns how much still does."""
        engine = self._engine()
        await engine.drain(seconds)
        if self.spool is None:
            return engine.pending
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        retry_at = loop.time()
        while True:
            if loop.time() >= retry_at:  # whoever flushes wants what is held to be tried now
                await asyncio.to_thread(self.spool.retry)
                retry_at = loop.time() + _RETRY_S
            left = await asyncio.to_thread(self._waiting_in_spool)
            if not left or loop.time() >= until:
                return left
            self._drains[loop].wake()
            await asyncio.sleep(0.02)

    def flush_sync(self, *, seconds: float = 30.0) -> int:
        """`flush` for callers without an event loop."""
        return self._portal_now().call(self.flush(seconds=seconds))

    def _waiting_in_spool(self) -> int:
        assert self.spool is not None  # noqa: S101 (flush has looked)
        with self.spool.opened() as file:
            return file.pending()

    def _engine(self) -> Engine:
        """Return this event loop's engine, with a drain beside it where there is a spool."""
        loop = asyncio.get_running_loop()
        engine = self._engines.get(loop)
        if engine is not None:
            return engine
        with self._lock:
            for ended in [each for each in self._engines if each.is_closed()]:
                del self._engines[ended]
                self._drains.pop(ended, None)
            engine = self._engines[loop] = Engine(self._settings, self._line)
            if self.spool is not None:
                self._drains[loop] = Drain(self.spool, engine, self._line, self._settings)
        return engine

    def _portal_now(self) -> Portal:
        with self._lock:
            if self._portal is None:
                self._portal = Portal()
            return self._portal

    async def _announce(self, result: EmitResult) -> None:
        """Tell the telemetry and the hook. A hook that waits does not make the emit wait."""
        self._settings.telemetry.emitted(result)
        if self.on_emit is None:
            return
        outcome = self._call_hook(result)
        if outcome is None:
            return
        if len(self._hooks) >= _MOST_HOOKS:
            await _quietly(outcome)
            return
        task = asyncio.get_running_loop().create_task(_quietly(outcome))
        self._hooks.add(task)
        task.add_done_callback(self._hooks.discard)

    def _call_hook(self, result: EmitResult) -> Awaitable[None] | None:
        try:
            outcome = self.on_emit(result) if self.on_emit else None
        except (Exception, asyncio.CancelledError):  # noqa: BLE001 (somebody else's code)
            _log.warning("the on_emit hook failed", exc_info=True)
            return None
        return outcome if inspect.isawaitable(outcome) else None

    async def _end(self, engine: Engine, drain: Drain | None) -> None:
        if drain is not None:
            await drain.stop()
        await engine.drain(self._settings.policy.deadline_s)
        await engine.close()
        hooks = [task for task in self._hooks if task.get_loop() is engine.loop]
        if hooks:
            await asyncio.wait(hooks, timeout=5.0)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._engines = {}
        self._drains = {}
        self._subscriptions = weakref.WeakSet()
        self._portal = None
        self._blocking = self._blocking_sender()

    def _blocking_sender(self) -> BlockingSender | None:
        """Return what sends in the caller's own thread, where nothing goes on between calls.

        A spool is drained and hooks may wait, which takes an event loop. Transports of the
        caller's and proxies are left to it too: a blocking call of theirs has no end to rely on.
        """
        plain = self._settings.transport is None and not getproxies()
        if not plain or self.spool is not None or self.on_emit is not None:
            return None
        return BlockingSender(self._settings, self._line)

    def forked(self) -> None:
        """Start anew in a child process; the parent's connections are left alone."""
        _abandoned.append((self._engines, self._drains, self._portal, self._blocking))
        self._line.clock.forked()
        self._line.breaker.forked()
        self._begin()


async def _quietly(outcome: Awaitable[None]) -> None:
    try:
        await outcome
    except Exception:  # noqa: BLE001 (somebody else's code)
        _log.warning("the on_emit hook failed", exc_info=True)


def _check_choice(value: object, choices: tuple[str, ...], field: str) -> None:
    if value not in choices:
        raise InvalidArgumentError(
            f"{field} is one of {', '.join(map(repr, choices))}, not {value!r}", field=field
        )


def _not_negative(value: Any, field: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentTypeError(f"{field} must be a number", field=field)
    if not value >= 0:
        raise InvalidArgumentError(f"{field} must not be negative", field=field)
    return value


_abandoned: list[object] = []


def _after_fork() -> None:
    for core in tuple(_cores):
        core.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
