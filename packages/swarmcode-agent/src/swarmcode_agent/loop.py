"""The agent loop: ask the model, run the tools that it calls, until it is done or a limit is.

Three protocols meet here: a model that answers (`ModelBackend`), an environment that has tools
and knows what was changed, and a sink that keeps the records.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, Protocol

from .backends.model import Completion, Message, ModelBackend, Request, Sampling, Usage, complete
from .errors import BackendError
from .tools.result import ToolResult
from .tools.truncate import cut_middle


class Environment(Protocol):
    """Where the agent acts."""

    def tool_definitions(self) -> Sequence[Mapping[str, Any]]:
        """The tools, as OpenAI's function schemas."""
        ...

    async def execute(self, name: str, args: str) -> ToolResult:
        """Run one call; what is wrong with it is its result."""
        ...

    async def final_patch(self) -> str:
        """Everything that was changed since the start, as a unified diff."""
        ...


class Sink(Protocol):
    """Where the records go."""

    def record(self, entry: Mapping[str, Any]) -> None:
        """Keep one record."""
        ...


class Stop(Enum):
    """Why the loop ended."""

    DONE = "done"  # an answer without a call
    STEPS = "step limit"
    COST = "cost limit"
    TIME = "time limit"
    TOKENS = "token limit"
    CANCELLED = "cancelled"
    CONDITION = "stop condition"
    BACKEND = "the model failed"


@dataclass(frozen=True, slots=True)
class Budget:
    """When to stop, whatever the model wants."""

    steps: int = 50
    seconds: float = 1800.0
    cost: float = float("inf")
    tokens: int = 10_000_000
    context_chars: int = 200_000  # above this, old tool results are shortened


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a task."""

    stop: Stop
    answer: str
    patch: str
    steps: int
    usage: Usage
    error: str | None = None


@dataclass(slots=True)
class AgentLoop:
    """One model in one environment. `until` ends it after a step for which it is true."""

    model: ModelBackend
    environment: Environment
    sink: Sink
    budget: Budget = field(default_factory=Budget)
    sampling: Sampling = field(default_factory=Sampling)
    until: Callable[[Completion, Sequence[ToolResult]], bool] | None = None
    clock: Callable[[], float] = time.monotonic

    async def run(self, task: str, *, system: str = "") -> Outcome:
        """Work on a task. Cancelling ends tools and model, keeps the records, and raises on."""
        tools = tuple(self.environment.tool_definitions())
        start = [Message("system", system)] if system else []
        work = _Work([*start, Message("user", task)], self.clock())
        self.sink.record({"type": "start", "task": task, "model": self.model.name, "tools": tools})
        try:
            left = self.budget.seconds
            async with asyncio.timeout(left if left != float("inf") else None):
                stop = await self._steps(work, tools)
        except TimeoutError:
            stop = Stop.TIME
        except BackendError as error:
            stop, work.error = Stop.BACKEND, str(error)
        except asyncio.CancelledError:
            self.sink.record(self._end(work, Stop.CANCELLED, patch=""))
            raise
        patch = await self.environment.final_patch()
        self.sink.record(self._end(work, stop, patch))
        return Outcome(stop, work.answer, patch, work.steps, work.usage, work.error)

    async def _steps(self, work: _Work, tools: tuple[Mapping[str, Any], ...]) -> Stop:
        while True:
            if (reached := self._reached(work)) is not None:
                return reached
            messages = compacted(work.messages, self.budget.context_chars)
            completion = await complete(self.model, Request(messages, tools, self.sampling))
            self.sink.record(
                {
                    "type": "turn",
                    "messages": [message.to_openai() for message in messages],
                    "answer": completion.message.to_openai(),
                    "usage": asdict(completion.usage),
                }
            )
            work.take(completion)
            results = [await self._call(work, call.name, call.arguments, call.id or "")
                       for call in completion.calls]  # fmt: skip
            if self.until is not None and self.until(completion, results):
                return Stop.CONDITION
            if not completion.calls:
                return Stop.DONE

    async def _call(self, work: _Work, name: str, arguments: str, identifier: str) -> ToolResult:
        result = await self.environment.execute(name, arguments)
        work.messages.append(Message("tool", result.text, call_id=identifier))
        entry = {"type": "tool", "name": name, "arguments": arguments, "result": asdict(result)}
        self.sink.record(entry)
        return result

    def _reached(self, work: _Work) -> Stop | None:
        used = work.usage
        limits = (
            (Stop.STEPS, work.steps >= self.budget.steps),
            (Stop.COST, used.cost >= self.budget.cost),
            (Stop.TOKENS, used.prompt_tokens + used.completion_tokens >= self.budget.tokens),
            (Stop.TIME, self.clock() - work.began >= self.budget.seconds),
        )
        return next((stop for stop, reached in limits if reached), None)

    def _end(self, work: _Work, stop: Stop, patch: str) -> dict[str, Any]:
        told = {"stop": stop.value, "answer": work.answer, "patch": patch, "steps": work.steps}
        return {"type": "end", **told, "usage": asdict(work.usage), "error": work.error}


@dataclass(slots=True)
class _Work:
    """A task under way."""

    messages: list[Message]
    began: float
    steps: int = 0
    answer: str = ""
    error: str | None = None
    usage: Usage = field(default_factory=Usage)

    def take(self, completion: Completion) -> None:
        self.messages.append(completion.message)
        self.steps += 1
        self.usage += completion.usage
        self.answer = completion.text or self.answer


def compacted(messages: Sequence[Message], most: int, *, keep: int = 6) -> tuple[Message, ...]:
    """Fit a conversation by shortening old tool results, oldest first.

    The last `keep` messages, everything that was asked and everything that the model said stay
    as they are, so that each call keeps its result. What cannot be shortened is sent as it is.
    """
    result = list(messages)
    excess = sum(len(message.content) for message in result) - most
    for index, message in enumerate(result[:-keep] if keep else result):
        if excess <= 0:
            break
        if message.role == "tool" and len(message.content) > 600:
            short = cut_middle(message.content, 400)
            excess -= len(message.content) - len(short)
            result[index] = Message("tool", short, message.calls, message.call_id)
    return tuple(result)
