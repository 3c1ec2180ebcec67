"""The history of a repository: which commit is meant, and a bare copy that is ours.

Fetched once into a mirror beside the snapshots, so that an interrupted fetch or a later commit
costs only what is new; every snapshot then gets the mirror's packs by hard link.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..errors import BranchNotFoundError, EmptyRepositoryError, IngestError
from .git import answer, git
from .source import Source

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The commit that was asked for: what to fetch, and the branch it is, if it is one."""

    commit: str
    ref: str
    branch: str | None


@dataclass(frozen=True, slots=True)
class Shallow:
    """What a shallow clone has, and the commits where it ends without their parents."""

    commits: int
    ends_at: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Say what is missing."""
        ends = ", ".join(sha[:12] for sha in self.ends_at[:5])
        return (
            f"shallow: the history holds {self.commits} commits and ends at {ends}; "
            "what came before is not here, and synthesis cannot use it"
        )


@dataclass(frozen=True, slots=True)
class History:
    """A commit in a bare repository of ours."""

    repository: Path
    commit: str
    branch: str | None
    committed_at: str
    shallow: Shallow | None


def find_commit(source: Source, branch: str) -> Wanted:
    """Find the commit of a branch, tag or commit name in a source.

    Raises EmptyRepositoryError, or BranchNotFoundError with what there is instead.
    """
    _refuse_partial_clone(source)
    refs, default = _refs(source)
    if not refs:
        raise EmptyRepositoryError(source.shown)
    if branch == "HEAD" and "HEAD" in refs:
        name = default.removeprefix("refs/heads/") if default else None
        return Wanted(refs["HEAD"], default or "HEAD", name)
    for ref in (
        f"refs/heads/{branch}",
        f"refs/tags/{branch}",
        f"refs/remotes/origin/{branch}",
        branch,
    ):
        if ref in refs:
            is_branch = ref.startswith(("refs/heads/", "refs/remotes/"))
            return Wanted(refs.get(f"{ref}^{{}}", refs[ref]), ref, branch if is_branch else None)
    if _SHA.fullmatch(branch):
        return Wanted(branch, branch, None)
    heads = tuple(ref.removeprefix("refs/heads/") for ref in refs if ref.startswith("refs/heads/"))
    known = default.removeprefix("refs/heads/") if default else None
    if known is None and "HEAD" in refs:
        known = "HEAD"  # detached: what is checked out is still a good offer
    raise BranchNotFoundError(branch, source=source.shown, default=known, available=heads)


def _refuse_partial_clone(source: Source) -> None:
    """Refuse a partial clone: git would fetch what it lacks from where its settings say."""
    if source.folder is None:
        return
    promised = answer(
        source.folder,
        "config",
        "--local",
        "--get-regexp",
        r"^(remote\..*\.promisor|extensions\.partialclone)$",
    )
    if promised:
        raise IngestError(
            f"{source.shown!r} is a partial clone, which lacks objects: "
            "complete it (git fetch --refetch --no-filter), or ingest the URL that it came from"
        )


def _refs(source: Source) -> tuple[dict[str, str], str | None]:
    """Return the refs of a source, and the branch that its HEAD names."""
    raw = git(
        Path("/"),
        "ls-remote",
        "--symref",
        "--",
        source.address,
        doing=f"list the branches of {source.shown}",
        remote=source.kind == "url",
    )
    refs: dict[str, str] = {}
    default = None
    for line in raw.decode("utf-8", "replace").splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: "):
            default = value.removeprefix("ref: ") if name == "HEAD" else default
        else:
            refs[name] = value
    if default not in refs:
        default = None
    if default is None and source.kind == "bundle" and "HEAD" in refs:
        same = [ref for ref in refs if ref.startswith("refs/heads/") and refs[ref] == refs["HEAD"]]
        default = same[0] if same else None
    return refs, default


def fetch(source: Source, wanted: Wanted, *, depth: int, mirrors: Path) -> History:
    """Bring the commit and its history into the source's mirror."""
    key = hashlib.sha256(f"{source.address}\n{depth}".encode()).hexdigest()[:12]
    mirror = mirrors / f"{source.name}-{key}.git"
    if not (mirror / "HEAD").exists():
        mirror.mkdir(parents=True, exist_ok=True)
        git(mirror, "init", "--quiet", "--bare", doing="make the copy of the history")
    if answer(mirror, "cat-file", "-t", wanted.commit) != "commit" or depth:
        _fetch_into(mirror, source, wanted, depth)
    commit = answer(mirror, "rev-parse", "--verify", "--quiet", f"{wanted.commit}^{{commit}}")
    if commit is None:
        raise IngestError(f"{wanted.commit} in {source.shown!r} is no commit")
    when = git(
        mirror, "log", "-1", "--no-show-signature", "--format=%cI", commit, doing="read the commit"
    )
    return History(mirror, commit, wanted.branch, when.decode().strip(), _shallow(mirror, commit))


def _fetch_into(mirror: Path, source: Source, wanted: Wanted, depth: int) -> None:
    limits = [f"--depth={depth}"] if depth else ["--update-shallow"]
    what = wanted.commit if wanted.ref == "HEAD" else wanted.ref
    address = f"file://{source.address}" if depth and source.folder is not None else source.address
    git(
        mirror, "-c", "fetch.unpackLimit=1", "-c", "transfer.unpackLimit=1", "fetch", "--quiet",
        "--no-write-fetch-head", "--no-auto-gc", *limits, "--", address,
        f"+{what}:refs/ingest/{wanted.commit}",
        doing=f"fetch {source.shown}", remote=source.kind == "url",
    )  # fmt: skip


def _shallow(mirror: Path, commit: str) -> Shallow | None:
    listed = mirror / "shallow"
    if not listed.is_file():
        return None
    within = git(mirror, "rev-list", commit, doing="walk the history").decode().split()
    ends = tuple(sorted(set(listed.read_text().split()) & set(within)))
    return Shallow(len(within), ends) if ends else None


def copy_history(history: History, target: Path) -> None:
    """Make a bare repository of the history at `target`, which must not exist.

    Its packs are hard links where the file system has them: they never change.
    """
    git(history.repository, "init", "--quiet", "--bare", str(target), doing="copy the history")
    shutil.copytree(
        history.repository / "objects", target / "objects", copy_function=_link, dirs_exist_ok=True
    )
    if (history.repository / "shallow").is_file():
        shutil.copyfile(history.repository / "shallow", target / "shallow")
    branch = f"refs/heads/{history.branch or 'snapshot'}"
    updates = [f"create {branch} {history.commit}"]
    tags = git(
        history.repository, "for-each-ref", f"--merged={history.commit}", "refs/tags",
        "--format=create %(refname) %(objectname)", doing="list the tags",
    )  # fmt: skip
    updates.extend(tags.decode("utf-8", "surrogateescape").splitlines())
    lines = "\n".join(updates) + "\n"
    git(
        target,
        "update-ref",
        "--stdin",
        doing="name the commit",
        stdin=lines.encode("utf-8", "surrogateescape"),
    )
    git(target, "symbolic-ref", "HEAD", branch, doing="name the commit")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
