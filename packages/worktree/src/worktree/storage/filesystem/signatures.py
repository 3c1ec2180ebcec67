"""Tokens of files, and the cheap sign that a file has not changed since its token was made.

The token is a digest of the content, so it means the same to every process. To compare it
without reading the file again we remember the file's status; but two writes within one tick of
the kernel's clock can leave the same status, so a status counts only once it is old enough.
"""

from __future__ import annotations

import hashlib
import os
import time

from ..contract import Token

_SETTLED_NS = 100_000_000
_Signature = tuple[int, int, int, int]


def token_of(data: bytes) -> Token:
    """The token of a content."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class Signatures:
    """Which token each file had, with the status it had then."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[_Signature, Token]] = {}

    def remember(self, key: str, status: os.stat_result, token: Token) -> None:
        """Keep a token, if the file was last changed long enough ago for its status to count."""
        if time.time_ns() - status.st_ctime_ns > _SETTLED_NS:
            self._known[key] = (_signature(status), token)
        else:
            self._known.pop(key, None)

    def recall(self, key: str, status: os.stat_result) -> Token | None:
        """The token of a file with this status, where that is certain."""
        known = self._known.get(key)
        return known[1] if known is not None and known[0] == _signature(status) else None

    def forget(self, key: str) -> None:
        """Drop what is known about a file that is about to change."""
        self._known.pop(key, None)


def _signature(status: os.stat_result) -> _Signature:
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
