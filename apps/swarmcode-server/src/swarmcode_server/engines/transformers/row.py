"""One answer that is being generated: what it was asked, and how far it is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from ..ask import Ask
from ..choice import Token
from ..local import Prepared

Given = Token | BaseException | None


@dataclass(slots=True, eq=False)
class Row:
    """One choice of one question. The worker alone writes to it, but for `cancelled`."""

    prepared: Prepared
    number: int
    adapter: str | None
    loop: asyncio.AbstractEventLoop
    constraint: Any = None  # what xgrammar compiled, where the text must follow it
    given: asyncio.Queue[Given] = field(default_factory=asyncio.Queue)
    cancelled: bool = False

    generated: list[int] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)  # of each generated token, for penalties
    matcher: Any = None
    generator: Any = None
    decoder: Any = None
    pending: list[int] = field(default_factory=list)  # tokens that complete no character yet
    length: int = 0  # tokens that the cache holds

    @property
    def ask(self) -> Ask:
        """What was asked."""
        return self.prepared.ask

    @property
    def tokens(self) -> tuple[int, ...]:
        """Everything so far."""
        return (*self.prepared.tokens, *self.generated)
