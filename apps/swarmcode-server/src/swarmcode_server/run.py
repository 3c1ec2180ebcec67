"""Running the application: uvicorn, on loopback unless told otherwise, ended gracefully."""

from __future__ import annotations

import uvicorn

from .app import create_app
from .settings import ServeConfig
from .telemetry import configure_logs, configure_traces


def serve(cfg: object) -> None:
    """Serve until told to stop. Raises SettingsError and LoadError before the first request."""
    settings = ServeConfig.of(cfg)
    configure_logs()
    if settings.traces == "otlp":
        configure_traces()
    uvicorn.Server(uvicorn_config(settings)).run()


def uvicorn_config(settings: ServeConfig) -> uvicorn.Config:
    """How uvicorn runs the application."""
    return uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.limits.drain_seconds),
    )
