"""Map a repository, prove training data from its history, and give a coding agent safe hands."""

from .errors import AgentError

__all__ = ["AgentError"]
