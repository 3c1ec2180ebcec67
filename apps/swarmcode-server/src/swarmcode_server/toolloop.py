"""The loop on the server: the model calls, a sandbox runs, the result goes back to the model.

Everything streams: text as it is written, and each call and its result as a step.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Literal

from .engines import Ask, Delta, Ended, TextDelta, ToolChoice, Usage
from .engines.delta import CallDelta
from .errors import BadRequestError
from .wire.chat_answer import Collected, CollectedCall
from .workspaces import Session

Answer = Callable[[Ask], AsyncGenerator[Delta, None]]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that the loop did, as clients are told it."""

    kind: Literal["call", "result", "end"]
    told: dict[str, Any]

    def as_field(self) -> dict[str, Any]:
        """The step as it stands in an answer."""
        return {"step": self.kind, **self.told}


def with_server_tools(ask: Ask, definitions: tuple[dict[str, Any], ...]) -> Ask:
    """Add the server's tools to the client's. Raises BadRequestError where they collide."""
    ours = {str(tool["function"]["name"]) for tool in definitions}
    if both := sorted(ours & ask.tool_names):
        raise BadRequestError(
            f"the server has a tool {both[0]!r} of its own: rename yours, or leave auto_tools",
            param="tools",
        )
    if ask.choices > 1:
        raise BadRequestError("n: auto_tools works on one answer", param="n")
    return replace(ask, tools=(*definitions, *ask.tools))


async def loop(
    ask: Ask, answer: Answer, session: Session, *, ours: frozenset[str], most: int
) -> AsyncGenerator[Delta | Step, None]:
    """Ask, run what is called, and ask again, until the model is done or `most` steps are."""
    total: Usage | None = None
    said = False
    for number in range(1, most + 1):
        collected = Collected()
        async with aclosing(answer(ask)) as deltas:
            async for delta in deltas:
                collected.take(delta)
                if isinstance(delta, TextDelta):
                    if said and number > 1 and delta.text:
                        yield TextDelta("\n\n")
                        said = False
                    yield delta
        choice = collected.first()
        said = said or bool(choice.content)
        if collected.usage is not None:
            total = collected.usage if total is None else total + collected.usage
        calls = [call for _, call in sorted(choice.calls.items())]
        theirs = [call for call in calls if call.name not in ours]
        if theirs or not calls:
            for piece in _handed_over(theirs):
                yield piece
            yield await _end(session, "client tools" if theirs else "done", number)
            yield Ended("tool_calls" if theirs else choice.reason)  # type: ignore[arg-type]
            break
        ask = replace(ask, messages=(*ask.messages, choice.message()), tool_choice=ToolChoice())
        for call in calls:
            yield Step("call", {"id": call.id, "name": call.name, "arguments": call.arguments})
            outcome = await session.execute(call.name, call.arguments)
            told = {"success": outcome.success, "output": outcome.output, "error": outcome.error}
            yield Step("result", {"id": call.id, "name": call.name, **told})
            result = {"role": "tool", "tool_call_id": call.id, "content": outcome.text}
            ask = replace(ask, messages=(*ask.messages, result))
    else:
        yield await _end(session, "step limit", most)
        yield Ended("length")
    if total is not None:
        yield total


def _handed_over(calls: list[CollectedCall]) -> list[CallDelta]:
    """The client's own calls, for the client to run."""
    pieces = []
    for index, call in enumerate(calls):
        pieces.append(CallDelta(index, "", call.id, call.name))
        pieces.append(CallDelta(index, call.arguments))
    return pieces


async def _end(session: Session, why: str, steps: int) -> Step:
    name = None if session.name.startswith("once-") else session.name
    patch = await session.hands.patch()
    return Step("end", {"why": why, "steps": steps, "session": name, "patch": patch})
