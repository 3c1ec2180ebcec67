"""A gate that refuses rows which would teach a model somebody's secret.

The patterns name kinds of secrets with a shape of their own; they find what looks like one and
cannot promise to find all. Ingesting, which reads whole files, has the thorough scanner.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Protocol


class SecretGate(Protocol):
    """Says what kind of secret a text holds; None for none."""

    def found(self, text: str) -> str | None:
        """The kind of the first secret in the text."""
        ...


_SHAPES = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16,}"),
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})\b"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}\b"),
    "a Google key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b"),
    "an OpenAI or Anthropic key": re.compile(r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}\b"),
    "a package index token": re.compile(r"\bpypi-[A-Za-z0-9_-]{60,}\b"),
}
_ASSIGNED = re.compile(
    r"(?i)\b\w*(?:password|passwd|secret|api_?key|access_?key|auth_?token)\w*\s*[:=]\s*"
    r"[\"']([A-Za-z0-9+/_\-=]{20,})[\"']"
)


class PatternSecretGate:
    """Finds secrets with a shape of their own, and random text given to a telling name."""

    def found(self, text: str) -> str | None:
        """The kind of the first secret in the text."""
        for kind, shape in _SHAPES.items():
            if shape.search(text):
                return kind
        if any(_is_random(value) for value in _ASSIGNED.findall(text)):
            return "a password or key"
        return None


def _is_random(value: str) -> bool:
    """Whether a text has the entropy of a generated key rather than of words."""
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy > 3.8 and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
