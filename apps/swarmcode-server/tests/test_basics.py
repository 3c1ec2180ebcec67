"""Health, readiness, models, and a first answer in each shape."""

import json

import httpx
import pytest

from swarmcode_server import ServeConfig, SettingsError, create_app


def test_health_says_what_is_served(http: httpx.Client) -> None:
    """The published three fields."""
    assert http.get("/health").json() == {
        "status": "healthy",
        "model": "recorded",
        "tools_enabled": True,
    }


def test_ready_says_so(http: httpx.Client) -> None:
    """A loaded server that is not stopping is ready."""
    assert http.get("/ready").json() == {"status": "ready"}


def test_every_answer_carries_a_request_id(http: httpx.Client) -> None:
    """The client's own where it is a plain one."""
    assert http.get("/health", headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = http.get("/nowhere", headers={"x-request-id": "a b"}).headers["x-request-id"]
    assert made.startswith("req_")


def test_models_are_listed_and_shown(http: httpx.Client) -> None:
    """`/v1/models` and each model by its name."""
    [listed] = http.get("/v1/models").json()["data"]
    assert http.get("/v1/models/recorded").json() == listed
    assert listed["id"] == "recorded"
    missing = http.get("/v1/models/other/one")
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "model_not_found"


def test_a_stream_has_openais_order(http: httpx.Client) -> None:
    """Role first, then text, then the reason, then usage without choices, then DONE."""
    body = {
        "model": "recorded",
        "messages": [{"role": "user", "content": "say: one two"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    answer = http.post("/v1/chat/completions", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *events, done = [line for line in answer.text.split("\n\n") if line]
    assert done == "data: [DONE]"
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    assert [c["choices"][0]["delta"] for c in chunks[:-1]] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "one"},
        {"content": " two"},
        {},
    ]
    assert [c["choices"][0]["finish_reason"] for c in chunks[:-1]] == [None, None, None, "stop"]
    assert [c["usage"] for c in chunks[:-1]] == [None] * 4
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == 3  # two words and the end
    assert {c["id"] for c in chunks} == {chunks[0]["id"]}


def test_other_machines_need_a_key() -> None:
    """A server that others can reach is not started without keys."""
    with pytest.raises(SettingsError, match="a key is required"):
        create_app({"host": "0.0.0.0", "base_model": "x"})


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        pytest.param({"port": 70_000}, "port", id="port"),
        pytest.param({"max_tokens": 0}, "max_tokens", id="max-tokens"),
        pytest.param({"colour": "blue"}, "colour", id="unknown"),
        pytest.param({"cors_origins": ["*"]}, "cors_origins", id="any-origin"),
        pytest.param({"upstreams": [{"url": "ftp://x"}]}, "upstreams.0.url", id="ftp"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: dict, field: str) -> None:
    """The error says which field it is."""
    with pytest.raises(SettingsError) as caught:
        ServeConfig.of(settings)
    assert caught.value.field == field


def test_settings_are_read_from_any_object() -> None:
    """Another program's configuration will do, whatever else it holds."""

    class Other:
        port, base_model, something = 9000, "some/model", object()

    assert ServeConfig.of(Other()).port == 9000
