"""Who is let in, how much they may take, and how the server stops."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_server import SettingsError, add_key, remove_key
from swarmcode_server.errors import RateLimitError
from swarmcode_server.guard import Guard
from swarmcode_server.keys import Key, KeyRing, digest_of
from swarmcode_server.quota import Quota

ASK = {"model": "recorded", "messages": [{"role": "user", "content": "say: hi there"}]}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_key_is_shown_once_and_kept_as_a_hash(tmp_path: Path) -> None:
    """The file holds no key, is private, and forgets a key when told to."""
    path = tmp_path / "keys.json"
    token = add_key(path, "ann", tools=True)
    assert token not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert KeyRing.load(path).find(token) == Key(name="ann", sha256=digest_of(token), tools=True)
    with pytest.raises(SettingsError, match="already"):
        add_key(path, "ann")
    assert remove_key(path, "ann")
    assert not remove_key(path, "ann")
    assert KeyRing.load(path).find(token) is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": "swarmcode-keys/1", "keys": [{"name": "x"}]}', "[" * 500],
)
def test_a_broken_key_file_stops_the_server(tmp_path: Path, text: str) -> None:
    """It is never read as no keys at all."""
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match="keys_file"):
        KeyRing.load(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        KeyRing.load(tmp_path / "missing.json")


def test_an_empty_key_file_opens_nothing(tmp_path: Path) -> None:
    """Other machines are not let in because a file is there."""
    from swarmcode_server import create_app

    path = tmp_path / "keys.json"
    path.write_text('{"schema": "swarmcode-keys/1", "keys": []}')
    with pytest.raises(SettingsError, match="a key is required"):
        create_app({"host": "0.0.0.0", "keys_file": path, "upstreams": [{"url": "http://x/v1"}]})


def test_with_keys_every_route_of_v1_needs_one(tmp_path: Path, recorded_server: Callable) -> None:
    """Health is everyone's; a wrong key is no better than none, and is not repeated."""
    token = add_key(tmp_path / "keys.json", "ann")
    with (
        recorded_server(keys_file=tmp_path / "keys.json") as server,
        httpx.Client(base_url=server.url) as http,
    ):
        assert http.get("/health").status_code == 200
        for headers in ({}, bearer("sk-swarm-wrong"), {"authorization": "Basic eA=="}):
            for path in ("/v1/models", "/v1/tools", "/v1/models/recorded"):
                answer = http.get(path, headers=headers)
                assert answer.status_code == 401, path
                assert answer.json()["error"]["code"] == "invalid_api_key"
                assert answer.headers["www-authenticate"] == "Bearer"
            answer = http.post("/v1/chat/completions", json=ASK, headers=headers)
            assert answer.status_code == 401
            assert "wrong" not in answer.text
        assert http.post("/v1/chat/completions", json=ASK, headers=bearer(token)).status_code == 200


def test_limits_are_each_keys_own(tmp_path: Path, recorded_server: Callable) -> None:
    """429 says when to come back; another key goes on."""
    path = tmp_path / "keys.json"
    slow, fast = add_key(path, "slow", requests_per_minute=2), add_key(path, "fast")
    greedy = add_key(path, "greedy", tokens_per_minute=1)
    with recorded_server(keys_file=path) as server, httpx.Client(base_url=server.url) as http:

        def ask(token: str) -> httpx.Response:
            return http.post("/v1/chat/completions", json=ASK, headers=bearer(token))

        assert [ask(slow).status_code for _ in range(3)] == [200, 200, 429]
        assert 1 <= int(ask(slow).headers["retry-after"]) <= 60
        assert ask(fast).status_code == 200
        assert [ask(greedy).status_code for _ in range(2)] == [200, 429]


def test_concurrency_is_limited(
    tmp_path: Path, recorded: Callable, recorded_server: Callable
) -> None:
    """For a key, and for the server as a whole."""
    path = tmp_path / "keys.json"
    token, other = add_key(path, "one", concurrent=1), add_key(path, "other")
    source = recorded(delay=0.1)
    with (
        recorded_server(source, keys_file=path, limits={"concurrent": 2}) as server,
        httpx.Client(base_url=server.url) as http,
    ):
        body = {
            **ASK,
            "stream": True,
            "messages": [{"role": "user", "content": "say: " + "x " * 99}],
        }

        def ask(token: str) -> int:
            return http.post("/v1/chat/completions", json=ASK, headers=bearer(token)).status_code

        with http.stream("POST", "/v1/chat/completions", json=body, headers=bearer(token)) as first:
            lines = first.iter_lines()
            next(lines)
            assert ask(token) == 429
            with http.stream(
                "POST", "/v1/chat/completions", json=body, headers=bearer(other)
            ) as two:
                more = two.iter_lines()
                next(more)
                assert ask(other) == 503
        _eventually(lambda: not server.app.state.guard.running)
        assert ask(token) == 200


@given(
    st.lists(st.tuples(st.floats(0, 120), st.integers(0, 50)), max_size=30),
    st.integers(1, 20),
)
def test_a_quota_is_never_exceeded(steps: list[tuple[float, int]], per_minute: int) -> None:
    """No minute has more than twice the rate, and the time to wait that is told holds."""
    now = [0.0]
    key = Key(name="k", sha256="0" * 64, requests_per_minute=per_minute)
    quota = Quota(key, lambda: now[0])
    passed: list[float] = []
    for pause, tokens in steps:
        now[0] += pause
        try:
            quota.begin()
        except RateLimitError as error:
            now[0] += (error.retry_after or 0) + 1e-6
            quota.begin()
        passed.append(now[0])
        quota.end(tokens)
    for start in passed:
        assert sum(start <= at < start + 60 for at in passed) <= 2 * per_minute


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example"]
)
def test_a_page_of_another_site_is_not_answered(http: httpx.Client, host: str) -> None:
    """Without keys, a name that was led to this address (DNS rebinding) is refused."""
    answer = http.post("/v1/chat/completions", json=ASK, headers={"host": host})
    assert answer.status_code in {400, 403}


def test_no_other_origin_is_allowed(http: httpx.Client) -> None:
    """CORS is off: no header that would let a page read the answer."""
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    asked = http.options("/v1/chat/completions", headers=headers)
    assert asked.status_code == 405
    answer = http.post("/v1/chat/completions", json=ASK, headers=headers)
    assert not [name for name in (*asked.headers, *answer.headers) if name.startswith("access-")]
    plain = http.post(
        "/v1/chat/completions", content=json.dumps(ASK), headers={"content-type": "text/plain"}
    )
    assert plain.status_code == 400, "what a page may send without being asked is not read"


def test_named_origins_are_allowed(recorded_server: Callable) -> None:
    """And no others."""
    with recorded_server(cors_origins=["https://app.example"]) as server:
        for origin, allowed in (("https://app.example", True), ("https://evil.example", False)):
            answer = httpx.post(
                f"{server.v1}/chat/completions", json=ASK, headers={"origin": origin}
            )
            assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
            assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"x" * 2000, 413, id="large"),
        pytest.param(b"[" * 900, 400, id="deep"),
        pytest.param(b'{"a":', 400, id="cut"),
        pytest.param(b"\xff\xfe{}", 400, id="not-utf-8"),
        pytest.param(b'{"model":"\\ud800"}', 400, id="half-a-character"),
        pytest.param(b"", 400, id="empty"),
        pytest.param(b"null", 400, id="null"),
        pytest.param(b"9" * 900, 400, id="huge-number"),
        pytest.param(b'{"model":"m","messages":[],"temperature":NaN}', 400, id="nan"),
    ],
)
def test_bodies_that_are_no_requests(recorded_server: Callable, body: bytes, status: int) -> None:
    """Each an error object, and the server goes on."""
    with recorded_server(limits={"body_bytes": 1000}) as server:
        headers = {"content-type": "application/json"}
        answer = httpx.post(f"{server.v1}/chat/completions", content=body, headers=headers)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
        chunks = (body[n : n + 100] for n in range(0, len(body), 100))
        chunked = httpx.post(f"{server.v1}/chat/completions", content=chunks, headers=headers)
        assert chunked.status_code == status
        assert httpx.get(f"{server.url}/health").status_code == 200


def test_a_body_that_never_arrives_is_not_waited_for(recorded_server: Callable) -> None:
    """408 after the time that is set."""
    with recorded_server(limits={"body_seconds": 0.2}) as server:
        port = int(server.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as wire:
            wire.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
                b"content-type: application/json\r\ncontent-length: 100\r\n\r\n{"
            )
            wire.settimeout(5)
            assert b"408" in wire.recv(1000)


def test_an_answer_has_its_time(recorded: Callable, recorded_server: Callable) -> None:
    """504 where nothing was said yet, an error event where something was."""
    source = recorded(delay=0.15)
    with recorded_server(source, limits={"request_seconds": 0.1}) as server:
        answer = httpx.post(f"{server.v1}/chat/completions", json=ASK)
        assert answer.status_code == 504
    source = recorded(delay=0.06)
    with recorded_server(source, limits={"request_seconds": 0.1}) as server:
        answer = httpx.post(f"{server.v1}/chat/completions", json={**ASK, "stream": True})
        assert answer.status_code == 200
        assert '"code":"request_timeout"' in answer.text
        assert "[DONE]" not in answer.text


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_stops_the_model(
    recorded: Callable, recorded_server: Callable, stream: bool
) -> None:
    """Within one token, streaming or not."""
    source = recorded(delay=0.05)
    body = {
        **ASK,
        "messages": [{"role": "user", "content": "say: " + "x " * 200}],
        "stream": stream,
    }
    with recorded_server(source) as server:
        with (
            contextlib.suppress(httpx.ReadTimeout),
            httpx.stream("POST", f"{server.v1}/chat/completions", json=body, timeout=0.5) as answer,
        ):
            assert stream, "a whole answer is not begun before it is complete"
            next(answer.iter_raw())
        _eventually(lambda: source.running == 0)
        generated = source.generated
        time.sleep(0.15)
        assert source.generated == generated


def test_a_model_that_fails_is_told(recorded: Callable, recorded_server: Callable) -> None:
    """500 before its first token, an error event after; what it said inside is not repeated."""
    for fail_after, status in ((0, 500), (1, 200)):
        source = recorded(fail_after=fail_after, error=RuntimeError("secret path"))
        with recorded_server(source) as server:
            answer = httpx.post(f"{server.v1}/chat/completions", json={**ASK, "stream": True})
            assert answer.status_code == status
            assert '"type":"server_error"' in answer.text
            assert "secret" not in answer.text
            assert httpx.get(f"{server.url}/health").status_code == 200


def test_draining_lets_answers_end_and_no_new_ones_in(
    recorded: Callable, recorded_server: Callable
) -> None:
    """Not ready, 503 for the new, and the running one is whole."""
    source = recorded(delay=0.05)
    body = {**ASK, "messages": [{"role": "user", "content": "say: " + "x " * 12}], "stream": True}
    with (
        recorded_server(source) as server,
        httpx.Client(base_url=server.url) as http,
        http.stream("POST", "/v1/chat/completions", json=body) as answer,
    ):
        lines = answer.iter_lines()
        next(lines)
        server.app.state.guard.draining = True
        assert http.get("/ready").status_code == 503
        refused = http.post("/v1/chat/completions", json=ASK)
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "5"
        assert "data: [DONE]" in list(lines)


def test_stopping_waits_for_answers(recorded: Callable, recorded_server: Callable) -> None:
    """The server is told to end while it streams; the stream is whole."""
    source = recorded(delay=0.05)
    body = {**ASK, "messages": [{"role": "user", "content": "say: " + "x " * 12}], "stream": True}
    got: list[str] = []
    with recorded_server(source) as server:

        def read() -> None:
            with httpx.stream("POST", f"{server.v1}/chat/completions", json=body) as answer:
                got.extend(answer.iter_lines())

        reader = threading.Thread(target=read)
        reader.start()
        _eventually(lambda: len(got) > 1)
    reader.join(10)
    assert "data: [DONE]" in got


def test_two_prompts_count_as_one_answer() -> None:
    """The guard counts requests, and lets go of each."""
    import asyncio

    async def both() -> None:
        guard = Guard(KeyRing(), 1)
        caller = guard.caller(None, host="localhost:1")
        async with guard.admit(caller):
            assert guard.running == 1
        assert guard.running == 0
        assert await guard.drain(0.1)

    asyncio.run(both())


def _eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
