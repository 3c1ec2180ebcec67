"""Several upstreams as one engine: the least busy one that lives answers.

What fails before the first piece is tried at another upstream, or once more at the only one.
What fails after it is told: half an answer cannot be taken back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from ...errors import (
    ApiError,
    BadRequestError,
    EngineFailedError,
    EngineTimeoutError,
    UnavailableError,
)
from ...requests import request_id
from ...settings import Upstream
from ..ask import Ask
from ..delta import Delta
from ..engine import Model
from .endpoint import Endpoint

_ELSEWHERE = (EngineFailedError, EngineTimeoutError, UnavailableError)
_PAUSE = 0.2  # seconds before an upstream is asked again


class UpstreamEngine:
    """An engine that asks others."""

    def __init__(self, upstreams: Sequence[Upstream]) -> None:
        self._upstreams = tuple(upstreams)
        self._endpoints: list[Endpoint] = []
        self._looking: list[asyncio.Task[None]] = []

    @property
    def passes_unknown(self) -> bool:
        """Yes: an upstream may know more fields than we do."""
        return True

    async def start(self) -> None:
        """Look at every upstream once, and go on looking."""
        self._endpoints = [Endpoint(upstream) for upstream in self._upstreams]
        await asyncio.gather(*(endpoint.look() for endpoint in self._endpoints))
        self._looking = [asyncio.create_task(_watch(endpoint)) for endpoint in self._endpoints]

    async def aclose(self) -> None:
        """Stop looking, and close the connections."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)
        await asyncio.gather(*(endpoint.aclose() for endpoint in self._endpoints))
        self._looking, self._endpoints = [], []

    async def models(self) -> Sequence[Model]:
        """Every model that an upstream serves. One that fell silent keeps its names."""
        found: dict[str, Model] = {}
        for endpoint in self._endpoints:
            for name, model in endpoint.models.items():
                found.setdefault(name, model)
        return list(found.values())

    def problem(self) -> str | None:
        """Why no upstream can answer."""
        problems = [endpoint.problem for endpoint in self._endpoints]
        if not problems:
            return "no upstream is connected"
        return None if None in problems else "; ".join(str(problem) for problem in problems)

    async def written(self, ask: Ask) -> str:
        """The prompt as text; tokens mean something to the upstream alone."""
        if isinstance(ask.prompt, str):
            return ask.prompt
        raise BadRequestError("echo: an upstream's tokens cannot be written here", param="echo")

    async def ask(self, ask: Ask) -> AsyncGenerator[Delta, None]:
        """Ask the least busy upstream, and the next where it fails before its first piece."""
        failure: ApiError | None = None
        for endpoint in self._candidates(ask.model):
            if failure is not None:
                await asyncio.sleep(_PAUSE)
            begun = False
            try:
                async with aclosing(endpoint.ask(ask, request_id=request_id.get())) as deltas:
                    async for delta in deltas:
                        begun = True
                        yield delta
            except _ELSEWHERE as error:
                if begun:
                    raise
                failure = error
                if not isinstance(error, UnavailableError):
                    endpoint.problem = error.message
            else:
                endpoint.problem = None
                return
        raise failure or UnavailableError(
            f"no upstream can answer: {self.problem()}", code="no_upstream", retry_after=2
        )

    def _candidates(self, model: str) -> list[Endpoint]:
        """Upstreams in the order in which they are tried; those that failed come last."""
        able = [endpoint for endpoint in self._endpoints if model in endpoint.models]
        able.sort(key=lambda endpoint: (endpoint.problem is not None, endpoint.running))
        return able * 2 if len(able) == 1 else able


async def _watch(endpoint: Endpoint) -> None:
    while True:
        await asyncio.sleep(endpoint.upstream.health_seconds)
        await endpoint.look()
