"""Every commit that could teach something, with the files it changes. Newest first.

All of the history is read, not the first parents alone; a squash merge is a commit with one
parent and so is among them, a merge with two or more is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from .repository import Repository

_FORMAT = "%x01%H%x00%P%x00%ct%x00%an <%ae>%x00%B%x00"


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit does to one file. Ids of zeros stand for no file."""

    status: str
    path: str
    old_path: str
    old_mode: int
    new_mode: int
    old_blob: str
    new_blob: str

    @property
    def is_text_file(self) -> bool:
        """Whether both sides are regular files: not a link, not a submodule."""
        return all(mode in (0, 0o100644, 0o100755) for mode in (self.old_mode, self.new_mode))


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit with one parent, and what it changes."""

    sha: str
    parent: str
    when: datetime
    author: str
    message: str
    changes: tuple[Change, ...]


def commits(repository: Repository, *, since: datetime | None = None) -> Iterator[Commit]:
    """Every non-merge commit that has a parent, newest first and in a fixed order."""
    window = () if since is None else (f"--since={since.isoformat()}",)
    listing = repository.git(
        "log",
        "--no-merges",
        "--date-order",
        "--raw",
        "-z",
        "-M",
        "--no-abbrev",
        "--no-show-signature",
        "--encoding=UTF-8",
        f"--format={_FORMAT}",
        *window,
        repository.head,
    )
    for record in listing.split(b"\x01")[1:]:
        commit = _commit(record)
        if commit is not None:
            yield commit


def _commit(record: bytes) -> Commit | None:
    parts = record.split(b"\0", 5)
    if len(parts) < 6:
        return None
    sha, parents, seconds, author, message, raw = parts
    names = parents.decode().split()
    if len(names) != 1:
        return None
    return Commit(
        sha.decode(),
        names[0],
        datetime.fromtimestamp(int(seconds), UTC),
        author.decode("utf-8", "replace"),
        message.decode("utf-8", "replace"),
        tuple(_changes(raw)),
    )


def _changes(raw: bytes) -> Iterator[Change]:
    fields = iter(raw.lstrip(b"\0\n").split(b"\0"))
    for about in fields:
        if not about.strip().startswith(b":"):
            continue
        old_mode, new_mode, old, new, status = about.decode().strip().lstrip(":").split(" ")
        first = next(fields).decode("utf-8", "surrogateescape")
        moved = status[0] in "RC"
        last = next(fields).decode("utf-8", "surrogateescape") if moved else first
        yield Change(status[0], last, first, int(old_mode, 8), int(new_mode, 8), old, new)
