"""Prometheus metrics: vLLM's names where they mean the same, so that its dashboards work here."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ..engines import Delta, Ended, Usage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20)
_BETWEEN = (0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
_WHOLE = (0.1, 0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 240.0)


class Metrics:
    """One server's numbers, in a registry of its own."""

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._registry = registry = CollectorRegistry()
        self._clock = clock
        model = ["model_name"]

        def counter(name: str, told: str, labels: list[str]) -> Counter:
            return Counter(name, told, labels, registry=registry)

        def histogram(name: str, told: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, told, model, buckets=buckets, registry=registry)

        self.running = Gauge(
            "vllm:num_requests_running", "Answers under way.", model, registry=registry
        )
        self.prompt = counter("vllm:prompt_tokens", "Tokens of prompts.", model)
        self.generated = counter("vllm:generation_tokens", "Tokens generated.", model)
        self.cached = counter("vllm:prefix_cache_hits", "Tokens that were read before.", model)
        self.done = counter(
            "vllm:request_success", "Answers that came to an end.", [*model, "finished_reason"]
        )
        self.first = histogram("vllm:time_to_first_token_seconds", "Until the first piece.", _FIRST)
        self.between = histogram(
            "vllm:inter_token_latency_seconds", "Between two pieces.", _BETWEEN
        )
        self.whole = histogram("vllm:e2e_request_latency_seconds", "Until the last piece.", _WHOLE)
        self.failed = counter(
            "swarmcode_request_failures", "Answers that failed.", [*model, "code"]
        )
        self.left = counter("swarmcode_requests_cancelled", "Clients that left.", model)
        self.requests = counter("swarmcode_http_requests", "Requests.", ["route", "status"])
        self.tools = counter("swarmcode_tool_calls", "Calls of tools.", ["tool", "success"])
        self.sessions = Gauge("swarmcode_sessions", "Workspaces in use.", registry=registry)

    def of_tools(self, known: Collection[str]) -> Callable[..., None]:
        """Count calls of tools; a name that the model made up is `unknown`."""

        def count(name: str, *, success: bool) -> None:
            self.tools.labels(name if name in known else "unknown", success).inc()

        return count

    def page(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    @contextmanager
    def answering(self, model: str) -> Iterator[Answering]:
        """Measure one answer. A name that is no model's must not come here."""
        running = self.running.labels(model)
        running.inc()
        answering = Answering(self, model, self._clock, self._clock())
        try:
            yield answering
        finally:
            running.dec()
            answering.close()


@dataclass(slots=True)
class Answering:
    """One answer, as it is measured."""

    metrics: Metrics
    model: str
    clock: Callable[[], float]
    began: float
    failure: str | None = None
    usage: Usage | None = None
    reasons: list[str] = field(default_factory=list)
    first: float | None = None
    _latest: float = 0.0

    def take(self, delta: Delta) -> None:
        """Count one piece."""
        now = self.clock()
        if isinstance(delta, Usage):
            self.usage = delta
        elif isinstance(delta, Ended):
            self.reasons.append(delta.reason)
        elif self.first is None:
            self.first = now - self.began
            self.metrics.first.labels(self.model).observe(self.first)
        else:
            self.metrics.between.labels(self.model).observe(now - self._latest)
        self._latest = now

    def close(self) -> None:
        """Count the answer as a whole."""
        metrics, model = self.metrics, self.model
        if self.usage is not None:
            metrics.prompt.labels(model).inc(self.usage.prompt)
            metrics.generated.labels(model).inc(self.usage.completion)
            metrics.cached.labels(model).inc(self.usage.cached)
        if self.failure is not None:
            metrics.failed.labels(model, self.failure).inc()
        elif not self.reasons:
            metrics.left.labels(model).inc()
        else:
            metrics.whole.labels(model).observe(self.clock() - self.began)
        for reason in self.reasons:
            metrics.done.labels(model, reason).inc()
