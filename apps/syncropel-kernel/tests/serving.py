"""Servers as processes of their own, and a reader of event streams."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

import httpx

COMMAND = Path(sys.executable).with_name("syncropel")
SCRIPT = Path(__file__).with_name("run_server.py")


def record(clock: int, **changes: Any) -> dict[str, Any]:
    made = {"act": "PUT", "actor": "did:a", "body": {"n": clock}, "clock": clock, "thread": "t"}
    return {**made, **changes}


@dataclass
class Server:
    process: subprocess.Popen[str]
    url: str

    def http(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, **{"timeout": 30, **options})

    def stop(self, *, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)


def start(*arguments: object, **environment: str) -> Server:
    """Start a server and wait until it listens."""
    process = subprocess.Popen(
        [str(each) for each in arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        _, errors = process.communicate(timeout=30)
        raise AssertionError(errors)
    return Server(process, json.loads(line)["url"])


@contextmanager
def serving(db: Path | None, *options: object, **environment: str) -> Iterator[Server]:
    """`syncropel serve` on a free port; stopped at the end."""
    where = () if db is None else ("--db", db)
    arguments = (COMMAND, "serve", *where, "--port", 0, "--json", *options)
    with _stopping(start(*arguments, **environment)) as server:
        yield server


@contextmanager
def limited(db: Path, **options: Any) -> Iterator[Server]:
    """A server with limits that a test can reach."""
    with _stopping(start(sys.executable, SCRIPT, db, json.dumps(options))) as server:
        yield server


@contextmanager
def _stopping(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.terminate()
        try:
            server.process.wait(30)
        except subprocess.TimeoutExpired:
            server.process.kill()
        server.process.communicate(timeout=30)


class Stream:
    """Reads an event stream in a thread; `take` waits for events."""

    def __init__(self, server: Server, thread: str, **options: Any) -> None:
        self._client = server.http()
        self._path = f"/v1/threads/{thread}/watch"
        self._options = options
        self._events: Queue[dict[str, Any]] = Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)

    _socket: socket.socket

    def __enter__(self) -> Self:
        self._thread.start()
        first = self.take(1)[0]
        assert first["event"] == "heartbeat", first
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # the server may have been faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._client.close()

    def take(self, count: int, *, of: str = "", within: float = 20.0) -> list[dict[str, Any]]:
        """Return the next events, of one kind if one is named."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            try:
                event = self._events.get(timeout=within)
            except Empty:
                raise AssertionError(f"{len(found)} of {count} {of} came") from None
            if of in ("", event["event"]):
                found.append(event)
        return found

    def _read(self) -> None:
        event: dict[str, Any] = {}
        try:
            with self._client.stream("GET", self._path, **self._options) as response:
                stream = response.extensions["network_stream"]
                self._socket = stream.get_extra_info("socket")
                for line in response.iter_lines():
                    name, _, value = line.partition(": ")
                    if name == "data":
                        event["data"] = json.loads(value)
                    elif name:
                        event[name] = value
                    elif event:
                        self._events.put(event)
                        event = {}
                self._events.put({"event": "end", "status": response.status_code})
        except (httpx.HTTPError, RuntimeError) as error:
            self._events.put({"event": "broken", "error": repr(error)})
