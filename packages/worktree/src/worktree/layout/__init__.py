"""From annotations to a layout."""

from .fields import Field, announce, layout_of

__all__ = ["Field", "announce", "layout_of"]
