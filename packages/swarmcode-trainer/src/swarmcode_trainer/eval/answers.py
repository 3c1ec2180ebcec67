"""Models that answer tasks: one in this process, or one behind an OpenAI-compatible server."""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .._extras import extra
from ..adapter import check_base, load_adapter, read_adapter
from ..config import TrainConfig
from ..dataset import as_dicts, ask
from ..errors import AnswerError, ConfigError
from ..hardware import best_device
from ..training.base import effective, load_model, load_tokenizer
from ..training.quiet import quiet
from .config import EvalConfig
from .tasks import Task

ANSWER_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said.

    Attributes:
        text: its words.
        prompt_tokens: the length of the question.
        completion_tokens: the length of the answer.
        seconds: how long it took.
        finished: whether it came to an end by itself, rather than at the longest answer.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    finished: bool = True


class Answerer(Protocol):
    """Something that answers tasks."""

    def answer(self, task: Task, *, sample: int) -> Answer:
        """Answer one task; `sample` counts the answers to it from 0."""


class LocalModel:
    """A base model in this process, with or without an adapter.

    Raises:
        ModelError: the base, the tokenizer or the adapter cannot be used.
    """

    def __init__(self, config: EvalConfig) -> None:
        self._config = config
        with quiet():
            self._load(config)

    def _load(self, config: EvalConfig) -> None:
        adapter = read_adapter(config.adapter_path) if config.adapter_path else None
        name = config.base_model or (adapter.base if adapter else None)
        if name is None:
            raise ConfigError("base_model", None, "name a base model or an adapter")
        if adapter is not None:
            check_base(adapter, name)
        settings = TrainConfig(
            model_name=name,
            load_in_4bit=config.load_in_4bit,
            allow_download=config.allow_download,
            chat_template=_template_of(config.adapter_path),
        )
        how = effective(settings, best_device())
        self._tokenizer = load_tokenizer(settings)
        model = load_model(settings, how)
        self._has_adapter = adapter is not None
        self._model = load_adapter(model, adapter) if adapter is not None else model.eval()
        self._model.config.use_cache = True

    @contextmanager
    def without_adapter(self) -> Iterator[None]:
        """While it is entered, the base answers alone; nothing is loaded a second time."""
        context = self._model.disable_adapter() if self._has_adapter else nullcontext()
        with context:
            yield

    def answer(self, task: Task, *, sample: int) -> Answer:
        """Answer one task, greedily or by sampling."""
        torch = extra("torch")
        started = time.perf_counter()
        prompt = self._prompt(task)
        torch.manual_seed(self._config.seed + sample)
        sampling = self._config.temperature > 0
        with torch.no_grad(), quiet():
            tokens = self._model.generate(
                input_ids=prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=self._config.max_new_tokens,
                do_sample=sampling,
                **({"temperature": self._config.temperature} if sampling else {}),
                pad_token_id=self._tokenizer.pad_token_id,
                eos_token_id=self._tokenizer.eos_token_id,
            )[0, prompt.shape[1] :]
        return Answer(
            text=self._tokenizer.decode(tokens, skip_special_tokens=True),
            prompt_tokens=int(prompt.shape[1]),
            completion_tokens=len(tokens),
            seconds=time.perf_counter() - started,
            finished=len(tokens) < self._config.max_new_tokens
            or int(tokens[-1]) == self._tokenizer.eos_token_id,
        )

    def _prompt(self, task: Task) -> Any:
        """Word the question as in training, with as many context files as fit."""
        torch = extra("torch")
        for kept in range(len(task.row.context_files), -1, -1):
            text = self._tokenizer.apply_chat_template(
                as_dicts(ask(task.row, context_files=kept)),
                tokenize=False,
                add_generation_prompt=True,
            )
            tokens = self._tokenizer.encode(text, add_special_tokens=False)
            if len(tokens) <= self._config.max_prompt_tokens:
                return torch.tensor([tokens], device=self._model.device)
        raise AnswerError(
            f"{task.name}: {len(tokens)} tokens of task alone, and max_prompt_tokens is "
            f"{self._config.max_prompt_tokens}"
        )


def _template_of(adapter: Path | None) -> Path | None:
    """The chat template that an adapter was trained with, where it brought one."""
    path = adapter / "chat_template.jinja" if adapter else None
    return path if path is not None and path.is_file() else None


class Endpoint:
    """A model behind an OpenAI-compatible server, such as vLLM."""

    def __init__(self, config: EvalConfig, *, model: str) -> None:
        if config.endpoint is None:
            raise ConfigError("endpoint", None, "name the address of a server")
        self._config = config
        self._model = model
        self._url = config.endpoint.rstrip("/") + "/chat/completions"

    def answer(self, task: Task, *, sample: int) -> Answer:
        """Ask the server for one answer.

        Raises:
            AnswerError: it cannot be reached, refuses, or answers with something else.
        """
        started = time.perf_counter()
        value = self._ask(task, sample)
        try:
            choice, usage = value["choices"][0], value.get("usage") or {}
            return Answer(
                text=choice["message"]["content"] or "",
                prompt_tokens=int(usage.get("prompt_tokens", 0)),
                completion_tokens=int(usage.get("completion_tokens", 0)),
                seconds=time.perf_counter() - started,
                finished=choice.get("finish_reason") != "length",
            )
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise AnswerError(f"{self._url}: the answer is no chat completion ({error})") from error

    def _ask(self, task: Task, sample: int) -> Any:
        body = {
            "model": self._model,
            "messages": as_dicts(ask(task.row)),
            "max_tokens": self._config.max_new_tokens,
            "temperature": self._config.temperature,
            "seed": self._config.seed + sample,
        }
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(self._config.api_key_variable):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(  # noqa: S310 - http and https alone, checked by EvalConfig
            self._url, data=json.dumps(body).encode(), headers=headers, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT) as reply:  # noqa: S310
                return json.load(reply)
        except urllib.error.HTTPError as error:
            detail = error.read(300).decode(errors="replace").replace("\n", " ")
            raise AnswerError(f"{self._url}: status {error.code} ({detail})") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise AnswerError(f"{self._url}: {error}; is the server running?") from error
