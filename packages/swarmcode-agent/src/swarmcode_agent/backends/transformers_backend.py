"""A model in this process: transformers, with a PEFT adapter where one is given.

Heavy, and imported when a model is loaded. Only safetensors are read: a pickle runs code.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from ..errors import BackendError, MissingExtraError
from ..toolcalls import ToolCall, ToolCallParser
from .model import Event, Finished, Request, Usage


class TransformersBackend:
    """A causal language model from a folder, and its tokenizer's chat template."""

    def __init__(
        self, model: str | Path, *, adapter: str | Path | None = None, device: str = "auto"
    ) -> None:
        self.name = str(adapter or model)
        self._torch, transformers = _libraries()
        self._transformers = transformers
        chosen = (
            device if device != "auto" else ("cuda" if self._torch.cuda.is_available() else "cpu")
        )
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(str(model))
            loaded = transformers.AutoModelForCausalLM.from_pretrained(
                str(model), use_safetensors=True, dtype="auto"
            )
        except (OSError, ValueError) as error:
            raise BackendError(f"the model {str(model)!r} cannot be loaded: {error}") from error
        self._model = _with_adapter(loaded, adapter).to(chosen).eval()
        if self._tokenizer.chat_template is None:
            raise BackendError(
                f"the tokenizer of {str(model)!r} has no chat template; it needs one"
            )
        self._busy = asyncio.Lock()

    async def stream(self, request: Request) -> AsyncIterator[Event]:
        """Generate in a thread, one request at a time; closing the iterator stops it."""
        async with self._busy:
            generation = _Generation(self, request, asyncio.get_running_loop())
            thread = threading.Thread(target=generation.run, daemon=True)
            thread.start()
            try:
                async for event in generation.events():
                    yield event
            finally:
                generation.stop.set()
                await asyncio.to_thread(thread.join)

    async def aclose(self) -> None:
        """Let the model's memory go."""
        self._model = None

    def prompt(self, request: Request) -> Any:
        """Return the conversation's tokens, as the chat template writes it."""
        messages = [message.to_openai() for message in request.messages]
        tools = [dict(tool) for tool in request.tools] or None
        text = self._tokenizer.apply_chat_template(
            messages, tools=tools, add_generation_prompt=True, tokenize=False
        )
        encoded = self._tokenizer(text, return_tensors="pt", add_special_tokens=False)
        return encoded["input_ids"].to(self._model.device)

    def generate(self, tokens: Any, request: Request, *, streamer: Any, stop: Any) -> int:
        """Generate into the streamer; return how many tokens came."""
        sampling = request.sampling
        drawn = sampling.temperature > 0
        if sampling.seed is not None:
            self._torch.manual_seed(sampling.seed)
        options: dict[str, Any] = {"temperature": sampling.temperature} if drawn else {}
        criteria = self._transformers.StoppingCriteriaList([stop])
        with self._torch.inference_mode():
            out = self._model.generate(
                tokens,
                attention_mask=self._torch.ones_like(tokens),
                max_new_tokens=sampling.max_tokens,
                do_sample=drawn,
                streamer=streamer,
                stopping_criteria=criteria,
                pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id,
                **options,
            )
        return int(out.shape[1] - tokens.shape[1])

    def streamer(self, give: Any) -> Any:
        """Return something that decodes tokens as they come and gives whole characters."""

        class Streamer(self._transformers.TextStreamer):  # type: ignore[name-defined, misc]
            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
                give(text)

        return Streamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)

    def stopper(self, flag: threading.Event) -> Any:
        """Return a criterion that ends generation within one token of the flag."""
        torch = self._torch

        class Stopped(self._transformers.StoppingCriteria):  # type: ignore[name-defined, misc]
            def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:  # noqa: ARG002
                return torch.full(
                    (input_ids.shape[0],), flag.is_set(), dtype=torch.bool, device=input_ids.device
                )

        return Stopped()


class _Generation:
    """One request: a thread that generates, and the events that the event loop takes."""

    def __init__(
        self, backend: TransformersBackend, request: Request, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.stop = threading.Event()
        self._backend, self._request, self._loop = backend, request, loop
        self._queue: asyncio.Queue[str | Finished | Exception] = asyncio.Queue()

    def _give(self, item: str | Finished | Exception) -> None:
        self._loop.call_soon_threadsafe(self._queue.put_nowait, item)

    def run(self) -> None:
        """Generate to the end. What goes wrong is given as the last item."""
        try:
            tokens = self._backend.prompt(self._request)
            streamer = self._backend.streamer(self._give)
            stop = self._backend.stopper(self.stop)
            count = self._backend.generate(tokens, self._request, streamer=streamer, stop=stop)
        except Exception as error:  # noqa: BLE001 - it is raised in the task that waits for it
            self._give(error)
            return
        reason = "length" if count >= self._request.sampling.max_tokens else "stop"
        usage = Usage(int(tokens.shape[1]), count)
        self._give(Finished("length" if reason == "length" else "stop", usage))

    async def events(self) -> AsyncIterator[Event]:
        """Yield text and calls as they come."""
        parser = ToolCallParser(self._request.tool_names or frozenset())
        called = False
        while True:
            item = await self._queue.get()
            if isinstance(item, Exception):
                raise BackendError(f"{self._backend.name}: {item}") from item
            last = isinstance(item, Finished)
            for piece in parser.close() if isinstance(item, Finished) else parser.feed(item):
                called = called or isinstance(piece, ToolCall)
                yield piece
            if last and isinstance(item, Finished):
                reason = "tool_calls" if called and item.reason == "stop" else item.reason
                yield Finished(reason, item.usage)
                return


def _libraries() -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ImportError:
        raise MissingExtraError("a model in this process", extra="transformers") from None
    return torch, transformers


def _with_adapter(model: Any, adapter: str | Path | None) -> Any:
    if adapter is None:
        return model
    try:
        import peft
    except ImportError:
        raise MissingExtraError("an adapter", extra="transformers") from None
    if not (Path(adapter) / "adapter_model.safetensors").exists():
        raise BackendError(f"{str(adapter)!r} has no adapter_model.safetensors")
    try:
        return peft.PeftModel.from_pretrained(model, str(adapter))
    except (OSError, ValueError, RuntimeError) as error:
        raise BackendError(f"the adapter {str(adapter)!r} does not fit: {error}") from error
