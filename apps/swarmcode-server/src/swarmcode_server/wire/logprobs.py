"""How likely the tokens were, in the two shapes that OpenAI's API has for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engines import TokenLogprob


def for_chat(tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    """The shape of chat completions."""
    return {
        "content": [
            {**_one(token), "top_logprobs": [_one(other) for other in token.top]}
            for token in tokens
        ],
        "refusal": None,
    }


def for_completion(tokens: Sequence[TokenLogprob], *, offset: int) -> dict[str, Any]:
    """The shape of completions; `offset` is where the first token stands in the text."""
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.token)
    return {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [{t.token: t.logprob for t in token.top} for token in tokens],
        "text_offset": offsets,
    }


def _one(token: TokenLogprob) -> dict[str, Any]:
    return {"token": token.token, "logprob": token.logprob, "bytes": list(token.data)}
