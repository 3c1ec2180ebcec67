"""What the hook does: the staged code against the manifests of the last commit.

The index is what will be committed, so that is what is scanned: neither changes that are not
staged nor manifests that were written a moment ago can hide a breaking change.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from ..config import SwopConfig, load_config
from ..config.model import ACCEPT_NAME, CONFIG_NAME
from ..errors import HookError
from ..git import GitError, commit_of, files_at, git, git_path
from ..resolve import ResolutionReport
from ..resolve.baseline import git_baseline
from ..resolve.drift import resolve_against
from ..scan import scan_project


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a commit may go on as far as one project is concerned, and why.

    `project` is its folder below the top of the repository, empty for the top itself.
    """

    project: str
    reason: str
    report: ResolutionReport | None = None

    @property
    def allowed(self) -> bool:
        """Whether nothing breaks that nobody accepted."""
        return self.report is None or not self.report.breaking

    def format(self) -> str:
        """The verdict as lines for a terminal."""
        lines = [self.report.format()] if self.report and self.report.changes else []
        if not self.allowed:
            lines.append(
                "[HOOK] refused: undo it, or accept it with "
                f"`swop resolve --against HEAD --accept-breaking REASON` and stage {ACCEPT_NAME}"
            )
        else:
            lines.append(f"[HOOK] {self.project or 'project'}: {self.reason}")
        return "\n".join(lines)


def guard_commit(root: Path) -> list[Verdict]:
    """Judge what is staged, for every project of the repository around a folder.

    Raises:
        HookError: git cannot be asked.
        BaselineError, ManifestError, LockError, AcceptError, SwopConfigError: a side is not
            sound, so that nothing was shown.
    """
    try:
        top = git_path(root, "--show-toplevel")
        if not _has_commit(top):
            return [Verdict("", "the first commit has nothing to break")]
        staged = _staged(top)
        projects = [path for path in staged if path.rpartition("/")[2] == CONFIG_NAME]
        with tempfile.TemporaryDirectory(prefix="swop-hook-") as folder:
            scratch = Path(folder).resolve()
            _check_out(top, scratch, [path for path in staged if _matters(path)])
            return [_judge(top, scratch, path.rpartition("/")[0]) for path in projects]
    except GitError as error:
        raise HookError(str(error), path=root) from None


def _judge(top: Path, scratch: Path, project: str) -> Verdict:
    index = load_config(scratch / project / CONFIG_NAME)
    committed = replace(index, config_path=top / project / CONFIG_NAME)
    if _is_adoption(committed):
        return Verdict(project, "no manifest was ever committed: there is nothing to break yet")
    report = scan_project(index, incremental=False)
    baseline = git_baseline(committed, "HEAD")
    return Verdict(project, "no contract breaks", resolve_against(report, index, baseline))


def _has_commit(root: Path) -> bool:
    try:
        commit_of(root, "HEAD")
    except GitError as error:
        if "no such commit" in str(error):
            return False
        raise
    return True


def _staged(top: Path) -> list[str]:
    """The files of the index, relative to the top."""
    listed = git(top, "ls-files", "-z", "--cached")
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _is_adoption(config: SwopConfig) -> bool:
    """Whether manifests were never committed: later on, missing ones are an error."""
    root = config.project_root
    below = config.manifests_path.relative_to(root).as_posix()
    if files_at(root, "HEAD", [below]):
        return False
    return not git(root, "log", "-1", "--format=%H", "HEAD", "--", below).strip()


def _matters(path: str) -> bool:
    """Whether a comparison may read a file: sources, configurations, locks, acceptances."""
    return path.endswith((".py", ".yml", ".yaml"))


def _check_out(top: Path, scratch: Path, paths: list[str]) -> None:
    """Write files as they are staged; the working tree and the index stay as they are."""
    names = "\0".join(paths)
    arguments = ["checkout-index", "-z", "--stdin", f"--prefix={scratch}/"]
    git(top, *arguments, data=os.fsencode(names))
