"""Any endpoint that speaks OpenAI's chat completions: vLLM, SGLang, llama-server, Ollama, hosted.

Streams always. Calls that the endpoint left in the text are found there; ones that it streams in
parts are put together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from .. import untrusted_json
from ..errors import BackendError, MissingExtraError
from ..toolcalls import Text, ToolCall, ToolCallParser
from .model import Event, Finished, Reason, Request, Usage

if TYPE_CHECKING:
    pass

_MOST_LINE = 8_000_000  # characters of one event; more is no answer
_REASONS: dict[str, Reason] = {
    "stop": "stop", "length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls",
}  # fmt: skip
_RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class EndpointBackend:
    """A model behind an OpenAI-compatible URL, such as `http://127.0.0.1:8000/v1`.

    Requests that failed before the first token are tried again, `retries` times, with growing
    pauses. `price` is the cost of one million prompt and completion tokens.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key: str | None = None,
        timeout: float = 120.0,
        retries: int = 2,
        price: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self._http = _httpx()
        self.name = model
        self._retries, self._price = retries, price
        headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = self._http.AsyncClient(
            base_url=url.rstrip("/"), headers=headers, timeout=self._http.Timeout(timeout)
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        """Ask the endpoint and give what it streams."""
        answer = _Answer(request.tool_names, self._price)
        async for data in self._events(_body(self.name, request)):
            for event in answer.take(data):
                yield event
        for event in answer.end():
            yield event

    async def _events(self, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Yield each event's JSON. Nothing is tried again once one has come."""
        for attempt in range(self._retries + 1):
            try:
                async for data in self._once(body):
                    attempt = self._retries  # noqa: PLW2901 - from now on an error is final
                    yield data
            except (self._http.TransportError, BackendError) as error:
                failure = self._failure(error)
                if attempt >= self._retries or failure.status not in {None, *_RETRIED}:
                    raise failure from None
                await asyncio.sleep(0.2 * 2**attempt)
            else:
                return

    async def _once(self, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        async with self._client.stream("POST", "/chat/completions", json=body) as response:
            if response.status_code != 200:
                told = (await response.aread())[:2000].decode("utf-8", "replace")
                raise BackendError(
                    f"{response.url} answered {response.status_code}: {_message(told)}",
                    status=response.status_code,
                )
            async for line in response.aiter_lines():
                if len(line) > _MOST_LINE:
                    raise BackendError(f"{response.url} sent an event without end", status=200)
                if line.startswith("data:"):
                    data = line[5:].strip()
                    if data == "[DONE]":
                        return
                    yield _json(data, str(response.url))

    def _failure(self, error: Exception) -> BackendError:
        if isinstance(error, BackendError):
            return error
        kind = type(error).__name__
        return BackendError(
            f"{self._client.base_url} cannot be reached ({kind}: {error}); is it running?"
        )


def _httpx() -> Any:
    try:
        import httpx
    except ImportError:
        raise MissingExtraError("an OpenAI-compatible endpoint", extra="http") from None
    return httpx


def _body(model: str, request: Request) -> dict[str, Any]:
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model,
        "messages": [message.to_openai() for message in request.messages],
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.tools:
        body["tools"] = [dict(tool) for tool in request.tools]
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    return body


def _json(data: str, url: str) -> dict[str, Any]:
    try:
        value = untrusted_json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BackendError(f"{url} sent {data[:80]!r}, which is not an event", status=200)
    if "error" in value and "choices" not in value:
        raise BackendError(f"{url} failed: {_message(data)}", status=200)
    return value


def _message(told: str) -> str:
    """Find the sentence in an error, whichever of the usual shapes it has."""
    try:
        error = untrusted_json.loads(told)
        error = error.get("error", error)
        return str(error.get("message", error) if isinstance(error, dict) else error)
    except (ValueError, AttributeError, RecursionError):
        return told.strip() or "no explanation"


class _Answer:
    """An answer as its parts arrive."""

    def __init__(self, names: frozenset[str], price: tuple[float, float]) -> None:
        self._parser = ToolCallParser(names) if names else None
        self._price = price
        self._calls: dict[int, dict[str, str]] = {}
        self._found = 0
        self._reason: Reason = "stop"
        self._usage = Usage()

    def take(self, data: Mapping[str, Any]) -> list[Event]:
        try:
            return self._take(data)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise BackendError(f"the endpoint sent an event of another shape: {error}") from None

    def _take(self, data: Mapping[str, Any]) -> list[Event]:
        if usage := data.get("usage"):
            self._usage = self._priced(usage)
        events: list[Event] = []
        for choice in data.get("choices") or ():
            delta = choice.get("delta") or {}
            if content := delta.get("content"):
                events += self._text(str(content))
            for part in delta.get("tool_calls") or ():
                self._part(part)
            if reason := choice.get("finish_reason"):
                self._reason = _REASONS.get(reason, "stop")
        return events

    def _text(self, content: str) -> list[Event]:
        if self._parser is None:
            return [Text(content)]
        return self._counted(cast("list[Event]", self._parser.feed(content)))

    def _counted(self, events: list[Event]) -> list[Event]:
        self._found += sum(isinstance(event, ToolCall) for event in events)
        return events

    def _part(self, part: Mapping[str, Any]) -> None:
        function = part.get("function") or {}
        call = self._calls.setdefault(int(part.get("index") or 0), {"name": "", "arguments": ""})
        call["id"] = part.get("id") or call.get("id", "")
        call["name"] = call["name"] or function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""

    def _priced(self, usage: Mapping[str, Any]) -> Usage:
        prompt = int(usage.get("prompt_tokens") or 0)
        completion = int(usage.get("completion_tokens") or 0)
        cost = (prompt * self._price[0] + completion * self._price[1]) / 1e6
        return Usage(prompt, completion, cost)

    def end(self) -> list[Event]:
        events: list[Event] = []
        if self._parser is not None:
            events += self._counted(cast("list[Event]", self._parser.close()))
        for _, call in sorted(self._calls.items()):
            events.append(ToolCall(call["name"], call["arguments"] or "{}", call["id"] or None))
        called = bool(self._calls or self._found)
        reason: Reason = "tool_calls" if called and self._reason == "stop" else self._reason
        return [*events, Finished(reason, self._usage)]
