"""What a server is told when it starts; every limit has a number here."""

from dataclasses import dataclass, field

from syncropel.kernel import KernelLimits


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Limits and times of one server; seconds where nothing else is said."""

    kernel: KernelLimits = field(default_factory=KernelLimits)
    auth: bool = False
    """Whether every request needs an API key."""
    hosts: frozenset[str] = frozenset()
    """The names that a `Host` header may say; empty where any will do."""
    heartbeat_s: float = 30.0
    body_s: float = 30.0
    """How long a request's body may take to arrive."""
    stall_s: float = 30.0
    """How long a reader may take nothing of what it is sent."""
    grace_s: int = 10
    """How long requests may go on after the server was told to stop."""
    retry_after_ms: int = 1_000
    """When watchers should come back after a shutdown."""
    max_watchers: int = 4_096
    max_waiting: int = 50_000
    """How many records may wait to be written before more are turned away."""
    readers: int = 4
    """How many threads read the store."""
    checkpoint_s: float = 30.0
    poll_s: float = 0.5
    """How often to look whether another process has written."""
