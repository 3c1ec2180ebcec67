"""Putting the program on a socket, and taking it off again without losing anything."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from ..errors import ServeError
from .patience import PatientProtocol
from .program import Program


class _Server(uvicorn.Server):
    """uvicorn, but watchers hear of the end before it waits for them, and exit is no crash."""

    def __init__(self, config: uvicorn.Config, program: Program, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._program = program
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._program.say_goodbye()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {each: signal.signal(each, self._stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.handle_exit(number, frame)


def bind(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Raises:
        ServeError: the address is not free, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its protocol's name: asyncio looks at it before it lets small answers go at once.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2_048)
    except OSError as error:
        listener.close()
        why = error.strerror or error
        raise ServeError(
            f"cannot listen on {host}:{port}: {why}; choose other ones with --host and --port"
        ) from error
    return listener


def serve(
    program: Program, listener: socket.socket, *, ready: Callable[[], None],
    certificate: str | None = None, private_key: str | None = None,
) -> None:  # fmt: skip
    """Serve until SIGINT or SIGTERM; requests that have begun are answered first."""
    config = uvicorn.Config(
        program, http=PatientProtocol, ws="none", lifespan="on", loop="asyncio",
        log_config=None, access_log=False, server_header=False, proxy_headers=False,
        timeout_keep_alive=30, timeout_graceful_shutdown=program.settings.grace_s,
        ssl_certfile=certificate, ssl_keyfile=private_key,
    )  # fmt: skip
    asyncio.run(_Server(config, program, ready).serve(sockets=[listener]))
