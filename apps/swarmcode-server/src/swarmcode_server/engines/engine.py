"""What the server needs of whatever answers: a model in this process, or upstream servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from .ask import Ask
from .delta import Delta


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be asked for by its name."""

    name: str
    created: int
    owner: str = "swarmcode"
    parent: str | None = None  # the base, for an adapter
    context: int | None = None


class Engine(Protocol):
    """Something that answers.

    `ask` gives text as it comes, each choice's end, and `Usage` last. It raises ApiError, before
    the first piece or after it; closing its iterator stops the model within one token.
    """

    @property
    def passes_unknown(self) -> bool:
        """Whether `Ask.extra` reaches something that may know its fields."""
        ...

    async def start(self) -> None:
        """Load or connect. Raises LoadError for what can never work."""
        ...

    async def models(self) -> Sequence[Model]:
        """Every model that can be asked now."""
        ...

    def ask(self, ask: Ask) -> AsyncIterator[Delta]:
        """Answer one question."""
        ...

    async def written(self, ask: Ask) -> str:
        """The prompt of a completion as text. Raises ApiError."""
        ...

    def problem(self) -> str | None:
        """Why it cannot answer now, or None where it can."""
        ...

    async def aclose(self) -> None:
        """Let go of everything. Safe to call twice."""
        ...


@runtime_checkable
class AdapterHost(Protocol):
    """An engine that takes adapters while it runs."""

    async def load_adapter(self, name: str, folder: Path) -> None:
        """Load an adapter under a name. Raises LoadError; what runs goes on."""
        ...

    async def unload_adapter(self, name: str) -> bool:
        """Forget an adapter once nothing uses it; whether there was one."""
        ...
