"""Signed manifests for trained agents: publish, fetch, and verify before anything is loaded."""

from .errors import RegistryError

__all__ = ["RegistryError"]
