"""Talking with a model: a conversation on the terminal, one question, or one task with tools."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swarmcode_agent.backends import Finished, Message, ModelBackend, Request, Sampling, Usage
from swarmcode_agent.environment import WorkspaceEnvironment
from swarmcode_agent.loop import AgentLoop
from swarmcode_agent.toolcalls import Text
from swarmcode_agent.tools import AgentTools
from swarmcode_agent.trajectory import MemorySink

from .settings import Settings

LEAVING = ("/bye", "/quit", "/exit")


@dataclass(slots=True)
class Talk:
    """A conversation so far, and who answers."""

    model: ModelBackend
    sampling: Sampling
    messages: list[Message] = field(default_factory=list)

    async def say(self, words: str, hear: Callable[[str], None]) -> Usage:
        """Say something; `hear` gets the answer as it comes."""
        self.messages.append(Message("user", words))
        answer: list[str] = []
        usage = Usage()
        request = Request(tuple(self.messages), sampling=self.sampling)
        async with aclosing(self.model.stream(request)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, Text):
                    answer.append(event.text)
                    hear(event.text)
                elif isinstance(event, Finished):
                    usage = event.usage
        self.messages.append(Message("assistant", "".join(answer)))
        return usage


class Terminal:
    """Where a person types and reads."""

    def prompt(self) -> str | None:
        """Wait for a line; None when the person has gone."""
        try:
            return input("you> ")
        except EOFError:
            return None

    def hear(self, text: str) -> None:
        """Show a piece of an answer."""
        sys.stdout.write(text)
        sys.stdout.flush()


def sampling(settings: Settings) -> Sampling:
    """How answers are drawn, as the section `serve` says."""
    return Sampling(
        max_tokens=settings.get("serve", "max_tokens"),
        temperature=settings.get("serve", "temperature"),
    )


def converse(talk: Talk, terminal: Terminal) -> None:
    """Answer line after line, until the person leaves."""

    async def go_on() -> None:
        while (words := await asyncio.to_thread(terminal.prompt)) is not None:
            if words.strip() in LEAVING:
                return
            if words.strip():
                await talk.say(words, terminal.hear)
                terminal.hear("\n")

    asyncio.run(_closing(talk, go_on()))


def ask_once(talk: Talk, words: str, *, aloud: bool) -> tuple[dict[str, Any], str]:
    """Ask one thing; return what a program and what a person gets to see beside it."""
    hear = Terminal().hear if aloud else _ignore
    usage: Usage = asyncio.run(_closing(talk, talk.say(words, hear)))
    document = {
        "answer": talk.messages[-1].content,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
    }
    return document, "\n" if aloud else ""


def work_on(talk: Talk, task: str, workspace: Path) -> tuple[dict[str, Any], str]:
    """Give a task, with tools, in a folder; return its answer and what it changed."""
    environment = WorkspaceEnvironment(AgentTools(workspace))
    loop = AgentLoop(talk.model, environment, MemorySink(), sampling=talk.sampling)
    outcome = asyncio.run(_closing(talk, loop.run(task)))
    document = {
        "stop": outcome.stop.value,
        "answer": outcome.answer,
        "patch": outcome.patch,
        "steps": outcome.steps,
        "error": outcome.error,
    }
    told = outcome.error or outcome.answer
    return document, f"{told}\n\n{outcome.patch}\n({outcome.stop.value}, {outcome.steps} steps)"


async def _closing(talk: Talk, work: Any) -> Any:
    try:
        return await work
    finally:
        await talk.model.aclose()


def _ignore(_: str) -> None:
    """Hear nothing."""
