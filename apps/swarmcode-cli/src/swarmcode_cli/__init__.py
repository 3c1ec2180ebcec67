"""Train a coding agent on your own repository, on your own machine."""

from .errors import CliError

__all__ = ["CliError"]
