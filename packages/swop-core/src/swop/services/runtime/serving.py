"""Running a gRPC server and a listener, and turning errors into statuses."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from .codec import CodecError
from .dispatch import Dispatcher, NoHandlerError
from .publisher import BusPublisher, InMemoryPublisher, from_env

_log = logging.getLogger("swop.service")
_GRACE_SECONDS = 5


def answered(call: Callable[[str, Any], Any], key: str, request: Any, context: Any) -> Any:
    """Answer one call; what goes wrong is a status that says whose fault it is."""
    grpc: Any = importlib.import_module("grpc")
    try:
        return call(key, request)
    except CodecError as error:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
    except NoHandlerError as error:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
    except Exception as error:  # noqa: BLE001 (whatever a handler raises)
        _log.exception("%s failed", key)
        context.abort(grpc.StatusCode.INTERNAL, f"{key} failed: {type(error).__name__}")


def serve(
    pb2: Any,
    contract: Any,
    add: Callable[[Any, Dispatcher], None],
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Serve until a signal says to stop. With the bus in memory, listen to it, too."""
    grpc: Any = importlib.import_module("grpc")
    logging.basicConfig(level=logging.INFO)
    bus = from_env(contract.BUS, environ)
    dispatcher = Dispatcher(pb2, contract, bus)
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    add(server, dispatcher)
    host, port = environ.get("SWOP_GRPC_HOST", "127.0.0.1"), environ.get("SWOP_GRPC_PORT")
    number = server.add_insecure_port(f"{host}:{port or contract.GRPC_PORT}")
    stop = _stopping()
    with _listening(contract, dispatcher, bus, stop):
        server.start()
        _say(f"{contract.CONTEXT}: listening on {host}:{number}")
        stop.wait()
        server.stop(_GRACE_SECONDS).wait()
    bus.close()


def work(pb2: Any, contract: Any, environ: Mapping[str, str] = os.environ) -> None:
    """Listen to the bus until a signal says to stop."""
    logging.basicConfig(level=logging.INFO)
    bus = from_env(contract.BUS, environ)
    if isinstance(bus, InMemoryPublisher):
        raise SystemExit("the bus in memory reaches no other process: the server listens itself")
    dispatcher = Dispatcher(pb2, contract, bus)
    stop = _stopping()
    _say(f"{contract.CONTEXT}: working")
    bus.listen(group_of(contract), routes_of(contract), dispatcher.take, stop)
    bus.close()


def group_of(contract: Any) -> str:
    """The name under which all listeners of a context share its messages."""
    return f"swop.{contract.CONTEXT}"


def routes_of(contract: Any) -> list[Mapping[str, str]]:
    """The routes of everything that this context handles."""
    return [item["route"] for item in contract.ARTIFACTS.values() if item["listens"]]


@contextmanager
def _listening(
    contract: Any, dispatcher: Dispatcher, bus: BusPublisher, stop: threading.Event
) -> Iterator[None]:
    if not isinstance(bus, InMemoryPublisher):
        yield
        return
    arguments = (group_of(contract), routes_of(contract), dispatcher.take, stop)
    listener = threading.Thread(target=bus.listen, args=arguments)
    listener.start()
    try:
        yield
    finally:
        stop.set()
        listener.join()


def _stopping() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
