"""The adapters that may be asked for: each is checked before it is loaded, and named once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from .engines import AdapterHost, Engine
from .errors import BadRequestError, LoadError, NotFoundError

Check = Callable[[str, Path], None]  # raises AdapterRefusedError
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class Shelf:
    """Loads adapters into an engine: those of the settings, and those of one folder by name."""

    def __init__(
        self, engine: Engine, check: Check, *, first: Mapping[str, Path], folder: Path | None
    ) -> None:
        self._engine, self._check = engine, check
        self._first, self._folder = first, folder
        self._busy = asyncio.Lock()

    async def start(self) -> None:
        """Load the adapters of the settings. Raises LoadError for the first that cannot be."""
        for name, folder in self._first.items():
            await self._load(name, folder)

    async def load(self, name: str, path: str | None) -> None:
        """Load an adapter of the shelf's folder while the server runs. Raises ApiError."""
        try:
            async with self._busy:
                await self._load(name, self._inside(name, path))
        except LoadError as error:
            raise BadRequestError(str(error), code="adapter_refused", param="lora_path") from None

    async def unload(self, name: str) -> None:
        """Forget an adapter. Raises ApiError."""
        async with self._busy:
            if not isinstance(self._engine, AdapterHost) or not await self._engine.unload_adapter(
                name
            ):
                raise NotFoundError(
                    f"there is no adapter {name!r} here", code="model_not_found", param="lora_name"
                )

    async def _load(self, name: str, folder: Path) -> None:
        if not isinstance(self._engine, AdapterHost):
            raise LoadError(name, "upstreams load their own adapters")
        await asyncio.to_thread(self._check, name, folder)
        await self._engine.load_adapter(name, folder)

    def _inside(self, name: str, path: str | None) -> Path:
        """Return the folder that is meant: one right beneath the shelf's own, and no link."""
        if self._folder is None:
            raise BadRequestError("adapters_dir is not set: nothing can be loaded at run time")
        inside = path or name
        if not _NAME.fullmatch(name):
            raise BadRequestError(f"{name!r} is no name for a model", param="lora_name")
        if not _NAME.fullmatch(inside) or (self._folder / inside).is_symlink():
            raise BadRequestError("must be the name of a folder in adapters_dir", param="lora_path")
        return self._folder / inside
