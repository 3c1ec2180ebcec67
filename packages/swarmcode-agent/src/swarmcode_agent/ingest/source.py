"""Where a repository comes from: a folder, a bundle, or a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from ..errors import GitError, IngestError, NotARepositoryError, SourceNotFoundError
from .git import answer, git

_SCP_LIKE = re.compile(r"[\w.-]+@[\w.-]+:(?!/?/)[\w./~-]+")
_SCHEMES = ("https", "http", "ssh", "git", "file")
_UNFIT = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """A repository to ingest.

    Attributes:
        kind: What `address` is: a folder with a repository, a folder without one, and so on.
        address: What git fetches from; for a folder, its absolute path.
        shown: The address as it may be written down: without user names and passwords.
        name: The repository's name, fit for a folder's name.
    """

    kind: Literal["path", "folder", "bundle", "url"]
    address: str
    shown: str
    name: str

    @property
    def folder(self) -> Path | None:
        """The folder of a local source."""
        return Path(self.address) if self.kind in ("path", "folder") else None


def find_source(text: str, *, worktree: bool) -> Source:
    """Say what a source is, and refuse what is none.

    Raises SourceNotFoundError, NotARepositoryError, or IngestError for a URL of another scheme.
    """
    scheme = urlsplit(text).scheme if "://" in text else ""
    if scheme or _SCP_LIKE.fullmatch(text):
        return _url(text, scheme, worktree=worktree)
    if "::" in text.partition("/")[0]:
        raise IngestError(f"source {text!r} names a remote helper: give a path, a bundle or a URL")
    path = Path(text).expanduser()
    if not path.exists():
        raise SourceNotFoundError(text)
    path = path.resolve()
    if path.is_file():
        return _bundle(path, worktree=worktree)
    return _folder(path, worktree=worktree)


def _url(text: str, scheme: str, *, worktree: bool) -> Source:
    if scheme and scheme not in _SCHEMES:
        raise IngestError(f"source {text!r}: git URLs here are {', '.join(_SCHEMES)}")
    if worktree:
        raise IngestError(f"source {text!r} is a URL and has no worktree: leave the option out")
    path = urlsplit(text).path if scheme else text.rpartition(":")[2]
    return Source("url", text, without_credentials(text), _name(path))


def _bundle(path: Path, *, worktree: bool) -> Source:
    if worktree:
        raise IngestError(f"source {str(path)!r} is a bundle and has no worktree")
    try:
        git(path.parent, "bundle", "list-heads", str(path), doing="read the bundle")
    except GitError as error:
        raise NotARepositoryError(str(path), f"and no bundle either ({error.detail})") from error
    return Source("bundle", str(path), str(path), _name(path.stem))


def _folder(path: Path, *, worktree: bool) -> Source:
    inside = answer(path, "rev-parse", "--is-inside-work-tree", "--is-bare-repository")
    if inside is None:
        if worktree and not (path / ".git").exists():
            return Source("folder", str(path), str(path), _name(path.name))
        raise NotARepositoryError(str(path), _why_not(path))
    in_tree, bare = (line == "true" for line in inside.split("\n"))
    if bare and worktree:
        raise IngestError(f"source {str(path)!r} is a bare repository and has no worktree")
    if not bare:
        top = answer(path, "rev-parse", "--show-toplevel") if in_tree else None
        if top is None or Path(top).resolve() != path:
            where = (
                f"it lies inside the one at {top!r}, ingest that" if top else "it is a .git folder"
            )
            raise NotARepositoryError(str(path), where)
    name = path.name.removesuffix(".git") if path.name != ".git" else path.parent.name
    return Source("path", str(path), str(path), _name(name))


def _why_not(path: Path) -> str:
    try:
        git(path, "rev-parse", "--git-dir", doing="look")
    except GitError as error:
        if "dubious ownership" in error.detail:
            return f"git does not trust its owner; git config --global --add safe.directory {path}"
        if (path / ".git").exists():
            return error.detail
    return "run `git init` and commit, or ask for the worktree to read the folder as it stands"


def without_credentials(url: str) -> str:
    """Return a URL without user name, password, query and fragment."""
    if "://" not in url:
        return url.rpartition("@")[2]
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def remote_of(folder: Path) -> str | None:
    """Return the address that a local repository was cloned from, without credentials."""
    url = answer(folder, "config", "--local", "--get", "remote.origin.url")
    return without_credentials(url) if url else None


def _name(path: str) -> str:
    name = PurePosixPath(path.rstrip("/")).name.removesuffix(".git")
    return _UNFIT.sub("-", name).strip("-.")[:80] or "repository"


def git_version() -> str:
    """Return the version of git, for provenance."""
    return git(Path.cwd(), "--version", doing="say its version").decode().split()[-1]
