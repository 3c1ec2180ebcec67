"""A real, tiny model: answers, adapters, constraints, and what happens when many ask at once."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from swarmcode_server import LoadError, ServeConfig, create_app, wiring

pytestmark = pytest.mark.torch
ADMIN = "sk-swarm-admin"


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory, base: Path, make_adapter: Callable) -> Path:
    folder = tmp_path_factory.mktemp("adapters")
    make_adapter(base, folder / "one", seed=1)
    make_adapter(base, folder / "two", seed=2)
    return folder


@pytest.fixture(scope="module")
def model(
    base: Path, adapters: Path, running_app: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A server with the base, one adapter from the start, and one more on the shelf."""
    from swarmcode_server.keys import digest_of

    keys = tmp_path_factory.mktemp("keys") / "keys.json"
    key = {"name": "admin", "sha256": digest_of(ADMIN), "admin": True}
    keys.write_text(json.dumps({"schema": "swarmcode-keys/1", "keys": [key]}))
    settings = {
        "base_model": str(base),
        "adapters": {"one": adapters / "one"},
        "adapters_dir": adapters,
        "keys_file": keys,
        "device": "cpu",
    }
    app = create_app(settings)
    headers = {"authorization": f"Bearer {ADMIN}"}
    with (
        running_app(app) as started,
        httpx.Client(base_url=started.url, headers=headers, timeout=60) as client,
    ):
        client.app_state = app.state
        yield client


def chat(client: httpx.Client, text: str, **more: object) -> dict[str, Any]:
    body = {"model": "base", "messages": [{"role": "user", "content": text}], "max_tokens": 12}
    answer = client.post("/v1/chat/completions", json={"temperature": 0, **body, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def text_of(answer: dict[str, Any], choice: int = 0) -> str:
    return answer["choices"][choice]["message"]["content"]


def test_base_and_adapters_are_models(model: httpx.Client) -> None:
    """Each by its own name; an adapter's parent is the base."""
    listed = {entry["id"]: entry["parent"] for entry in model.get("/v1/models").json()["data"]}
    assert listed["base"] is None
    assert listed["one"] == "base"


def test_the_answer_is_what_transformers_generates(model: httpx.Client, base: Path) -> None:
    """Greedy, token for token, with the exact counts."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(str(base))
    reference = transformers.AutoModelForCausalLM.from_pretrained(str(base))
    messages = [{"role": "user", "content": "Fix add_1, please"}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    tokens = tokenizer(text, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        out = reference.generate(
            tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=12, do_sample=False
        )[0, tokens.shape[1] :]
    answer = chat(model, "Fix add_1, please")
    assert text_of(answer) == tokenizer.decode(out, skip_special_tokens=True)
    assert answer["usage"]["prompt_tokens"] == tokens.shape[1]
    assert answer["usage"]["completion_tokens"] == len(out)


def test_many_at_once_say_what_each_says_alone(model: httpx.Client) -> None:
    """Rows of different lengths, the base and an adapter, joining and leaving one batch."""
    asked = [
        ("x " * (3 * n) + f"question {n}", {"max_tokens": 4 + n, "model": ("base", "one")[n % 2]})
        for n in range(10)
    ]
    with ThreadPoolExecutor(10) as pool:
        together = list(pool.map(lambda a: text_of(chat(model, a[0], **a[1])), asked))
    assert together == [text_of(chat(model, text, **more)) for text, more in asked]
    assert len(set(together)) > 1


def test_an_adapter_answers_otherwise_than_its_base(model: httpx.Client) -> None:
    """Switching is per request, back and forth."""
    answers = [text_of(chat(model, "hello", model=name)) for name in ("base", "one", "base", "one")]
    assert answers[0] == answers[2] != answers[1] == answers[3]


def test_adapters_are_loaded_and_forgotten_while_others_answer(model: httpx.Client) -> None:
    """A running answer goes on; the new model is there at once, and gone at once."""
    before = text_of(chat(model, "hello"))
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(chat, model, "a long one", max_tokens=300)
        loaded = model.post("/v1/load_lora_adapter", json={"lora_name": "two"})
        assert loaded.json() == {"status": "loaded", "model": "two"}
        assert text_of(chat(model, "hello", model="two")) != before
        assert long.result()["usage"]["completion_tokens"] > 0
    assert text_of(chat(model, "hello")) == before
    gone = model.post("/v1/unload_lora_adapter", json={"lora_name": "two"})
    assert gone.status_code == 200
    body = {"model": "two", "messages": [{"role": "user", "content": "x"}]}
    assert model.post("/v1/chat/completions", json=body).status_code == 404
    assert model.post("/v1/unload_lora_adapter", json={"lora_name": "two"}).status_code == 404
    assert text_of(chat(model, "hello")) == before


@pytest.mark.parametrize(
    "path",
    ["../one", "/etc", "one/../one", "missing", "notes", "link"],
)
def test_only_sound_adapters_of_the_folder_are_loaded(
    model: httpx.Client, adapters: Path, path: str
) -> None:
    """Nothing outside of it, no link, no pickle; the error says which."""
    notes = adapters / "notes"
    notes.mkdir(exist_ok=True)
    (notes / "adapter_model.bin").write_bytes(b"\x80\x04N.")
    with contextlib.suppress(FileExistsError):
        (adapters / "link").symlink_to(adapters / "one")
    answer = model.post("/v1/load_lora_adapter", json={"lora_name": "x", "lora_path": path})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "lora_path"


def test_an_adapter_of_another_base_is_refused(
    model: httpx.Client, adapters: Path, tmp_path: Path, make_base: Callable, make_adapter: Callable
) -> None:
    """And the base goes on as before."""
    before = text_of(chat(model, "hello"))
    other = make_base(tmp_path / "other", hidden=32)
    make_adapter(other, adapters / "misfit", seed=3)
    answer = model.post("/v1/load_lora_adapter", json={"lora_name": "misfit"})
    assert answer.status_code == 400
    assert "does not fit" in answer.json()["error"]["message"]
    assert text_of(chat(model, "hello")) == before
    assert text_of(chat(model, "hello", model="one")) != before


SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"enum": ["a.py", "b.py"]},
        "line": {"type": "integer", "minimum": 1, "maximum": 99},
        "tags": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2},
    },
    "required": ["path", "line", "tags"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("seed", range(5))
def test_text_follows_its_schema(model: httpx.Client, seed: int) -> None:
    """Whatever a random model would rather say."""
    wanted = {"type": "json_schema", "json_schema": {"name": "edit", "schema": SCHEMA}}
    answer = chat(model, "edit", response_format=wanted, temperature=1.5, seed=seed, max_tokens=200)
    value = json.loads(text_of(answer))
    assert set(value) == {"path", "line", "tags"}
    assert value["path"] in {"a.py", "b.py"}
    assert 1 <= value["line"] <= 99
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_a_required_call_is_made(model: httpx.Client) -> None:
    """By constraint: the model has no choice but which arguments."""
    tools = [
        {"type": "function", "function": {"name": name, "parameters": SCHEMA}}
        for name in ("first", "second")
    ]
    named = {"type": "function", "function": {"name": "second"}}
    for choice, names in (("required", {"first", "second"}), (named, {"second"})):
        answer = chat(
            model, "do", tools=tools, tool_choice=choice, temperature=1, seed=1, max_tokens=300
        )
        [call] = answer["choices"][0]["message"]["tool_calls"]
        assert call["function"]["name"] in names
        assert set(json.loads(call["function"]["arguments"])) == {"path", "line", "tags"}
        assert answer["choices"][0]["finish_reason"] == "tool_calls"
        assert answer["choices"][0]["message"]["content"] is None


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": "nonsense"}, id="type"),
        pytest.param({"$ref": "#/$defs/missing"}, id="ref"),
        pytest.param({"type": "object", "properties": 5}, id="properties"),
        pytest.param({"enum": ["x" * 200_000]}, id="huge"),
        pytest.param({"type": "string", "pattern": "("}, id="pattern"),
    ],
)
def test_an_invalid_schema_is_the_clients_fault(model: httpx.Client, schema: dict) -> None:
    """Said before anything is generated; the server goes on."""
    body = {
        "model": "base",
        "messages": [{"role": "user", "content": "x"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}},
    }
    answer = model.post("/v1/chat/completions", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == "response_format"


def test_a_seed_gives_the_same_choices_again(model: httpx.Client) -> None:
    """Each choice its own, and all of them the same the next time."""
    asked = {"n": 3, "seed": 7, "temperature": 1.2}
    first, again = (chat(model, "draw", **asked) for _ in range(2))
    texts = [text_of(first, n) for n in range(3)]
    assert texts == [text_of(again, n) for n in range(3)]
    assert len(set(texts)) == 3


def test_logprobs_are_the_models_own(model: httpx.Client) -> None:
    """The drawn token is the likeliest of a greedy answer, and the top ones are ordered."""
    answer = chat(model, "likely", logprobs=True, top_logprobs=4)
    tokens = answer["choices"][0]["logprobs"]["content"]
    assert len(tokens) == answer["usage"]["completion_tokens"]
    for token in tokens:
        top = [entry["logprob"] for entry in token["top_logprobs"]]
        assert top == sorted(top, reverse=True)
        assert token["logprob"] == pytest.approx(top[0])
        assert bytes(token["bytes"]).decode("utf-8", "replace") == token["token"]


def test_a_prompt_read_before_is_not_read_again(model: httpx.Client) -> None:
    """The same answer, from the prefix cache."""
    text = "a prompt of some length " * 20
    first = chat(model, text)
    again = chat(model, text)
    assert text_of(first) == text_of(again)
    cached = again["usage"]["prompt_tokens_details"]["cached_tokens"]
    assert cached == again["usage"]["prompt_tokens"] - 1


def test_a_prompt_past_the_context_is_refused(model: httpx.Client) -> None:
    """With the code that clients look for."""
    body = {"model": "base", "messages": [{"role": "user", "content": "word " * 5000}]}
    answer = model.post("/v1/chat/completions", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "context_length_exceeded"


def test_a_client_that_leaves_stops_its_row(model: httpx.Client) -> None:
    """Others' answers are no slower for it a moment later."""
    body = {
        "model": "base",
        "messages": [{"role": "user", "content": "go on"}],
        "max_tokens": 1500,
        "stream": True,
    }
    with model.stream("POST", "/v1/chat/completions", json=body) as answer:
        next(answer.iter_lines())
    app = model.app_state
    deadline = time.monotonic() + 20
    while app.server.engine.source.rows_running:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_completions_take_tokens_and_echo_them(model: httpx.Client) -> None:
    """A prompt of token ids is gone on with as the text that they are."""
    body = {"model": "base", "max_tokens": 5, "temperature": 0, "echo": True}
    by_text = model.post("/v1/completions", json={**body, "prompt": "def"}).json()
    assert by_text["choices"][0]["text"].startswith("def")
    too_large = model.post("/v1/completions", json={**body, "prompt": [99999]})
    assert too_large.status_code == 400


def test_a_base_that_is_not_there_is_named() -> None:
    """Nothing is downloaded unless that was asked for."""
    engine = wiring.engine_for(ServeConfig(base_model="nobody/nothing"))

    async def start() -> None:
        await engine.start()

    import asyncio

    with pytest.raises(LoadError, match="allow_download"):
        asyncio.run(start())


def test_an_adapter_must_be_signed_by_whom_is_trusted(
    base: Path, adapters: Path, tmp_path: Path
) -> None:
    """Signed by another, changed since, or not at all: refused. Signed by them: passed."""
    from swarmcode_registry import PublishConfig, Publisher, new_key, pull
    from swarmcode_server import AdapterRefusedError

    key = new_key()
    config = PublishConfig(
        adapter_path=adapters / "one",
        manifest_output=tmp_path / "manifest.json",
        name="alice/one",
        version="1.0.0",
        store=str(tmp_path / "store"),
    )
    Publisher(config, key=key).publish()
    folder = pull(
        "alice/one", store=str(tmp_path / "store"), into=tmp_path / "one", expect=key.address
    ).folder

    def check(trust: str | None, path: Path) -> None:
        settings = ServeConfig(base_model=str(base), trust=trust)
        wiring.check_adapter(settings)("one", path)

    check(key.address, folder)
    check(None, adapters / "one")
    for trust, path in (
        (new_key().address, folder),
        (None, folder),
        (key.address, adapters / "one"),
    ):
        with pytest.raises(AdapterRefusedError):
            check(trust, path)
    weights = folder / "adapter_model.safetensors"
    weights.chmod(0o644)
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(AdapterRefusedError):
        check(key.address, folder)


@pytest.mark.timeout(300)  # it imports torch in a process of its own
def test_a_model_that_cannot_be_loaded_is_one_line(tmp_path: Path) -> None:
    """Of the process too: no traceback, and status 2."""
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"port": 0, "base_model": "nobody/nothing"}))
    command = [sys.executable, "-m", "swarmcode_server", "serve", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert ended.returncode == 2
    assert "allow_download" in ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
