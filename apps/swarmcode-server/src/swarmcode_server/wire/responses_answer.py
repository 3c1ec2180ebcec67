"""Responses as they are answered: items that open, grow and close, each step an event.

The whole object is what the events lead to, so that both modes are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..engines import CallDelta, Delta, Ended, TextDelta, TokenLogprob, Usage
from ..errors import ApiError
from .chat_answer import Collected, Heading
from .sse import event

Event = dict[str, Any]


class ResponseWriter:
    """Writes one response from its deltas."""

    def __init__(self, heading: Heading, settings: Mapping[str, Any]) -> None:
        self.collected = Collected()
        self._number = 0
        self._items: list[dict[str, Any]] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._open: dict[str, Any] | None = None
        self._reason = "stop"
        self.object: dict[str, Any] = {
            "id": heading.id,
            "object": "response",
            "created_at": heading.created,
            "status": "in_progress",
            "error": None,
            "incomplete_details": None,
            "model": heading.model,
            "output": [],
            "usage": None,
            **settings,
        }

    def begin(self) -> Iterator[Event]:
        """The first events."""
        yield self._event("response.created", response=dict(self.object))
        yield self._event("response.in_progress", response=dict(self.object))

    def take(self, delta: Delta) -> Iterator[Event]:
        """The events of one delta."""
        self.collected.take(delta)
        if isinstance(delta, TextDelta) and delta.text:
            yield from self._text(delta)
        elif isinstance(delta, CallDelta):
            yield from self._call(delta)
        elif isinstance(delta, Ended):
            self._reason = delta.reason

    def end(self) -> Iterator[Event]:
        """The last events; the object is complete with them."""
        yield from self._close()
        cut = self._reason in {"length", "content_filter"}
        reason = "max_output_tokens" if self._reason == "length" else "content_filter"
        self.object.update(
            status="incomplete" if cut else "completed",
            incomplete_details={"reason": reason} if cut else None,
            output=self._items,
            usage=_usage(self.collected.usage),
        )
        kind = "response.incomplete" if cut else "response.completed"
        yield self._event(kind, response=self.object)

    def fail(self, error: ApiError) -> bytes:
        """The event of a failure."""
        told = {"code": error.code or error.kind, "message": error.message}
        self.object.update(status="failed", error=told, output=self._items)
        return encoded(self._event("response.failed", response=self.object))

    def _text(self, delta: TextDelta) -> Iterator[Event]:
        if self._open is None or self._open["type"] != "message":
            yield from self._close()
            yield from self._open_message()
        place = self._place()
        part = self._open["content"][0]  # type: ignore[index]
        part["text"] += delta.text
        likely = [_likely(token) for token in delta.logprobs]
        part["logprobs"] += likely
        yield self._event(
            "response.output_text.delta",
            **place,
            content_index=0,
            delta=delta.text,
            logprobs=likely,
        )

    def _open_message(self) -> Iterator[Event]:
        self._open = {
            "id": f"msg_{self.object['id'][5:]}_{len(self._items)}",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        index = len(self._items)
        added = {"output_index": index, "item": {**self._open, "content": []}}
        yield self._event("response.output_item.added", **added)
        self._items.append(self._open)
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        self._open["content"] = [part]
        begun = {**part, "annotations": [], "logprobs": []}
        place = self._place()
        yield self._event("response.content_part.added", **place, content_index=0, part=begun)

    def _call(self, delta: CallDelta) -> Iterator[Event]:
        if delta.name is not None:
            yield from self._close()
            self._open = {
                "id": f"fc_{self.object['id'][5:]}_{len(self._items)}",
                "type": "function_call",
                "status": "in_progress",
                "call_id": delta.id,
                "name": delta.name,
                "arguments": "",
            }
            self._calls[delta.index] = self._open
            self._items.append(self._open)
            index = len(self._items) - 1
            yield self._event(
                "response.output_item.added", output_index=index, item=dict(self._open)
            )
        if delta.arguments:
            item = self._calls[delta.index]
            item["arguments"] += delta.arguments
            yield self._event(
                "response.function_call_arguments.delta",
                item_id=item["id"],
                output_index=self._items.index(item),
                delta=delta.arguments,
            )

    def _close(self) -> Iterator[Event]:
        item, place = self._open, self._place() if self._open else {}
        self._open = None
        if item is None:
            return
        item["status"] = "completed"
        if item["type"] == "message":
            part = item["content"][0]
            told = {**place, "content_index": 0}
            yield self._event(
                "response.output_text.done", **told, text=part["text"], logprobs=part["logprobs"]
            )
            yield self._event("response.content_part.done", **told, part=part)
        else:
            yield self._event(
                "response.function_call_arguments.done",
                **place,
                name=item["name"],
                arguments=item["arguments"],
            )
        index = self._items.index(item)
        yield self._event("response.output_item.done", output_index=index, item=item)

    def _place(self) -> dict[str, Any]:
        item = self._open or {}
        return {"item_id": item.get("id"), "output_index": len(self._items) - 1}

    def _event(self, kind: str, **fields: Any) -> Event:
        told = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        return told


def encoded(told: Event) -> bytes:
    """One event as it is sent."""
    return event(told, name=told["type"])


def _likely(token: TokenLogprob) -> dict[str, Any]:
    told = {"token": token.token, "logprob": token.logprob, "bytes": list(token.data)}
    return {**told, "top_logprobs": [_likely(other) for other in token.top]}


def _usage(usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt + usage.completion,
    }
