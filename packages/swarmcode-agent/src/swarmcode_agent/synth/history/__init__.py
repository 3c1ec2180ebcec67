"""A repository's history, read with plain git and under no configuration but ours."""

from .commits import Change, Commit, commits
from .messages import Noise, clean_message
from .repository import Repository, open_repository
from .roles import Role, role_of

__all__ = [
    "Change",
    "Commit",
    "Noise",
    "Repository",
    "Role",
    "clean_message",
    "commits",
    "open_repository",
    "role_of",
]
