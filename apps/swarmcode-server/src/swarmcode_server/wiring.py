"""Where the libraries meet. Nothing else in this app composes them."""

from __future__ import annotations

from .engines import Engine
from .engines.upstream import UpstreamEngine
from .errors import SettingsError
from .settings import ServeConfig


def engine_for(settings: ServeConfig) -> Engine:
    """Make the engine that the settings name; nothing is loaded yet."""
    if settings.upstreams:
        return UpstreamEngine(settings.upstreams)
    raise SettingsError("base_model", "name a base_model, an adapter_path or upstreams to serve")
