"""The journal: the one small file whose existence decides a commit.

Everything a commit writes is staged first, under numbered names in a folder of its own. The
journal then says which staged name goes where. Each step is a rename between the staging folder
and the tree, so that the staging folder itself tells which steps were done, and replaying
a journal any number of times ends in the same tree.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from ...errors import JournalError
from ...names import check_key, check_name

FOLDER = ".worktree"
JOURNAL = "journal"
NEW_JOURNAL = "journal.new"
STAGES = "stage-"
RESCUED = "rescued"
NOTHING = ""
"""Stands for the token of what is not there."""
_FORMAT = "worktree journal 1"


@dataclass(frozen=True, slots=True)
class MoveIn:
    """Staged name → key. `was` is the token of what it replaces, or NOTHING; None if unknown."""

    staged: str
    key: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class MoveOut:
    """Key → staged name, to be thrown away with the staging folder; `was` as in MoveIn."""

    key: str
    staged: str
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Append:
    """Bytes that belong at `offset` of the file, its end when the commit was decided."""

    key: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Journal:
    """What one commit decided."""

    stage: str
    moves_out: tuple[MoveOut, ...] = ()
    moves_in: tuple[MoveIn, ...] = ()
    appends: tuple[Append, ...] = ()

    def changed_keys(self) -> list[str]:
        """Every key that the commit changes."""
        return [
            *(move.key for move in self.moves_out),
            *(move.key for move in self.moves_in),
            *(tail.key for tail in self.appends),
        ]

    def encode(self) -> bytes:
        """Three lines: the format, the decision, a checksum of both."""
        decision = {
            "stage": self.stage,
            "out": [[move.key, move.staged, move.was] for move in self.moves_out],
            "in": [[move.staged, move.key, move.was] for move in self.moves_in],
            "append": [
                [tail.key, tail.offset, base64.b64encode(tail.data).decode()]
                for tail in self.appends
            ],
        }
        body = f"{_FORMAT}\n{json.dumps(decision, separators=(',', ':'))}\n".encode()
        return body + hashlib.sha256(body).hexdigest().encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes, location: str) -> Journal:
        """Read back what `encode` made; anything else, however close, is a JournalError."""
        body, _, checksum = data.removesuffix(b"\n").rpartition(b"\n")
        body += b"\n"
        if hashlib.sha256(body).hexdigest().encode() != checksum:
            raise _unreadable(location, "its checksum does not match")
        form, _, decision = body.decode().partition("\n")
        if form != _FORMAT:
            raise _unreadable(location, f"its format is {form!r}")
        try:
            return cls._from(from_json(decision))
        except (ValueError, KeyError, TypeError) as error:
            raise _unreadable(location, "it does not say what a journal says") from error

    @classmethod
    def _from(cls, fields: Any) -> Journal:
        return cls(
            stage=check_name(fields["stage"]),
            moves_out=tuple(
                MoveOut(check_key(key), check_name(name), was) for key, name, was in fields["out"]
            ),
            moves_in=tuple(
                MoveIn(check_name(name), check_key(key), was) for name, key, was in fields["in"]
            ),
            appends=tuple(
                Append(check_key(key), offset, base64.b64decode(tail))
                for key, offset, tail in fields["append"]
            ),
        )


def _unreadable(location: str, reason: str) -> JournalError:
    return JournalError(
        f"an interrupted commit left a journal that cannot be read: {reason}",
        location=location,
        hint="check the disk; moving the journal away accepts the files as they are",
    )
