"""OpenTelemetry: a span for each answer, beneath the one that FastAPI makes for its request."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

from ..engines import Ask
from ..errors import MissingExtraError
from .metrics import Answering

_tracer = trace.get_tracer("swarmcode_server")


def configure_traces() -> None:
    """Send traces where OTEL_EXPORTER_OTLP_ENDPOINT says. For programs alone."""
    try:
        exporter = importlib.import_module(
            "opentelemetry.exporter.otlp.proto.http.trace_exporter"
        ).OTLPSpanExporter()
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise MissingExtraError("sending traces", extra="otel") from None
    provider = TracerProvider(resource=Resource.create({"service.name": "swarmcode-server"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


@contextmanager
def answer_span(ask: Ask, answering: Answering) -> Iterator[None]:
    """Trace one answer: which model, how many tokens, why it ended. Never what was said."""
    kind = "chat" if ask.prompt is None else "text_completion"
    span = _tracer.start_span(
        f"{kind} {ask.model}",
        attributes={"gen_ai.operation.name": kind, "gen_ai.request.model": ask.model},
    )
    try:
        yield
    finally:
        if span.is_recording():
            span.set_attribute("gen_ai.response.finish_reasons", answering.reasons)
            if answering.usage is not None:
                span.set_attribute("gen_ai.usage.input_tokens", answering.usage.prompt)
                span.set_attribute("gen_ai.usage.output_tokens", answering.usage.completion)
            if answering.failure is not None:
                span.set_attribute("error.type", answering.failure)
        span.end()
