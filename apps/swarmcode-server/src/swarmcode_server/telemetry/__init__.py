"""What is seen of a running server: numbers, lines of JSON, and traces. Prompts only if asked."""

from .logs import configure_logs
from .metrics import Metrics
from .traces import answer_span, configure_traces

__all__ = ["Metrics", "answer_span", "configure_logs", "configure_traces"]
