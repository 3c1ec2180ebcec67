"""What the stage is told, and how it is written down: words with NUL between them.

JSON would double the time that a bare interpreter takes to start.
"""

import os
from typing import NamedTuple


class Order(NamedTuple):
    """One command and the walls around it."""

    argv: list[str]
    environment: dict[str, str]
    folder: str
    limits: list[tuple[str, int]]  # names of `resource.RLIMIT_…`
    isolate: bool
    network: bool
    filter: bytes
    mounts: list[tuple[str, str, str]]  # step, source, target
    writable: list[str]


def write_order(order: Order) -> bytes:
    """Write an order as bytes."""
    groups = [
        order.argv,
        [f"{name}={value}" for name, value in order.environment.items()],
        [order.folder, "1" if order.isolate else "", "1" if order.network else ""],
        [f"{name}={value}" for name, value in order.limits],
        [order.filter.hex()],
        [word for mount in order.mounts for word in mount],
        order.writable,
    ]
    words = [word for group in groups for word in (str(len(group)), *group)]
    return os.fsencode("\0".join(words))


def read_order(descriptor: int) -> Order:
    """Read an order to its end, and close the descriptor."""
    with os.fdopen(descriptor, "rb") as file:
        words = iter(os.fsdecode(file.read()).split("\0"))
    groups = [[next(words) for _ in range(int(next(words)))] for _ in range(7)]
    argv, environment, basics, limits, program, mounts, writable = groups
    return Order(
        argv,
        dict(_pair(word) for word in environment),
        basics[0],
        [(name, int(value)) for name, value in map(_pair, limits)],
        bool(basics[1]),
        bool(basics[2]),
        bytes.fromhex(program[0]),
        list(zip(mounts[::3], mounts[1::3], mounts[2::3], strict=True)),
        writable,
    )


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value
