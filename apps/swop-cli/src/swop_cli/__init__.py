"""The swop command: scan a project's contracts, write its manifests, and stop breaking changes."""

from .errors import SwopCliError

__all__ = ["SwopCliError"]
