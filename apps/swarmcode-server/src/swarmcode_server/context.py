"""What every route works with, made once by `create_app`."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from fastapi import Request

from .engines import Ask, Delta, Engine, Model, Usage
from .errors import ApiError, EngineTimeoutError, NotFoundError
from .guard import Caller, Guard
from .settings import ServeConfig
from .shelf import Shelf
from .stored import StoredResponses
from .telemetry import Metrics, answer_span
from .workspaces import Workspaces

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Server:
    """The parts of a running server."""

    settings: ServeConfig
    engine: Engine
    guard: Guard
    shelf: Shelf
    workspaces: Workspaces
    metrics: Metrics
    stored: StoredResponses
    started: bool = False

    async def start(self) -> None:
        """Load the model and its first adapters; once is enough. Raises LoadError."""
        if self.started:
            return
        await self.engine.start()
        try:
            await self.shelf.start()
            await self.workspaces.start()
        except BaseException:  # a cancelled start must not leave a model in memory either
            await self.engine.aclose()
            raise
        self.started = True

    async def aclose(self) -> None:
        """Let running answers end, and then let go of everything."""
        await self.guard.drain(self.settings.limits.drain_seconds)
        await self.workspaces.aclose()
        await self.engine.aclose()
        self.started = False

    @property
    def passes_unknown(self) -> bool:
        """Whether fields that are not known here may be known to whoever answers."""
        return self.engine.passes_unknown

    async def model(self, name: str) -> Model:
        """Return a model by its name. Raises NotFoundError."""
        models = await self.engine.models()
        for model in models:
            if model.name == name:
                return model
        known = ", ".join(repr(model.name) for model in models[:5]) or "none"
        raise NotFoundError(
            f"there is no model {name!r} here; there is {known}",
            code="model_not_found",
            param="model",
        )

    async def ask(self, ask: Ask, caller: Caller) -> AsyncGenerator[Delta, None]:
        """Ask the engine, within the time that a request has, and count what came of it."""
        await self.model(ask.model)
        if self.settings.log_prompts:
            log.info("prompt", extra={"told": {"prompt": ask.prompt or ask.messages}})
        with self.metrics.answering(ask.model) as answering, answer_span(ask, answering):
            try:
                async with aclosing(self._timed(ask)) as deltas:
                    async for delta in deltas:
                        answering.take(delta)
                        if isinstance(delta, Usage):
                            caller.count(ask.model, delta)
                        yield delta
            except ApiError as error:
                answering.failure = error.code or error.kind
                raise
            except Exception:  # only counted here: the routes tell of it
                answering.failure = "internal"
                raise

    async def _timed(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        seconds = self.settings.limits.request_seconds
        deadline = asyncio.get_running_loop().time() + seconds
        deltas = cast("AsyncGenerator[Delta, None]", self.engine.ask(ask))
        async with aclosing(deltas):
            async for delta in _until(deltas, deadline, seconds):
                yield delta


async def _until(
    deltas: AsyncIterator[Delta], deadline: float, seconds: float
) -> AsyncIterator[Delta]:
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                delta = await anext(deltas)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise EngineTimeoutError(
                f"the answer was not complete after {seconds:g} s", code="request_timeout"
            ) from None
        yield delta


def server_of(request: Request) -> Server:
    """The server that a request came to."""
    return cast("Server", request.app.state.server)


def caller_of(request: Request) -> Caller:
    """Who asks."""
    return cast("Caller", request.state.caller)


def fresh(prefix: str) -> str:
    """A new id."""
    return f"{prefix}{secrets.token_hex(16)}"


def now() -> int:
    """Unix time in whole seconds."""
    return int(time.time())
