"""Rows that are generated together. They join when their prompt is read, and leave when done.

One step reads the latest token of every row and draws the next. A row that leaves takes its part
of the past with it, which the prefix cache may keep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .libraries import library
from .past import Past, from_cache, to_cache
from .row import Row

Draw = Callable[[Row, Any], bool]  # takes a row's logits; whether the row goes on


class Batch:
    """The rows of one adapter, or of the base."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.rows: list[Row] = []
        self._past: Past | None = None

    def join(self, row: Row, past: Past) -> None:
        """Take a row whose prompt was read and whose first token was drawn."""
        self._past = past if self._past is None else self._past.joined(past)
        self.rows.append(row)

    def step(self, draw: Draw) -> None:
        """Generate one token for every row. `draw` says whose last it was."""
        torch = library("torch")
        logits, cache = self._read()
        self._past = from_cache(cache)
        for row in self.rows:
            row.length += 1
        going = torch.unbind(logits[:, -1])
        keep = [number for number, row in enumerate(self.rows) if draw(row, going[number])]
        self._leave(keep)

    def drop(self, gone: Callable[[Row], bool]) -> list[Row]:
        """Let rows go that nobody waits for."""
        left = [row for row in self.rows if gone(row)]
        if left:
            self._leave([n for n, row in enumerate(self.rows) if not gone(row)])
        return left

    def past_of(self, row: Row) -> Past:
        """A row's own copy of what it has read."""
        assert self._past is not None  # noqa: S101 - a batch with rows has one
        end = self._past.length
        return self._past.row(self.rows.index(row), end - row.length, end)

    def _read(self) -> tuple[Any, Any]:
        torch = library("torch")
        device = self._model.device
        lengths = [row.length for row in self.rows]
        longest = max(lengths)
        mask = torch.zeros(len(lengths), longest + 1, dtype=torch.long)
        for number, length in enumerate(lengths):
            mask[number, longest - length :] = 1
        latest = torch.tensor([[row.generated[-1]] for row in self.rows])
        cache = to_cache(self._past, self._model.config)
        out = self._model(
            input_ids=latest.to(device),
            attention_mask=mask.to(device),
            position_ids=torch.tensor(lengths).unsqueeze(1).to(device),
            past_key_values=cache,
            use_cache=True,
        )
        return out.logits, cache

    def _leave(self, keep: Sequence[int]) -> None:
        if len(keep) == len(self.rows):
            return
        if not keep or self._past is None:
            self.rows, self._past = [], None
            return
        self.rows = [self.rows[number] for number in keep]
        longest = max(row.length for row in self.rows)
        self._past = self._past.keep(keep, cut=self._past.length - longest)


class Reading:
    """A prompt that is read piece by piece, so that running rows need not wait for all of it."""

    PIECE = 512  # tokens

    def __init__(self, model: Any, row: Row, known: tuple[int, Past] | None) -> None:
        self._model, self.row = model, row
        self._at, past = known if known is not None else (0, None)
        row.prepared.cached = max(row.prepared.cached, self._at)
        self._cache = to_cache(past, model.config)

    def past(self) -> Past:
        """What was read."""
        return from_cache(self._cache)

    def step(self) -> Any:
        """Read one piece; return the last logits once there is no more, and None before."""
        torch = library("torch")
        tokens = self.row.prepared.tokens
        piece = tokens[self._at : self._at + self.PIECE]
        positions = torch.arange(self._at, self._at + len(piece))
        device = self._model.device
        out = self._model(
            input_ids=torch.tensor([piece]).to(device),
            position_ids=positions.unsqueeze(0).to(device),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self._at += len(piece)
        if self._at < len(tokens):
            return None
        self.row.length = len(tokens)
        return out.logits[0, -1]
