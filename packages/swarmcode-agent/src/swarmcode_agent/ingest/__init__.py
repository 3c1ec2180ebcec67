"""Make a snapshot of a repository: its files at a commit, a code map, and where it comes from."""

from .config import IngestConfig, IngestSettings
from .ingester import IngestResult, RepositoryIngester
from .progress import OnProgress, Progress

__all__ = [
    "IngestConfig",
    "IngestResult",
    "IngestSettings",
    "OnProgress",
    "Progress",
    "RepositoryIngester",
]
