"""Several short samples share one sequence, so that little of a batch is padding."""

from bisect import bisect_left, insort
from collections.abc import Sequence


def pack(lengths: Sequence[int], *, capacity: int) -> tuple[tuple[int, ...], ...]:
    """Put items into as few bins as best-fit-decreasing finds, and cut none.

    The longest item goes first, each into the fullest bin that still holds it. Bins come back
    in the order in which they were opened, each as the indices of its items. The same lengths
    always give the same bins.

    Raises:
        ValueError: an item is longer than a bin, or has no length.
    """
    bins: list[list[int]] = []
    room: list[tuple[int, int]] = []  # (free room, bin), sorted, so that bisect finds the fullest
    for index in sorted(range(len(lengths)), key=lambda index: (-lengths[index], index)):
        length = lengths[index]
        if not 0 < length <= capacity:
            raise ValueError(f"item {index} has length {length}, and a bin holds 1 to {capacity}")
        place = bisect_left(room, (length, 0))
        if place == len(room):
            bins.append([index])
            insort(room, (capacity - length, len(bins) - 1))
        else:
            free, chosen = room.pop(place)
            bins[chosen].append(index)
            insort(room, (free - length, chosen))
    return tuple(tuple(items) for items in bins)
