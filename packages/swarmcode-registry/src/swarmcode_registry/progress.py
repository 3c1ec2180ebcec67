"""How long steps tell how far they are."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`bytes` more of `total` went through `step` for `path`.

    Steps are "hash", "upload", "download" and "skip" (the store had the file already). They come
    from several threads at once, in no order.
    """

    step: str
    path: str
    bytes: int
    total: int


OnProgress = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Listen to nothing."""
