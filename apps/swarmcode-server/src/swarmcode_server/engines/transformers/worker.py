"""The thread that owns the model: it reads prompts, steps batches, and loads adapters in between.

Everything comes to it through one queue. What it gives goes to the event loop once for each step.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from ...errors import EngineFailedError, UnavailableError
from ..choice import Token
from .adapters import Adapters
from .batch import Batch, Reading
from .drawing import draw, likely
from .grammar import Grammars
from .libraries import library
from .loading import Loaded
from .prefixes import PrefixCache
from .row import Given, Row
from .spelling import Speller

log = logging.getLogger(__name__)
Order = Callable[[], None]


class Worker:
    """Generates for as many rows at once as `most_rows`; the others wait their turn."""

    def __init__(
        self, loaded: Loaded, grammars: Grammars, *, most_rows: int, prefix_tokens: int
    ) -> None:
        self._loaded, self._grammars, self._most_rows = loaded, grammars, most_rows
        self.adapters = Adapters(loaded.model)
        self._speller = Speller(loaded.tokenizer)
        self._prefixes = PrefixCache(prefix_tokens)
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._waiting: deque[Row] = deque()
        self._reading: Reading | None = None
        self._batches: dict[str | None, Batch] = {}
        self._out: list[tuple[Row, Given]] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="swarmcode-model", daemon=True)

    # ── from other threads ────────────────────────────────────────────────────────────────

    @property
    def alive(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    @property
    def rows(self) -> int:
        """How many rows are generated or wait for it."""
        return len(self._waiting) + len(self._running())

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def submit(self, row: Row) -> None:
        """Generate a row, when its turn comes."""
        self._orders.put(lambda: self._waiting.append(row))

    def between_steps(self, order: Callable[[], None]) -> Future[None]:
        """Do something to the model while no step runs."""
        done: Future[None] = Future()

        def run() -> None:
            try:
                order()
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                done.set_exception(error)
            else:
                done.set_result(None)

        self._orders.put(run)
        return done

    def forget(self, adapter: str) -> Future[None]:
        """Unload an adapter, and end what still uses it."""

        def unload() -> None:
            for row in [*self._waiting, *self._running(adapter)]:
                if row.adapter == adapter:
                    row.cancelled = True
                    self._out.append((row, UnavailableError(f"{adapter!r} was unloaded")))
            self._discard()
            self._prefixes.forget(adapter)
            self._batches.pop(adapter, None)
            self.adapters.unload(adapter)

        return self.between_steps(unload)

    def stop(self) -> None:
        """End, after the step that runs."""

        def stop() -> None:
            self._stopping = True

        self._orders.put(stop)
        self._thread.join()

    # ── in its own ────────────────────────────────────────────────────────────────────────

    def _run(self) -> None:
        with library("torch").inference_mode():
            while not self._stopping:
                self._take_orders()
                self._discard()
                self._read()
                for adapter in [a for a, batch in self._batches.items() if batch.rows]:
                    self._step(adapter)
                self._give()
        for row in [*self._waiting, *self._running()]:
            self._out.append((row, UnavailableError("the server is stopping")))
        self._give()

    def _take_orders(self) -> None:
        idle = not self._waiting and self._reading is None and not self._running()
        try:
            while True:
                self._orders.get(block=idle)()
                idle = False
        except queue.Empty:
            return

    def _running(self, adapter: str | None = None) -> list[Row]:
        rows = [row for batch in self._batches.values() for row in batch.rows]
        if self._reading is not None:
            rows.append(self._reading.row)
        return rows if adapter is None else [row for row in rows if row.adapter == adapter]

    def _discard(self) -> None:
        """Let go of rows that nobody waits for."""
        self._waiting = deque(row for row in self._waiting if not row.cancelled)
        if self._reading is not None and self._reading.row.cancelled:
            self._reading = None
        for batch in self._batches.values():
            batch.drop(lambda row: row.cancelled)

    def _read(self) -> None:
        """Read a piece of the next prompt; short ones are read whole, several at once."""
        while self._reading is not None or self._begin():
            reading = self._reading
            assert reading is not None  # noqa: S101 - it was there, or has just begun
            row = reading.row
            try:
                self.adapters.use(row.adapter)
                logits = reading.step()
                if logits is None:
                    return
                self._reading = None
                past = reading.past()
                self._prefixes.keep(row.adapter, row.prepared.tokens, past)
                if self._draw(row, logits):
                    self._batch(row.adapter).join(row, past)
            except Exception as error:  # noqa: BLE001 - the others go on
                self._reading = None
                self._fail([row], error)

    def _begin(self) -> bool:
        running = sum(len(batch.rows) for batch in self._batches.values())
        if not self._waiting or running >= self._most_rows:
            return False
        row = self._waiting.popleft()
        try:
            self._prepare(row)
            known = self._prefixes.find(row.adapter, row.prepared.tokens)
            self._reading = Reading(self._loaded.model, row, known)
        except Exception as error:  # noqa: BLE001 - the others go on
            self._fail([row], error)
            return self._begin()
        return True

    def _prepare(self, row: Row) -> None:
        self._speller.start(row)
        if row.constraint is not None:
            row.matcher = self._grammars.matcher(row.constraint)
        torch = library("torch")
        row.generator = torch.Generator(device=self._loaded.model.device)
        seed = row.ask.sampling.seed
        if seed is None:
            row.generator.seed()
        else:
            row.generator.manual_seed((seed + row.number) % 2**63)

    def _batch(self, adapter: str | None) -> Batch:
        return self._batches.setdefault(adapter, Batch(self._loaded.model))

    def _step(self, adapter: str | None) -> None:
        batch = self._batches[adapter]
        try:
            self.adapters.use(adapter)
            batch.step(lambda row, logits: self._draw(row, logits, batch))
        except Exception as error:  # noqa: BLE001 - other adapters' rows go on
            self._batches.pop(adapter)
            self._fail(batch.rows, error)

    def _draw(self, row: Row, logits: Any, batch: Batch | None = None) -> bool:
        """Draw a row's next token and give it; whether the row goes on."""
        changed = logits.clone()
        token = draw(row, changed)
        row.generated.append(token)
        row.counts[token] = row.counts.get(token, 0) + 1
        if row.matcher is not None:
            row.matcher.accept_token(token)
        last = token in self._loaded.ends and not row.ask.sampling.ignore_eos
        done = last or len(row.generated) >= row.prepared.most
        self._out.append((row, self._token(row, token, logits, last=last, done=done)))
        if done:
            self._out.append((row, None))
            if batch is not None:
                read = row.tokens[: row.length]
                self._prefixes.keep(row.adapter, read, batch.past_of(row))
        return not done

    def _token(self, row: Row, token: int, logits: Any, *, last: bool, done: bool) -> Token:
        text = "" if last else self._speller.step(row, token)
        if done:
            text += self._speller.rest(row) if not last else ""
        wanted = row.ask.logprobs
        told = None if wanted is None else likely(logits, token, wanted, self._speller.spell)
        return Token(text, told, last=last)

    def _fail(self, rows: list[Row], error: Exception) -> None:
        log.error("the model failed", exc_info=error)
        told = EngineFailedError(f"the model failed ({type(error).__name__})", code="model_failed")
        self._out += [(row, told) for row in rows]

    def _give(self) -> None:
        if not self._out:
            return
        out, self._out = self._out, []
        loop = out[0][0].loop
        try:
            loop.call_soon_threadsafe(_deliver, out)
        except RuntimeError:
            log.debug("the event loop has ended")


def _deliver(out: list[tuple[Row, Given]]) -> None:
    for row, given in out:
        row.given.put_nowait(given)
