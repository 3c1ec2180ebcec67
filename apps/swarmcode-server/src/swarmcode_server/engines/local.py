"""Answers from a model in this process, whatever generates its tokens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import LoadError
from .ask import Ask
from .choice import ChoiceReader, Token
from .delta import Delta, Usage
from .engine import AdapterHost, Model
from .merge import merged


@dataclass(slots=True)
class Prepared:
    """A question as the model takes it: checked, and its prompt written in tokens."""

    ask: Ask
    tokens: tuple[int, ...]
    most: int  # tokens that may be generated
    constraint: object = None  # what the text must follow, as the model's own library has it
    cached: int = 0  # tokens of the prompt that had been read before, once it is known


class TokenSource(Protocol):
    """A model that generates tokens."""

    async def start(self) -> None:
        """Load. Raises LoadError."""
        ...

    async def models(self) -> Sequence[Model]:
        """What it can answer as."""
        ...

    async def prepare(self, ask: Ask) -> Prepared:
        """Check a question and write its prompt. Raises ApiError."""
        ...

    async def decode(self, ask: Ask) -> str:
        """Write a prompt that came as tokens as text. Raises ApiError."""
        ...

    def tokens(self, prepared: Prepared, choice: int) -> AsyncGenerator[Token, None]:
        """Generate one choice, at most `prepared.most` tokens. Closing it stops the model."""
        ...

    def problem(self) -> str | None:
        """Why it cannot answer now."""
        ...

    async def aclose(self) -> None:
        """Let go."""
        ...


class LocalEngine:
    """An engine over a TokenSource."""

    def __init__(self, source: TokenSource) -> None:
        self.source = source

    @property
    def passes_unknown(self) -> bool:
        """No: nothing here would read them."""
        return False

    async def start(self) -> None:
        """Load the model."""
        await self.source.start()

    async def models(self) -> Sequence[Model]:
        """The model, and every adapter that is loaded."""
        return await self.source.models()

    def problem(self) -> str | None:
        """Why it cannot answer now."""
        return self.source.problem()

    async def load_adapter(self, name: str, folder: Path) -> None:
        """Load an adapter under a name, where the model takes any. Raises LoadError."""
        if not isinstance(self.source, AdapterHost):
            raise LoadError(name, "this model takes no adapters")
        await self.source.load_adapter(name, folder)

    async def unload_adapter(self, name: str) -> bool:
        """Forget an adapter; whether there was one."""
        return isinstance(self.source, AdapterHost) and await self.source.unload_adapter(name)

    async def aclose(self) -> None:
        """Let the model go."""
        await self.source.aclose()

    async def written(self, ask: Ask) -> str:
        """The prompt of a completion as text."""
        return ask.prompt if isinstance(ask.prompt, str) else await self.source.decode(ask)

    async def ask(self, ask: Ask) -> AsyncIterator[Delta]:
        """Answer, all choices at once."""
        prepared = await self.source.prepare(ask)
        counted = [0] * ask.choices
        choices = [self._choice(prepared, number, counted) for number in range(ask.choices)]
        async with aclosing(choices[0] if len(choices) == 1 else merged(choices)) as deltas:
            async for delta in deltas:
                yield delta
        yield Usage(len(prepared.tokens), sum(counted), prepared.cached)

    async def _choice(
        self, prepared: Prepared, number: int, counted: list[int]
    ) -> AsyncGenerator[Delta, None]:
        reader = ChoiceReader(prepared.ask, number)
        if prepared.most > 0:
            async with aclosing(self.source.tokens(prepared, number)) as tokens:
                async for token in tokens:
                    counted[number] += 1
                    for delta in reader.take(token):
                        yield delta
                    if reader.done:
                        break
        for delta in reader.end():
            yield delta
