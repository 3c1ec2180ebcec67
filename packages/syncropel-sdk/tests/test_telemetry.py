"""What a client tells whoever watches it."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import httpx
import pytest

from syncropel import (
    Client,
    OpenTelemetry,
    Spool,
    content_id,
)

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}
Make = Callable[..., Client]


def test_opentelemetry(make_client: Make) -> None:
    """A span per delivery, its trace in the request's headers, and counters with reasons."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    telemetry = OpenTelemetry(
        tracer_provider=tracing, meter_provider=MeterProvider(metric_readers=[reader])
    )
    headers: list[httpx.Headers] = []

    def respond(request: httpx.Request) -> httpx.Response:
        headers.append(request.headers)
        if len(headers) == 1:
            return httpx.Response(503)
        return httpx.Response(200, json={"id": content_id(json.loads(request.content))})

    async def scenario() -> None:
        transport = httpx.MockTransport(respond)
        async with make_client(transport=transport, telemetry=telemetry) as client:
            assert (await client.emit(**EMIT, body={})).success

    asyncio.run(scenario())
    [span] = spans.get_finished_spans()
    trace = f"{span.context.trace_id:032x}"
    assert all(trace in each["traceparent"] for each in headers)
    points = {
        metric.name: [(p.attributes, getattr(p, "value", None)) for p in metric.data.data_points]
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert points["syncropel.emits"] == [({"status": "delivered", "kind": "test.case.record"}, 1)]
    assert points["syncropel.retries"] == [({}, 1)]
    assert "syncropel.delivery.duration" in points


class _Drops:
    """A telemetry that notes drops and nothing else."""

    def __init__(self) -> None:
        self.dropped_by_reason: Counter[str] = Counter()

    def sending(self, records: int) -> AbstractContextManager[None]:
        return nullcontext()

    def headers(self) -> None:
        return None

    def retrying(self, seconds: float) -> None:
        return None

    def emitted(self, result: object) -> None:
        return None

    def dropped(self, reason: str, records: int) -> None:
        self.dropped_by_reason[reason] += records


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param({"max_bytes": 1_000}, "full", id="refused"),
        pytest.param({"max_bytes": 1_000, "when_full": "drop_oldest"}, "size", id="displaced"),
        pytest.param({"max_age_s": 0.0}, "age", id="too-old"),
        pytest.param({}, "asked", id="asked"),
    ],
)
def test_what_a_spool_gives_up_is_told(
    options: dict, reason: str, make_client: Make, tmp_path: Path
) -> None:
    """Telemetry and the spool's own count agree, by reason, with two clients at one spool."""
    drops = _Drops()
    spool = Spool(tmp_path / "spool.db", **options)

    async def scenario() -> None:
        nowhere = "http://127.0.0.1:1"
        async with (
            make_client(nowhere, spool=spool, telemetry=drops, max_retries=0) as client,
            make_client(nowhere, spool=spool, telemetry=drops, max_retries=0),
        ):
            for n in range(12):
                await client.emit(**EMIT, body={"n": n})
            if reason == "asked":
                spool.drop()

    asyncio.run(scenario())
    assert set(drops.dropped_by_reason) == {reason}
    assert drops.dropped_by_reason == spool.stats().dropped


def test_a_record_that_nobody_waits_for_is_counted(make_client: Make) -> None:
    """A cancelled caller is not told how it ended; where it ended badly, the telemetry is."""
    drops = _Drops()

    async def refuse(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return httpx.Response(403)

    async def scenario() -> None:
        transport = httpx.MockTransport(refuse)
        async with make_client(transport=transport, telemetry=drops) as client:
            task = asyncio.create_task(client.emit(**EMIT, body={}))
            await asyncio.sleep(0.02)
            task.cancel()

    asyncio.run(scenario())
    assert drops.dropped_by_reason == {"abandoned": 1}
