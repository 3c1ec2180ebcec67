"""Numbers, log lines and traces say what happened, and never what was said."""

import io
import json
import logging
from collections.abc import Callable

import httpx
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from swarmcode_server.telemetry.logs import JsonLines

SECRET = "say: the secret word"
ASK = {"model": "recorded", "messages": [{"role": "user", "content": SECRET}]}


def numbers(http: httpx.Client) -> dict[str, float]:
    families = text_string_to_metric_families(http.get("/metrics").text)
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith(("_bucket", "_created"))
    }


def test_metrics_have_vllms_names(recorded_server: Callable) -> None:
    """And count tokens exactly."""
    with recorded_server() as server, httpx.Client(base_url=server.url) as http:
        usage = http.post("/v1/chat/completions", json=ASK).json()["usage"]
        http.post("/v1/chat/completions", json={**ASK, "model": "made up " * 9})
        seen = numbers(http)
    model = "[('model_name', 'recorded')]"
    assert seen[f"vllm:prompt_tokens_total{model}"] == usage["prompt_tokens"]
    assert seen[f"vllm:generation_tokens_total{model}"] == usage["completion_tokens"]
    assert seen[f"vllm:num_requests_running{model}"] == 0
    assert seen[f"vllm:time_to_first_token_seconds_count{model}"] == 1
    assert seen[f"vllm:e2e_request_latency_seconds_count{model}"] == 1
    done = "[('finished_reason', 'stop'), ('model_name', 'recorded')]"
    assert seen[f"vllm:request_success_total{done}"] == 1
    chat = "[('route', '/v1/chat/completions'), ('status', '404')]"
    assert seen[f"swarmcode_http_requests_total{chat}"] == 1
    assert not [name for name in seen if "made up" in name], "a label for each made-up name"


def test_log_lines_are_json_without_prompts(recorded_server: Callable) -> None:
    """One for each request, with its id, its status, its tokens and who asked."""
    for log_prompts in (False, True):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(JsonLines())
        logger = logging.getLogger("swarmcode_server")
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            with recorded_server(log_prompts=log_prompts) as server:
                headers = {"x-request-id": "my-id"}
                httpx.post(f"{server.v1}/chat/completions", json=ASK, headers=headers)
        finally:
            logger.removeHandler(handler)
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        [line] = [line for line in lines if line["message"] == "request"]
        assert line["request_id"] == "my-id"
        assert line["status"] == 200
        assert line["caller"] == "local"
        assert line["model"] == "recorded"
        assert line["completion_tokens"] == 4
        assert ("secret" in stream.getvalue()) is log_prompts


def test_answers_are_traced(recorded_server: Callable, recorded_proxy: Callable) -> None:
    """A span for each, beneath its request's; the trace goes on at the upstream."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    with recorded_server() as upstream, recorded_proxy({"url": upstream.v1}) as http:
        http.post("/v1/chat/completions", json=ASK)
    spans = [span for span in exporter.get_finished_spans() if span.name == "chat recorded"]
    assert len(spans) == 2, "one here and one at the upstream"
    assert len({span.context.trace_id for span in spans}) == 1
    for span in spans:
        assert span.attributes["gen_ai.usage.output_tokens"] == 4
        assert span.attributes["gen_ai.response.finish_reasons"] == ("stop",)
        assert span.parent is not None
    assert "secret" not in str([span.to_json() for span in exporter.get_finished_spans()])
