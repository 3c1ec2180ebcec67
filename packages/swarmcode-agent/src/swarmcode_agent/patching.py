"""Patches, under the name of what they are: everything that `swarmcode_agent.edits` has."""

from . import edits
from .edits import *  # noqa: F403

__all__ = edits.__all__
