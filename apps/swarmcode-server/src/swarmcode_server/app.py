"""The routes table: one FastAPI application over an engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from . import faults, wiring
from .context import Server
from .engines import Engine
from .errors import SettingsError
from .guard import Guard
from .keys import KeyRing
from .requests import RequestIds
from .routes import adapters, chat, completions, health, models, page, responses, tools
from .settings import ServeConfig
from .shelf import Shelf
from .stored import StoredResponses
from .telemetry import Metrics
from .workspaces import Workspaces


def create_app(cfg: object, *, engine: Engine | None = None) -> FastAPI:
    """Make the application. Its engine starts with it and ends with it.

    `cfg` is a `ServeConfig`, a mapping, or an object with such fields. With `engine`, answers
    come from there, and the settings' model is not loaded. Raises SettingsError.
    """
    settings = ServeConfig.of(cfg)
    ring = KeyRing.load(settings.keys_file) if settings.keys_file else KeyRing()
    _check_exposure(settings, ring)
    guard = Guard(ring, settings.limits.concurrent)
    chosen = engine or wiring.engine_for(settings)
    shelf = Shelf(
        chosen,
        wiring.check_adapter(settings),
        first={} if engine else wiring.first_adapters(settings),
        folder=settings.adapters_dir,
    )
    workspaces = Workspaces(
        wiring.toolbox(settings), settings.workspace_dir.resolve(), settings.limits
    )
    metrics, stored = Metrics(), StoredResponses(settings.limits.stored_responses)
    known = {str(tool["function"]["name"]) for tool in workspaces.tools.definitions()}
    workspaces.on_call = metrics.of_tools(known)
    server = Server(settings, chosen, guard, shelf, workspaces, metrics, stored)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await server.start()
        try:
            yield
        finally:
            await server.aclose()

    app = FastAPI(
        title="SwarmCode",
        version=version("swarmcode-server"),
        description="Chat completions, completions and tools, as OpenAI's clients speak them.",
        lifespan=lifespan,
        docs_url=None,  # the pages that FastAPI offers load scripts from another host
        redoc_url=None,
    )
    app.state.server, app.state.guard, app.state.settings = server, guard, settings
    faults.install(app)
    for group in (health, models, chat, completions, responses, adapters):
        app.include_router(group.router)
    app.include_router(health.guarded)
    app.include_router(page.router)
    app.include_router(tools.listing)
    app.include_router(tools.running)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["authorization", "content-type", "x-request-id"],
            expose_headers=["x-request-id"],
        )
    app.add_middleware(
        RequestIds, count=lambda route, status: metrics.requests.labels(route, status).inc()
    )
    return app


def _check_exposure(settings: ServeConfig, ring: KeyRing) -> None:
    if not settings.is_loopback and not len(ring):
        raise SettingsError(
            "keys_file",
            f"{settings.host} can be reached from other machines, so a key is required: make one "
            "with `python -m swarmcode_server keys add NAME`, or bind 127.0.0.1",
        )
