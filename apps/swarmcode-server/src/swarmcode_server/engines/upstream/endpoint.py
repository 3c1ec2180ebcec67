"""One upstream: its connections, what it can answer as, and whether it lives."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import httpx
from opentelemetry import propagate

from swarmcode_agent import untrusted_json

from ...errors import (
    ApiError,
    BadRequestError,
    EngineFailedError,
    EngineTimeoutError,
    NotFoundError,
    RateLimitError,
    SettingsError,
    TooLargeError,
    UnavailableError,
)
from ...settings import Upstream
from ..ask import Ask
from ..delta import Delta
from ..engine import Model
from .body import body_of, path_of
from .deltas import DeltaReader
from .events import EventReader, message_of


class Endpoint:
    """An upstream as it is now."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.models: dict[str, Model] = {}
        self.problem: str | None = "it was not asked yet"
        self.running = 0
        timeout = httpx.Timeout(
            upstream.first_token_seconds, connect=upstream.connect_seconds, pool=None
        )
        self._client = httpx.AsyncClient(
            base_url=upstream.url,
            headers=_headers(upstream),
            timeout=timeout,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=256),
            trust_env=False,  # where requests go is said in the settings alone
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def look(self) -> None:
        """See whether it lives, and what it serves."""
        try:
            async with asyncio.timeout(self.upstream.connect_seconds):
                response = await self._client.get("/models")
            if response.status_code != 200:
                raise EngineFailedError(f"/models answered {response.status_code}")
            found = [item for item in response.json()["data"] if isinstance(item["id"], str)]
        except (httpx.HTTPError, TimeoutError, ApiError, ValueError, KeyError, TypeError) as error:
            self.problem = f"{self.upstream.url}: {type(error).__name__} {error}".rstrip()
            return
        self.models, self.problem = self._named(found), None

    def _named(self, found: list[dict[str, Any]]) -> dict[str, Model]:
        there = {item["id"]: item for item in found}
        names = self.upstream.models or {name: name for name in there}
        return {
            here: _model(here, there.get(name, {}), parent=name if name != here else None)
            for here, name in names.items()
        }

    async def ask(self, ask: Ask, *, request_id: str) -> AsyncGenerator[Delta, None]:
        """Ask, and give what it streams. Raises ApiError."""
        reader, deltas = EventReader(), DeltaReader(ask.choices)
        name = self.upstream.models.get(ask.model, ask.model)
        self.running += 1
        try:
            async with aclosing(self._bytes(ask, body_of(ask, name), request_id)) as pieces:
                async for piece in pieces:
                    for event in reader.feed(piece):
                        for delta in deltas.read(event):
                            yield delta
                    if reader.done:
                        break
            if not deltas.complete:
                raise EngineFailedError("the upstream ended in the middle of its answer")
            if deltas.usage is not None:
                yield deltas.usage
        except httpx.TimeoutException:
            raise EngineTimeoutError(f"{self.upstream.url} took too long") from None
        except httpx.HTTPError as error:
            told = f"{type(error).__name__}: {error}"
            raise EngineFailedError(f"{self.upstream.url} cannot be reached ({told})") from None
        finally:
            self.running -= 1

    async def _bytes(
        self, ask: Ask, body: Mapping[str, Any], request_id: str
    ) -> AsyncGenerator[bytes, None]:
        headers = {"x-request-id": request_id}
        propagate.inject(headers)  # so that the trace goes on there
        asked = self._client.stream("POST", path_of(ask), json=body, headers=headers)
        async with asked as response:
            if response.status_code != 200:
                raise await self._refused(response)
            kind = response.headers.get("content-type", "")
            if not kind.startswith("text/event-stream"):
                raise EngineFailedError(f"{self.upstream.url} answered with {kind!r}, not events")
            pieces = aiter(response.aiter_raw())
            while True:
                try:
                    async with asyncio.timeout(self.upstream.idle_seconds):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise EngineTimeoutError(
                        f"{self.upstream.url} said nothing for {self.upstream.idle_seconds:g} s"
                    ) from None
                yield piece

    async def _refused(self, response: httpx.Response) -> ApiError:
        """What a status of the upstream means to our own client."""
        told = await _told(response)
        status = response.status_code
        if status in {400, 422}:
            return BadRequestError(told["message"], code=told["code"], param=told["param"])
        if status == 404:
            return NotFoundError(told["message"], code=told["code"] or "model_not_found")
        if status == 413:
            return TooLargeError(told["message"])
        if status == 429:
            return RateLimitError(told["message"], retry_after=_seconds(response) or 1)
        if status == 503:
            return UnavailableError(told["message"], retry_after=_seconds(response) or 1)
        if status in {401, 403}:
            return EngineFailedError(f"{self.upstream.url} refused this server's own key")
        return EngineFailedError(f"{self.upstream.url} answered {status}: {told['message']}")


async def _told(response: httpx.Response) -> dict[str, Any]:
    data = b""
    async for piece in response.aiter_bytes():
        data += piece
        if len(data) > 100_000:
            break
    try:
        value = untrusted_json.loads(data)
    except (ValueError, RecursionError):
        return {"message": data[:300].decode("utf-8", "replace"), "code": None, "param": None}
    error = value.get("error") if isinstance(value, dict) else None
    found = error if isinstance(error, dict) else {}
    code, param = found.get("code"), found.get("param")
    return {
        "message": message_of(value),
        "code": str(code) if code is not None else None,
        "param": str(param) if param is not None else None,
    }


def _seconds(response: httpx.Response) -> float | None:
    try:
        return float(response.headers.get("retry-after", ""))
    except ValueError:
        return None


def _headers(upstream: Upstream) -> dict[str, str]:
    if upstream.api_key_variable is None:
        return {}
    key = os.environ.get(upstream.api_key_variable)
    if not key:
        raise SettingsError(
            "upstreams", f"the environment has no {upstream.api_key_variable}, {upstream.url}'s key"
        )
    return {"authorization": f"Bearer {key}"}


def _model(name: str, told: Mapping[str, Any], *, parent: str | None) -> Model:
    created, context = told.get("created"), told.get("max_model_len")
    above = told.get("parent")
    return Model(
        name,
        created if isinstance(created, int) else int(time.time()),
        owner=str(told.get("owned_by") or "upstream"),
        parent=parent or (above if isinstance(above, str) else None),
        context=context if isinstance(context, int) else None,
    )
