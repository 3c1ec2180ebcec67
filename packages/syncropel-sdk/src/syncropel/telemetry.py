"""What can be watched while records are sent: a small protocol, and OpenTelemetry behind it.

Nothing is measured by default. `OpenTelemetry()` (extra `otel`) makes one span per request to
the server, passes `traceparent` on in its headers, and counts emits, retries and drops. A
broken telemetry never breaks an emit.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, Protocol

from .errors import MissingExtraError

if TYPE_CHECKING:
    from .transport.results import EmitResult


class Telemetry(Protocol):
    """What a client tells whoever watches it."""

    def sending(self, records: int) -> AbstractContextManager[Any]:
        """Surround the delivery of `records` records."""
        ...

    def headers(self) -> dict[str, str] | None:
        """Return headers that carry the trace to the server."""
        ...

    def retrying(self, seconds: float) -> None:
        """Note that an attempt failed and another follows."""
        ...

    def emitted(self, result: "EmitResult") -> None:
        """Note what a caller was told."""
        ...

    def dropped(self, reason: str, records: int) -> None:
        """Note that records were given up, and why.

        `overflow`: displaced from a full queue; `abandoned`: not delivered, and the caller no
        longer waits to be told; `age`, `size`, `asked`: given up by a spool; `full`: new ones
        that a spool refused.
        """
        ...


class NoTelemetry:
    """Watches nothing."""

    def sending(self, records: int) -> AbstractContextManager[Any]:  # noqa: ARG002
        """Surround nothing."""
        return nullcontext()

    def headers(self) -> dict[str, str] | None:
        """Add nothing."""
        return None

    def retrying(self, seconds: float) -> None:
        """Note nothing."""

    def emitted(self, result: "EmitResult") -> None:
        """Note nothing."""

    def dropped(self, reason: str, records: int) -> None:
        """Note nothing."""


NO_TELEMETRY: Final = NoTelemetry()
_log: Final = logging.getLogger("syncropel")


class GuardedTelemetry:
    """Keeps a telemetry's own faults away from the records."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    @contextmanager
    def sending(self, records: int) -> Iterator[None]:
        """Surround a delivery, which goes on whether or not it can be surrounded."""
        with ExitStack() as stack:
            with _warn("sending"):
                stack.enter_context(_Quiet(self._telemetry.sending(records)))
            yield

    def headers(self) -> dict[str, str] | None:
        """Return the trace headers, or none."""
        found: list[dict[str, str] | None] = [None]
        with _warn("headers"):
            found.append(self._telemetry.headers())
        return found[-1]

    def retrying(self, seconds: float) -> None:
        """Pass on."""
        with _warn("retrying"):
            self._telemetry.retrying(seconds)

    def emitted(self, result: "EmitResult") -> None:
        """Pass on."""
        with _warn("emitted"):
            self._telemetry.emitted(result)

    def dropped(self, reason: str, records: int) -> None:
        """Pass on."""
        with _warn("dropped"):
            self._telemetry.dropped(reason, records)


class _Quiet:
    """A context manager whose exit cannot raise."""

    def __init__(self, manager: AbstractContextManager[Any]) -> None:
        self._manager = manager

    def __enter__(self) -> None:
        self._manager.__enter__()

    def __exit__(self, *exception: Any) -> None:
        with _warn("sending"):
            self._manager.__exit__(*exception)


@contextmanager
def _warn(what: str) -> Iterator[None]:
    try:
        yield
    except Exception:  # noqa: BLE001 (somebody else's code; the record goes on)
        _log.warning("the telemetry failed in %s", what, exc_info=True)


class OpenTelemetry:
    """Spans and metrics through the OpenTelemetry API; the program brings its own SDK.

    Metrics: `syncropel.emits` by status and kind, `syncropel.retries`, `syncropel.drops` by
    reason, `syncropel.delivery.duration` in seconds. Spans: `syncropel.deliver`.
    """

    def __init__(self, *, tracer_provider: Any = None, meter_provider: Any = None) -> None:
        try:
            from opentelemetry import metrics, propagate, trace
        except ImportError:
            raise MissingExtraError("otel", purpose="OpenTelemetry") from None
        self._inject = propagate.inject
        self._tracer = trace.get_tracer("syncropel", tracer_provider=tracer_provider)
        meter = metrics.get_meter("syncropel", meter_provider=meter_provider)
        self._emits = meter.create_counter("syncropel.emits", description="Results of emit.")
        self._retries = meter.create_counter("syncropel.retries", description="Repeated attempts.")
        self._drops = meter.create_counter("syncropel.drops", description="Records given up.")
        self._duration = meter.create_histogram(
            "syncropel.delivery.duration", unit="s", description="Time to deliver, with retries."
        )

    @contextmanager
    def sending(self, records: int) -> Iterator[None]:
        """Open a span around one delivery."""
        start = time.perf_counter()
        with self._tracer.start_as_current_span(
            "syncropel.deliver", attributes={"syncropel.records": records}
        ):
            yield
        self._duration.record(time.perf_counter() - start)

    def headers(self) -> dict[str, str] | None:
        """Return `traceparent` (and what else the program's propagators add)."""
        carrier: dict[str, str] = {}
        self._inject(carrier)
        return carrier or None

    def retrying(self, seconds: float) -> None:  # noqa: ARG002 (how long is the span's business)
        """Count one more attempt."""
        self._retries.add(1)

    def emitted(self, result: "EmitResult") -> None:
        """Count one result."""
        self._emits.add(1, {"status": result.status, "kind": result.kind})

    def dropped(self, reason: str, records: int) -> None:
        """Count records given up."""
        self._drops.add(records, {"reason": reason})
