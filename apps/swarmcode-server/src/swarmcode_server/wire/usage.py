"""Token counts as OpenAI's API has them."""

from __future__ import annotations

from typing import Any

from ..engines import Usage


def usage_object(usage: Usage | None) -> dict[str, Any] | None:
    """The `usage` of chat completions and completions; None where an upstream did not say."""
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
    }
