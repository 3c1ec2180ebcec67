"""A model in this process: its own batch that requests join and leave, and adapters by name."""

from .source import TransformersSource

__all__ = ["TransformersSource"]
