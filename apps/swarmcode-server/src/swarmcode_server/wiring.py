"""Where the libraries meet. Nothing else in this app composes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from swarmcode_registry import Description, RegistryError, describe, verify

from .engines import Engine, LocalEngine
from .engines.transformers import TransformersSource
from .engines.transformers.adapters import base_of
from .engines.upstream import UpstreamEngine
from .errors import AdapterRefusedError, SettingsError
from .settings import ServeConfig
from .toolbox import AgentToolBox
from .workspaces import ToolBox


def engine_for(settings: ServeConfig) -> Engine:
    """Make the engine that the settings name; nothing is loaded yet."""
    if settings.upstreams:
        return UpstreamEngine(settings.upstreams)
    folders = first_adapters(settings)
    base = settings.base_model or next((base_of(folder) for folder in folders.values()), None)
    if base is None:
        raise SettingsError(
            "base_model", "name a base_model, an adapter_path or upstreams to serve"
        )
    return LocalEngine(
        TransformersSource(
            base,
            name=Path(base).name if Path(base).is_dir() else base,
            device=settings.device,
            allow_download=settings.allow_download,
            most_rows=settings.batch,
            prefix_tokens=settings.prefix_cache_tokens,
        )
    )


def toolbox(settings: ServeConfig) -> ToolBox:
    """The tools that the server runs."""
    return AgentToolBox(timeout=settings.tool_timeout)


def first_adapters(settings: ServeConfig) -> dict[str, Path]:
    """The adapters that are loaded at the start, by name."""
    found = dict(settings.adapters)
    if settings.adapter_path is not None:
        found.setdefault(settings.adapter_path.resolve().name, settings.adapter_path)
    return found


def check_adapter(settings: ServeConfig) -> Callable[[str, Path], None]:
    """How an adapter is checked before it is loaded.

    With `trust`, it must be signed by who is trusted. Without, it may be one that was trained
    here and never signed: its files are looked at, and none of them may run code. A signed one
    is refused then, for nobody said whose signature counts.
    """

    def check(name: str, folder: Path) -> None:
        try:
            if settings.trust is not None:
                verify(folder, expect=settings.trust)
                return
            if (folder / "manifest.json").exists():
                raise AdapterRefusedError(
                    name, "is published with a signature: set trust to whose it must be"
                )
            describe(folder, Description(name="local/adapter", version="0.0.0"))
        except RegistryError as error:
            raise AdapterRefusedError(name, str(error)) from None

    return check
