"""The ASGI program: doors, page, metrics, and what runs beside them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from syncropel.kernel import Kernel, Refusal, Watchtower

from ..errors import ServeError
from ..keys import KeyRing, Notes
from ..page import page_routes
from .beside import running_beside
from .desk import Desk
from .doors import Doors
from .gate import Gate
from .metrics import CONTENT_TYPE, Metrics
from .openapi import document
from .settings import ServerSettings


class Program:
    """An ASGI 3 application over one kernel; the store is closed at the end of its lifespan.

    Raises:
        ServeError: keys are asked for, and there is nowhere to look them up.
    """

    def __init__(
        self, kernel: Kernel, *, notes: Notes | None = None, settings: ServerSettings | None = None
    ) -> None:
        self.kernel = kernel
        self.settings = settings or ServerSettings()
        self.metrics = Metrics()
        if self.settings.auth and notes is None:
            raise ServeError("API keys are asked for, but this store keeps none")
        self._notes = notes
        self._tower: Watchtower | None = None
        self._doors: Doors | None = None
        self._routes = self._pages()
        self._paths = {route.path for route in self._routes if isinstance(route, Route)}
        self._app = Starlette(lifespan=self._lifespan, routes=self._routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer: pages by Starlette, doors by the kernel."""
        if scope["type"] == "http" and self._doors and scope["path"] not in self._paths:
            await self._doors(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def say_goodbye(self) -> None:
        """Tell every watcher that the server goes down."""
        if self._tower is not None:
            self._tower.close()

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        settings = self.settings
        desk = Desk(self.kernel, readers=settings.readers, max_waiting=settings.max_waiting)
        tower = self._tower = Watchtower(self.kernel, read=desk.read)
        keys = KeyRing(self._notes, desk.read) if settings.auth and self._notes else None
        self._gate = Gate(keys, hosts=settings.hosts)
        self._doors = Doors(desk, tower, self._gate, self.metrics, settings)
        self._desk = desk
        self._show(desk, tower)
        try:
            async with running_beside(self.kernel, desk, settings):
                yield
        finally:
            tower.close()
            await desk.close()
            self.kernel.store.close()

    def _pages(self) -> list[BaseRoute]:
        return [
            Route("/metrics", self._show_metrics, methods=["GET"]),
            Route("/openapi.json", self._show_openapi, methods=["GET"]),
            *page_routes(),
        ]

    async def _show_metrics(self, request: Request) -> Response:
        caller = await self._gate.caller("GET", request.url.path, request.headers)
        if isinstance(caller, Refusal):
            return JSONResponse(caller.to_dict(), caller.status)
        content = await self._desk.read(self.metrics.page)
        return Response(content, headers={"content-type": CONTENT_TYPE})

    async def _show_openapi(self, _: Request) -> Response:
        return JSONResponse(document(self.settings.kernel, auth=self.settings.auth))

    def _show(self, desk: Desk, tower: Watchtower) -> None:
        show = self.metrics.watch_value
        show("syncropel_stored", "Records in the store.", self.kernel.store.count)
        show("syncropel_watchers", "Watches that are open.", lambda: tower.watchers)
        show("syncropel_waiting", "Records that wait to be written.", lambda: desk.waiting)
