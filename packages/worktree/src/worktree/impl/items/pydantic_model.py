"""The published artifact kind, under its published path."""

from ...artifacts.model import PydanticArtifact

__all__ = ["PydanticArtifact"]
