"""An OpenAI-compatible inference server with sandboxed tools."""

from .errors import ServerError

__all__ = ["ServerError"]
