"""Sending one record in the caller's own thread, for callers without an event loop.

The plan is the one that every record follows; only carrying it out blocks. The timeouts of
blocking sockets are for one read each, and a server that drips a byte at a time would hold the
caller for ever. So a watchman shuts the socket when the time of the whole exchange is over.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import httpx

from ..envelope import Envelope
from .answers import Answer, Broken
from .plan import Call, Line, Pause, Plan, deliver
from .results import Verdict
from .settings import Settings
from .wire import Requests, broken, connection_limits, unasked_encoding, verification

_IDLE_S: Final = 5.0


class BlockingSender:
    """Connections for one thread at a time; whoever comes while it works has to go elsewhere."""

    def __init__(self, settings: Settings, line: Line) -> None:
        self._settings = settings
        self._line = line
        self._requests = Requests(settings)
        self._watchman = Watchman()
        self._transport: httpx.HTTPTransport | None = None
        self._lock = threading.Lock()

    def enter(self) -> bool:
        """Take the sender until `leave`; False where another thread has it."""
        return self._lock.acquire(blocking=False)

    def leave(self) -> None:
        """Let others have the sender."""
        self._lock.release()

    def send(self, envelope: Envelope) -> Verdict:
        """Deliver one record, between `enter` and `leave`."""
        deadline = self._line.now() + self._settings.policy.deadline_s
        with self._settings.telemetry.sending(1):
            [verdict] = self._run(deliver([envelope], self._line, deadline=deadline), deadline)
        return verdict

    def close(self) -> None:
        """Close the connections, after a call that is under way."""
        with self._lock:
            transport, self._transport = self._transport, None
            if transport is not None:
                transport.close()

    def _run(self, plan: Plan, deadline: float) -> list[Verdict]:
        answer: Answer | Broken | None = None
        while True:
            try:
                step = plan.send(answer)
            except StopIteration as end:
                verdicts: list[Verdict] = end.value
                return verdicts
            answer = None
            if isinstance(step, Call):
                left = min(self._settings.policy.timeout_s, deadline - self._line.now())
                answer = self._exchange(step, left)
            elif isinstance(step, Pause):
                self._settings.telemetry.retrying(step.seconds)
                time.sleep(step.seconds)

    def _exchange(self, call: Call, seconds: float) -> Answer | Broken:
        """Make the call; whatever goes wrong comes back as a `Broken`."""
        if seconds <= 0:
            return Broken("TimeoutError: the deadline has passed", again=False, doubtful=False)
        with self._watchman.watching(seconds):
            try:
                return self._answer(call, seconds)
            except Exception as error:  # noqa: BLE001 (emit_sync must not raise what this raises)
                if self._watchman.shut:
                    return Broken(f"TimeoutError: no whole answer within {seconds:.1f} s")
                return broken(error)

    def _answer(self, call: Call, seconds: float) -> Answer | Broken:
        request = self._requests.build(
            call, seconds=seconds, headers=self._settings.telemetry.headers()
        )
        request.extensions["trace"] = self._watchman.notice
        response = self._opened().handle_request(request)
        try:
            refused = unasked_encoding(response)
            if refused is not None:
                return refused
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > call.max_answer:
                    return Broken(f"AnswerTooLarge: more than {call.max_answer} bytes", again=False)
        finally:
            response.close()
        return Answer(response.status_code, bytes(body), response.headers)

    def _opened(self) -> httpx.HTTPTransport:
        if self._transport is None:
            self._transport = httpx.HTTPTransport(
                verify=verification(self._settings), limits=connection_limits(self._settings)
            )
        return self._transport


class Watchman:
    """Shuts the sockets of an exchange that takes too long, from a thread of its own.

    The thread starts with the first exchange and ends when there were none for a while. It is
    woken once per sleep, not once per exchange.
    """

    def __init__(self) -> None:
        self.shut = False
        """Whether the exchange that is watched has run out of time."""
        self._condition = threading.Condition()
        self._until: float | None = None
        self._sockets: list[socket.socket] = []
        self._running = False
        self._dozing = False

    @contextmanager
    def watching(self, seconds: float) -> Iterator[None]:
        """Give the block so much time."""
        with self._condition:
            self.shut = False
            self._until = time.monotonic() + seconds
            if not self._running:
                self._running = True
                threading.Thread(target=self._watch, name="syncropel-watch", daemon=True).start()
            elif self._dozing:
                self._condition.notify()
        try:
            yield
        finally:
            with self._condition:
                self._until = None

    def notice(self, event: str, info: dict[str, Any]) -> None:
        """Learn of new sockets; httpx reports every step of a request here."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            made = info["return_value"].get_extra_info("socket")
            with self._condition:
                open_ones = [each for each in self._sockets if each.fileno() >= 0]
                self._sockets = [*open_ones, made]

    def _watch(self) -> None:
        with self._condition:
            while self._until is not None or self._doze():
                left = (self._until or 0.0) - time.monotonic()
                if left > 0:
                    self._condition.wait(left)
                else:
                    self._shut_all()
            self._running = False

    def _doze(self) -> bool:
        """Wait for an exchange; False where none came."""
        self._dozing = True
        self._condition.wait_for(lambda: self._until is not None, _IDLE_S)
        self._dozing = False
        return self._until is not None

    def _shut_all(self) -> None:
        self.shut = True
        self._until = None
        for each in self._sockets:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)  # unlike a TLS socket's own
