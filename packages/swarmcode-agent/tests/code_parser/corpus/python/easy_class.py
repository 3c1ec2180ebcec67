from .base import Base

__all__ = ["Stack"]


class Stack(Base):
    """Holds things."""

    def push(self, item):
        self.items.append(item)

    @property
    def size(self) -> int:
        return len(self.items)
