"""Running the application: uvicorn, on loopback unless told otherwise, ended gracefully."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import uvicorn
from fastapi import FastAPI

from .app import create_app
from .context import Server
from .errors import SettingsError
from .settings import ServeConfig
from .telemetry import configure_logs, configure_traces


def serve(cfg: object) -> None:
    """Serve until told to stop; SIGTERM and SIGINT let running answers end.

    Raises SettingsError, MissingExtraError and LoadError before the first request is taken.
    """
    settings = ServeConfig.of(cfg)
    app = create_app(settings)
    with _socket(settings) as taken:
        configure_logs()
        if settings.traces == "otlp":
            configure_traces()
        server = uvicorn.Server(_config(app, settings))
        with (
            contextlib.suppress(KeyboardInterrupt),
            asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner,
        ):
            runner.run(_serve(app, server, taken))


async def _serve(app: FastAPI, server: uvicorn.Server, taken: socket.socket) -> None:
    """Load first, so that what cannot be loaded is raised here and not logged by uvicorn."""
    parts: Server = app.state.server
    await parts.start()
    await server.serve(sockets=[taken])


def _socket(settings: ServeConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            "port", f"{settings.host}:{settings.port} cannot be listened on ({error.strerror})"
        ) from None


def _config(app: FastAPI, settings: ServeConfig) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(settings.limits.drain_seconds)),
    )
