"""From a message to its handler, and from what the handler answers to a message."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import typing
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .codec import Codec, load
from .publisher import BusPublisher


class NoHandlerError(LookupError):
    """Nobody handles a message."""


class Dispatcher:
    """Calls the handlers of one context.

    Handlers are made without arguments; SWOP_HANDLERS names a function (`module:function`)
    that makes them otherwise, from the handler's class.
    """

    def __init__(
        self,
        pb2: Any,
        contract: Any,
        bus: BusPublisher,
        make: Callable[[Any], Any] | None = None,
    ) -> None:
        self.pb2 = pb2
        self.contract = contract
        self.bus = bus
        self._make = make or _maker(os.environ)
        self._events = {
            load(*item["class"]): name
            for name, item in contract.ARTIFACTS.items()
            if item["kind"] == "event"
        }
        self._ready: dict[str, tuple[Any, Codec, list[Callable[[Any], Any]]]] = {}

    def command(self, key: str, request: Any) -> Any:
        """Handle a command: its identifier, and the events that followed."""
        answer = self._ask(key, request)
        emitted = list(self._emitted(answer))
        for name, value in emitted:
            self.publish(name, value)
        plain = answer is not None and not emitted and not isinstance(answer, list | tuple | dict)
        identifier = str(answer) if plain else str(uuid.uuid4())
        response = getattr(self.pb2, self.contract.ARTIFACTS[key]["response"])
        return response(id=identifier, emitted_events=[name for name, _ in emitted])

    def query(self, key: str, request: Any) -> Any:
        """Handle a query, and put what it answers into its response."""
        item = self.contract.ARTIFACTS[key]
        answer = self._ask(key, request)
        response = getattr(self.pb2, item["response"])()
        if item["answer"] is None:
            import json

            response.result_json = json.dumps(answer, default=str)
        elif answer is not None:
            _, codec, _ = self._prepared(key)
            codec.write(response, "result", item["answer"], answer)
        return response

    def take(self, name: str, payload: bytes) -> None:
        """Handle a message that came over the bus."""
        item = self.contract.ARTIFACTS[name]
        message = getattr(self.pb2, item["request"]).FromString(payload)
        if item["kind"] == "command":
            self.command(name, message)
            return
        cls, codec, handlers = self._prepared(name)
        value = codec.decode(cls, message)
        for handler in handlers:
            _finished(handler(value))

    def publish(self, name: str, value: Any) -> None:
        """Put an event, or a command, on the bus."""
        item = self.contract.ARTIFACTS[name]
        _, codec, _ = self._prepared(name)
        message = codec.encode(value, getattr(self.pb2, item["request"])())
        self.bus.publish(item["route"], name, message.SerializeToString())

    def _ask(self, key: str, request: Any) -> Any:
        cls, codec, handlers = self._prepared(key)
        if not handlers:
            raise NoHandlerError(f"nobody handles {key}")
        return _finished(handlers[0](codec.decode(cls, request)))

    def _emitted(self, answer: Any) -> Iterator[tuple[str, Any]]:
        for value in answer if isinstance(answer, list | tuple) else [answer]:
            if type(value) in self._events:
                yield self._events[type(value)], value

    def _prepared(self, key: str) -> tuple[Any, Codec, list[Callable[[Any], Any]]]:
        if key not in self._ready:
            item = self.contract.ARTIFACTS[key]
            cls = load(*item["class"])
            methods = []
            answers = []
            for module, name, method in item["handlers"]:
                bound = getattr(self._make(load(module, name)), method)
                methods.append(bound)
                answers.append(typing.get_type_hints(bound).get("return"))
            self._ready[key] = (
                cls,
                Codec(self.pb2, self.contract.MESSAGES, cls, *answers),
                methods,
            )
        return self._ready[key]


def _finished(answer: Any) -> Any:
    """What a handler answers; one that is asynchronous is waited for."""
    return asyncio.run(_awaited(answer)) if inspect.isawaitable(answer) else answer


async def _awaited(answer: Any) -> Any:
    return await answer


def _maker(environ: Mapping[str, str]) -> Callable[[Any], Any]:
    named = environ.get("SWOP_HANDLERS")
    if not named:
        return _plain
    module, _, name = named.partition(":")
    found: Callable[[Any], Any] = getattr(importlib.import_module(module), name or "make")
    return found


def _plain(cls: Any) -> Any:
    return cls()
