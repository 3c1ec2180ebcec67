"""Tokens from a model in this process, and from the adapters on it, each by its name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from ...errors import (
    BadRequestError,
    ContextLengthError,
    LoadError,
    NotFoundError,
    UnavailableError,
)
from ..ask import Ask
from ..choice import Token
from ..engine import Model
from ..local import Prepared
from . import prompt
from .grammar import Grammars
from .loading import Loaded, load
from .row import Row
from .worker import Worker


class TransformersSource:
    """One base model. Nothing is loaded before `start`."""

    def __init__(
        self,
        base: str,
        *,
        name: str | None = None,
        device: str = "auto",
        allow_download: bool = False,
        most_rows: int = 32,
        prefix_tokens: int = 32_768,
    ) -> None:
        self.name = name or base
        self._base, self._device, self._allow_download = base, device, allow_download
        self._most_rows, self._prefix_tokens = most_rows, prefix_tokens
        self._loaded: Loaded | None = None
        self._worker: Worker | None = None
        self._grammars: Grammars | None = None
        self._models: dict[str, Model] = {}

    async def start(self) -> None:
        """Load the model. Raises LoadError and MissingExtraError."""
        loaded = await asyncio.to_thread(
            load, self._base, device=self._device, allow_download=self._allow_download
        )
        self._loaded = loaded
        self._grammars = Grammars(loaded.tokenizer, vocabulary=loaded.vocabulary, ends=loaded.ends)
        self._worker = Worker(
            loaded, self._grammars, most_rows=self._most_rows, prefix_tokens=self._prefix_tokens
        )
        self._worker.start()
        self._models = {self.name: Model(self.name, int(time.time()), context=loaded.context)}

    async def aclose(self) -> None:
        """End the worker, and let the memory go."""
        worker, self._worker, self._loaded, self._models = self._worker, None, None, {}
        if worker is not None:
            await asyncio.to_thread(worker.stop)

    def problem(self) -> str | None:
        """Why it cannot answer now."""
        if self._worker is None:
            return "the model is not loaded"
        return None if self._worker.alive else "the model's thread has ended"

    @property
    def rows_running(self) -> int:
        """How many answers are being generated."""
        return self._worker.rows if self._worker is not None else 0

    async def models(self) -> Sequence[Model]:
        """The base, and each adapter."""
        return list(self._models.values())

    async def load_adapter(self, name: str, folder: Path) -> None:
        """Load an adapter under a name; answers that run go on. Raises LoadError."""
        worker = self._ready()
        if name == self.name:
            raise LoadError(name, "is the base model's name; give the adapter another one")
        await asyncio.wrap_future(worker.between_steps(lambda: worker.adapters.load(name, folder)))
        context = self._loaded.context if self._loaded else None
        self._models[name] = Model(name, int(time.time()), parent=self.name, context=context)

    async def unload_adapter(self, name: str) -> bool:
        """Forget an adapter. What still generates with it ends with an error."""
        if name == self.name or self._models.pop(name, None) is None:
            return False
        await asyncio.wrap_future(self._ready().forget(name))
        return True

    async def prepare(self, ask: Ask) -> Prepared:
        """Write the prompt, and compile what the answer must follow. Raises ApiError."""
        self._ready()
        if ask.model not in self._models:
            raise NotFoundError(f"there is no model {ask.model!r} here", code="model_not_found")
        return await asyncio.to_thread(self._prepare, ask)

    async def decode(self, ask: Ask) -> str:
        """Write a prompt of tokens as text."""
        tokens = self._known(tuple(ask.prompt or ()))  # type: ignore[arg-type]
        return str(self._parts().tokenizer.decode(list(tokens)))

    async def tokens(self, prepared: Prepared, choice: int) -> AsyncGenerator[Token, None]:
        """Generate one choice. Closing it ends it before its next token."""
        adapter = None if prepared.ask.model == self.name else prepared.ask.model
        loop = asyncio.get_running_loop()
        row = Row(prepared, choice, adapter, loop, constraint=prepared.constraint)
        self._ready().submit(row)
        try:
            while (given := await row.given.get()) is not None:
                if isinstance(given, BaseException):
                    raise given
                yield given
        finally:
            row.cancelled = True

    def _prepare(self, ask: Ask) -> Prepared:
        loaded = self._parts()
        if isinstance(ask.prompt, tuple):
            tokens = self._known(ask.prompt)
        else:
            text = prompt.written(ask, loaded.tokenizer)
            tokens = prompt.tokens(text, loaded.tokenizer, chat=ask.prompt is None)
        if not tokens:
            raise BadRequestError("the prompt is empty", param="prompt")
        if len(tokens) >= loaded.context:
            raise ContextLengthError(len(tokens), loaded.context)
        room = loaded.context - len(tokens)
        asked = ask.sampling.max_tokens
        constraint = self._grammars.compiled(ask) if self._grammars else None
        return Prepared(ask, tokens, room if asked is None else min(room, asked), constraint)

    def _known(self, tokens: tuple[int, ...]) -> tuple[int, ...]:
        most = self._parts().vocabulary
        if any(token >= most for token in tokens):
            raise BadRequestError(
                f"the prompt has a token past {most - 1}, the model's last", param="prompt"
            )
        return tokens

    def _parts(self) -> Loaded:
        if self._loaded is None:
            raise UnavailableError("the model is not loaded", code="not_loaded", retry_after=5)
        return self._loaded

    def _ready(self) -> Worker:
        if self._worker is None or not self._worker.alive:
            raise UnavailableError("the model is not loaded", code="not_loaded", retry_after=5)
        return self._worker
