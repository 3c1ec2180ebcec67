"""What a server counts, in the words of Prometheus."""

from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope

from syncropel.kernel import Ingested, Refusal
from syncropel.kernel.doors import READS, WRITES, shape_of

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counts answers and records; gauges are read when somebody asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "syncropel_request_seconds", "Time to answer a request.", ["door", "status"],
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self._records = Counter(
            "syncropel_records", "Records offered, by what became of them.", ["outcome"],
            registry=self.registry,
        )  # fmt: skip
        self._stalled = Counter(
            "syncropel_stalled", "Readers cut off because they took nothing.",
            registry=self.registry,
        )  # fmt: skip

    def watch_value(self, name: str, help_text: str, value: Callable[[], float]) -> None:
        """Show a value that is asked for at each scrape."""
        Gauge(name, help_text, registry=self.registry).set_function(value)

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count an answer."""
        shape, _ = shape_of(scope["method"], scope["path"])
        door = shape if shape in READS or shape in WRITES else "other"
        self._seconds.labels(door, str(status)).observe(seconds)

    def ingested(self, outcomes: Sequence[Ingested | Refusal]) -> None:
        """Count what became of records."""
        counts: dict[str, int] = {}
        for outcome in outcomes:
            name = _outcome(outcome)
            counts[name] = counts.get(name, 0) + 1
        for name, count in counts.items():
            self._records.labels(name).inc(count)

    def stalled(self) -> None:
        """Count a reader that took nothing."""
        self._stalled.inc()

    def page(self) -> bytes:
        """Return everything in the text format."""
        return generate_latest(self.registry)


def _outcome(outcome: Ingested | Refusal) -> str:
    if isinstance(outcome, Refusal):
        return outcome.code.lower()
    return "created" if outcome.created else "known"
