"""The keys and values of what was read, as rows that can be cut, joined and taken apart.

Rows of a batch are as long as the longest; a shorter one has padding on its left, which the
attention mask hides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .libraries import library

Layers = tuple[tuple[Any, Any], ...]  # keys and values of each layer: [rows, heads, length, size]


@dataclass(frozen=True, slots=True)
class Past:
    """What a batch has read."""

    layers: Layers

    @property
    def length(self) -> int:
        """How long its rows are, padding included."""
        return int(self.layers[0][0].shape[2]) if self.layers else 0

    def row(self, index: int, start: int, end: int) -> Past:
        """One row's own copy of some of its positions."""
        cut = (slice(index, index + 1), slice(None), slice(start, end))
        return Past(tuple((k[cut].clone(), v[cut].clone()) for k, v in self.layers))

    def until(self, length: int) -> Past:
        """The beginning, not copied."""
        return Past(tuple((k[:, :, :length], v[:, :, :length]) for k, v in self.layers))

    def keep(self, rows: Sequence[int], *, cut: int) -> Past:
        """Some of the rows, without the first `cut` positions."""
        torch = library("torch")
        index = torch.tensor(rows, device=self.layers[0][0].device)
        return Past(
            tuple(
                (k.index_select(0, index)[:, :, cut:], v.index_select(0, index)[:, :, cut:])
                for k, v in self.layers
            )
        )

    def joined(self, other: Past) -> Past:
        """These rows and others, padded to one length."""
        length = max(self.length, other.length)
        mine, theirs = self._padded(length), other._padded(length)
        torch = library("torch")
        return Past(
            tuple(
                (torch.cat((k, other_k)), torch.cat((v, other_v)))
                for (k, v), (other_k, other_v) in zip(mine, theirs, strict=True)
            )
        )

    def _padded(self, length: int) -> Layers:
        missing = length - self.length
        if not missing:
            return self.layers
        pad = library("torch").nn.functional.pad
        return tuple(
            (pad(k, (0, 0, missing, 0)), pad(v, (0, 0, missing, 0))) for k, v in self.layers
        )


def to_cache(past: Past | None, config: Any) -> Any:
    """The past as transformers' models take it."""
    cache = library("transformers").DynamicCache(config=config)
    if past is not None:
        for layer, (keys, values) in zip(cache.layers, past.layers, strict=True):
            layer.lazy_initialization(keys, values)
            layer.keys, layer.values = keys, values  # not copied: models make new ones
    return cache


def from_cache(cache: Any) -> Past:
    """The past as a model left it."""
    return Past(tuple((layer.keys, layer.values) for layer in cache.layers))
