"""The routes table: one FastAPI application over an engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from . import faults, wiring
from .context import Server
from .engines import Engine
from .errors import SettingsError
from .guard import Guard
from .keys import KeyRing
from .requests import RequestIds
from .routes import adapters, chat, completions, health, models
from .settings import ServeConfig
from .shelf import Shelf


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
    server = Server(settings, chosen, guard, shelf)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await server.engine.start()
        try:
            await shelf.start()
            yield
        finally:
            await guard.drain(settings.limits.drain_seconds)
            await server.engine.aclose()

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
    for group in (health, models, chat, completions, adapters):
        app.include_router(group.router)
    app.add_middleware(RequestIds)
    return app


def _check_exposure(settings: ServeConfig, ring: KeyRing) -> None:
    if not settings.is_loopback and not len(ring):
        raise SettingsError(
            "keys_file",
            f"{settings.host} can be reached from other machines, so a key is required: make one "
            "with `python -m swarmcode_server keys add NAME`, or bind 127.0.0.1",
        )
