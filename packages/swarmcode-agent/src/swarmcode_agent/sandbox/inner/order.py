"""What the stage is told, and how it is written down: words with NUL between them.

JSON would double the time that a bare interpreter takes to start.
"""

import os


class Order:
    """One command and the walls around it. A plain class: `typing` takes longer than the rest."""

    __slots__ = (
        "argv",
        "environment",
        "filter",
        "folder",
        "isolate",
        "limits",
        "mounts",
        "network",
        "writable",
    )

    def __init__(
        self,
        *,
        argv: list[str],
        environment: dict[str, str],
        folder: str,
        limits: list[tuple[str, int]],  # names of `resource.RLIMIT_…`
        isolate: bool,
        network: bool,
        filter: bytes,  # noqa: A002 - the seccomp filter
        mounts: list[tuple[str, str, str]],  # step, source, target
        writable: list[str],
    ) -> None:
        self.argv = argv
        self.environment = environment
        self.folder = folder
        self.limits = limits
        self.isolate = isolate
        self.network = network
        self.filter = filter
        self.mounts = mounts
        self.writable = writable


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
        argv=argv,
        environment=dict(_pair(word) for word in environment),
        folder=basics[0],
        limits=[(name, int(value)) for name, value in map(_pair, limits)],
        isolate=bool(basics[1]),
        network=bool(basics[2]),
        filter=bytes.fromhex(program[0]),
        mounts=list(zip(mounts[::3], mounts[1::3], mounts[2::3], strict=True)),
        writable=writable,
    )


def _pair(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, value
