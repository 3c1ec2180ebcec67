"""Drawing the next token of one row, and what else was likely."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ask import Sampling
from ..delta import TokenLogprob
from .libraries import library
from .row import Row

Spell = Callable[[int], tuple[str, bytes]]  # a token's text and bytes


def draw(row: Row, logits: Any) -> int:
    """Draw a token from one row's logits, which are changed."""
    sampling = row.ask.sampling
    _penalise(row, logits)
    for token, bias in sampling.logit_bias.items():
        if token < logits.shape[-1]:
            logits[token] += bias
    if row.matcher is not None:
        _allow(row, logits)
    temperature = 1.0 if sampling.temperature is None else sampling.temperature
    if temperature == 0:
        return int(logits.argmax())
    return _sample(row, logits / max(temperature, 1e-4), sampling)


def likely(logits: Any, token: int, alternatives: int, spell: Spell) -> TokenLogprob:
    """How likely a token was by the model's own account, before anything changed its logits."""
    torch = library("torch")
    logprobs = torch.log_softmax(logits.float(), dim=-1)
    top: tuple[TokenLogprob, ...] = ()
    if alternatives:
        values, tokens = logprobs.topk(min(alternatives, logprobs.shape[-1]))
        found = zip(tokens.tolist(), values.tolist(), strict=True)
        top = tuple(_told(other, value, spell) for other, value in found)
    told = _told(token, float(logprobs[token]), spell)
    return TokenLogprob(told.token, told.logprob, told.data, top)


def _told(token: int, logprob: float, spell: Spell) -> TokenLogprob:
    text, data = spell(token)
    return TokenLogprob(text, max(logprob, -9999.0), data)  # JSON has no infinity


def _penalise(row: Row, logits: Any) -> None:
    sampling = row.ask.sampling
    if not row.counts or not (sampling.frequency_penalty or sampling.presence_penalty):
        return
    torch = library("torch")
    tokens = torch.tensor(list(row.counts), device=logits.device)
    counts = torch.tensor(list(row.counts.values()), device=logits.device, dtype=logits.dtype)
    logits[tokens] -= sampling.frequency_penalty * counts + sampling.presence_penalty


def _allow(row: Row, logits: Any) -> None:
    """Leave only tokens with which the text can still become what it must be."""
    xgrammar = library("xgrammar")
    mask = xgrammar.allocate_token_bitmask(1, logits.shape[-1])
    if row.matcher.fill_next_token_bitmask(mask):
        xgrammar.apply_token_bitmask_inplace(logits.unsqueeze(0), mask.to(logits.device))


def _sample(row: Row, logits: Any, sampling: Sampling) -> int:
    torch = library("torch")
    if sampling.top_k:
        least = logits.topk(min(sampling.top_k, logits.shape[-1])).values[-1]
        logits = logits.masked_fill(logits < least, float("-inf"))
    chances = torch.softmax(logits.float(), dim=-1)
    if sampling.min_p:
        chances = chances.masked_fill(chances < sampling.min_p * chances.max(), 0.0)
    if sampling.top_p < 1:
        ordered, tokens = chances.sort(descending=True)
        beyond = ordered.cumsum(-1) - ordered > sampling.top_p
        chances = chances.scatter(-1, tokens, ordered.masked_fill(beyond, 0.0))
    return int(torch.multinomial(chances, 1, generator=row.generator))
