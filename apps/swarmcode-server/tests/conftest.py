"""A recorded model, and servers on loopback that answer from it."""

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn

from swarmcode_server import ServeConfig, create_app
from swarmcode_server.engines import (
    Ask,
    LocalEngine,
    Model,
    Prepared,
    Token,
    TokenLogprob,
)
from swarmcode_server.errors import ContextLengthError

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # whatever a test forgets to build is not fetched
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # for models this small, threads only cost

HAS_TORCH = importlib.util.find_spec("torch") is not None
CONTEXT = 2048
_WORDS = re.compile(r"\s*\S+|\s+")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "torch: runs a real model, which needs the ml group")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("torch") is not None and not HAS_TORCH:
            item.add_marker(pytest.mark.skip(reason="needs the ml group: torch"))


def tokens_of(text: str) -> tuple[str, ...]:
    """A recorded model's tokens: words, with the space before them."""
    return tuple(_WORDS.findall(text))


@dataclass
class Recorded:
    """Answers that were written down: the last message says which one is wanted.

    It says `say: TEXT`, or it is the key of one of `answers`. A `choice` other than the first
    begins with its number where the question says so.
    """

    name: str = "recorded"
    answers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    fail_after: int | None = None
    error: Exception | None = None
    running: int = 0
    generated: int = 0

    async def start(self) -> None:
        pass

    async def models(self) -> Sequence[Model]:
        return [Model(self.name, 1_790_000_000, context=CONTEXT)]

    async def prepare(self, ask: Ask) -> Prepared:
        prompt = tuple(range(len(tokens_of(self._prompt(ask)))))
        if len(prompt) >= CONTEXT:
            raise ContextLengthError(len(prompt), CONTEXT)
        most = CONTEXT - len(prompt)
        asked = ask.sampling.max_tokens
        return Prepared(ask, prompt, most if asked is None else min(most, asked))

    async def decode(self, ask: Ask) -> str:
        return " ".join(f"<{token}>" for token in ask.prompt or ())

    async def tokens(self, prepared: Prepared, choice: int) -> AsyncGenerator[Token, None]:
        ask = prepared.ask
        whole = tokens_of(self._answer(self._last(ask), choice))
        self.running += 1
        try:
            for number, text in enumerate(whole[: prepared.most]):
                if self.fail_after is not None and number >= self.fail_after:
                    raise self.error or RuntimeError("the recorded model broke")
                if self.delay:
                    await asyncio.sleep(self.delay)
                self.generated += 1
                yield Token(text, _likely(text, ask.logprobs))
            if len(whole) < prepared.most:
                yield Token("", last=True)
        finally:
            self.running -= 1

    def problem(self) -> str | None:
        return None

    async def aclose(self) -> None:
        pass

    def _prompt(self, ask: Ask) -> str:
        if ask.prompt is not None:
            return ask.prompt if isinstance(ask.prompt, str) else "x " * len(ask.prompt)
        return "\n".join(_plain(message.get("content")) for message in ask.messages)

    def _last(self, ask: Ask) -> str:
        if ask.prompt is not None:
            return ask.prompt if isinstance(ask.prompt, str) else "say: tokens"
        return _plain(ask.messages[-1].get("content"))

    def _answer(self, question: str, choice: int) -> str:
        text = self.answers.get(question)
        if text is None:
            _, said, text = question.partition("say: ")
            text = text if said else f"You said {len(question)} characters."
        return text.replace("{choice}", str(choice))


def _plain(content: object) -> str:
    if isinstance(content, list):
        return "".join(part.get("text") or part.get("refusal") or "" for part in content)
    return str(content or "")


def _likely(text: str, alternatives: int | None) -> TokenLogprob | None:
    if alternatives is None:
        return None
    top = [TokenLogprob(text, -0.5, text.encode())]
    top += [TokenLogprob(f"other{n}", -1.0 - n, f"other{n}".encode()) for n in range(20)]
    return TokenLogprob(text, -0.5, text.encode(), tuple(top[:alternatives]))


@dataclass
class Running:
    """A server that runs in a thread of this process."""

    url: str
    app: object
    source: Recorded | None
    server: uvicorn.Server

    @property
    def v1(self) -> str:
        return f"{self.url}/v1"


@contextlib.contextmanager
def running(app: object, source: Recorded | None = None, *, at: int = 0) -> Iterator[Running]:
    """Serve an app on a free port, and end it."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=at, lifespan="on", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        threading.Event().wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Running(f"http://127.0.0.1:{port}", app, source, server)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the server did not end"


@pytest.fixture(scope="session")
def running_app() -> Callable[..., contextlib.AbstractContextManager[Running]]:
    """Serves an app on a free port."""
    return running


@pytest.fixture(scope="session")
def recorded() -> type[Recorded]:
    """Makes recorded models."""
    return Recorded


@pytest.fixture(scope="session")
def recorded_server() -> Callable[..., contextlib.AbstractContextManager[Running]]:
    """Makes a server over a recorded model; settings as keywords."""

    def make(
        source: Recorded | None = None, *, at: int = 0, **settings: object
    ) -> contextlib.AbstractContextManager[Running]:
        chosen = source or Recorded()
        app = create_app(ServeConfig.of(settings or {"port": 0}), engine=LocalEngine(chosen))
        return running(app, chosen, at=at)

    return make


@pytest.fixture(scope="session")
def server(
    recorded_server: Callable[..., contextlib.AbstractContextManager[Running]],
) -> Iterator[Running]:
    """One server for all tests that change nothing."""
    with recorded_server() as started:
        yield started


@pytest.fixture(scope="session")
def recorded_proxy() -> Callable[..., contextlib.AbstractContextManager[httpx.Client]]:
    """Makes a server over upstreams, and gives a client of it."""

    @contextlib.contextmanager
    def make(*upstreams: dict[str, object]) -> Iterator[httpx.Client]:
        app = create_app({"upstreams": list(upstreams)})
        with running(app) as started, httpx.Client(base_url=started.url, timeout=30) as client:
            yield client

    return make


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny base model: Qwen2-shaped, random weights, a tokenizer of its own."""
    return build_base(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(scope="session")
def make_base() -> Callable[..., Path]:
    return build_base


@pytest.fixture(scope="session")
def make_adapter() -> Callable[..., Path]:
    return build_adapter


def build_base(folder: Path, *, hidden: int = 64, layers: int = 2, seed: int = 0) -> Path:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    text = [json.dumps({"path": f"src/{n}.py", "line": n, "ok": True}) for n in range(200)]
    tokenizer.train_from_iterator(
        [*text, "def add(a, b):\n    return a + b\n"],
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(str(folder))
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=len(fast),
        hidden_size=hidden,
        intermediate_size=hidden * 2,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        initializer_range=0.3,
        tie_word_embeddings=False,
        eos_token_id=fast.eos_token_id,
        pad_token_id=fast.pad_token_id,
    )
    Qwen2ForCausalLM(config).save_pretrained(str(folder))
    return folder


def build_adapter(base: Path, folder: Path, *, seed: int) -> Path:
    import warnings

    import peft
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config = peft.LoraConfig(
        r=4, lora_alpha=64, target_modules=["q_proj", "v_proj"], init_lora_weights=False
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of peft about names in transformers
        model = peft.get_peft_model(AutoModelForCausalLM.from_pretrained(str(base)), config)
        model.save_pretrained(str(folder))
    return folder
