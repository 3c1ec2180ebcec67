"""An OpenAI-compatible inference server with sandboxed tools."""

from .app import create_app
from .errors import (
    AdapterRefusedError,
    ApiError,
    LoadError,
    MissingExtraError,
    ServerError,
    SettingsError,
)
from .keys import add_key, remove_key
from .run import serve
from .settings import Limits, ServeConfig, Upstream

__all__ = [
    "AdapterRefusedError",
    "ApiError",
    "Limits",
    "LoadError",
    "MissingExtraError",
    "ServeConfig",
    "ServerError",
    "SettingsError",
    "Upstream",
    "add_key",
    "create_app",
    "remove_key",
    "serve",
]
