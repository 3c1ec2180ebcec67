"""`swop hook`: a git pre-commit hook, put where git looks for it.

Git says where that is: a worktree shares the hooks of its repository, and `core.hooksPath`
moves them. A hook that is not ours is never overwritten silently.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import StateWriteError
from ..files import write_atomically
from ..git import GitError, git, git_path

MARKER = "# swop:managed-hook"
_NAME = "pre-commit"
_KEPT = "pre-commit.before-swop"
_SCRIPT = """\
#!/bin/sh
{marker}
# Refuses a commit that breaks a contract. `swop hook uninstall` removes it.
if {test}; then
    exec {command} hook run "$@"
fi
if command -v swop >/dev/null 2>&1; then
    exec swop hook run "$@"
fi
echo "swop: not found, so that nothing can be checked: pip install swop" >&2
exit 1
"""


@dataclass(frozen=True, slots=True)
class HookResult:
    """What was done; `status` is ok, skipped (something of somebody else's is there) or error."""

    action: str
    hook_path: Path | None = None
    status: str = "ok"
    detail: str = ""

    def format(self) -> str:
        """The outcome as a line for a terminal."""
        where = f" {self.hook_path}" if self.hook_path else ""
        return f"[HOOK] {self.action}: {self.status}{where} ({self.detail})"


def install_hook(
    root: Path, *, force: bool = False, command: Sequence[str] = ("swop",)
) -> HookResult:
    """Install the hook. `command` starts swop; its first word may be an absolute path.

    A hook that is not ours stays, unless `force` sets it aside under another name.
    """
    path = _hook_path(root)
    if isinstance(path, str):
        return HookResult("install", None, "error", path)
    if _foreign(path):
        if not force:
            detail = "another hook is there: --force sets it aside"
            return HookResult("install", path, "skipped", detail)
        kept = path.with_name(_KEPT)
        if kept.exists():
            detail = f"{kept.name} is there from before: move it away"
            return HookResult("install", path, "error", detail)
        path.replace(kept)
    detail = "already there" if _is_ours(path) else "a commit that breaks a contract is refused"
    try:
        write_atomically(path, _script(command).encode())
        path.chmod(0o755)
    except (StateWriteError, OSError) as error:
        return HookResult("install", path, "error", f"cannot be written: {error}")
    return HookResult("install", path, "ok", detail)


def uninstall_hook(root: Path) -> HookResult:
    """Remove the hook, and put back what it set aside."""
    path = _hook_path(root)
    if isinstance(path, str):
        return HookResult("uninstall", None, "error", path)
    if not path.exists():
        return HookResult("uninstall", path, "ok", "there was none")
    if not _is_ours(path):
        return HookResult("uninstall", path, "skipped", "the hook that is there is not ours")
    path.unlink()
    kept = path.with_name(_KEPT)
    if kept.exists():
        kept.replace(path)
        return HookResult("uninstall", path, "ok", "removed; the hook before it is back")
    return HookResult("uninstall", path, "ok", "removed")


def hook_status(root: Path) -> HookResult:
    """Say whether the hook is installed and would run."""
    path = _hook_path(root)
    if isinstance(path, str):
        return HookResult("status", None, "error", path)
    if not path.exists():
        return HookResult("status", path, "ok", "not installed")
    if not _is_ours(path):
        return HookResult("status", path, "skipped", "another hook is installed")
    if not os.access(path, os.X_OK):
        return HookResult("status", path, "error", "installed, but not executable: install again")
    return HookResult("status", path, "ok", "installed")


def _hook_path(root: Path) -> Path | str:
    """Where git looks for the hook of this working tree, or why that cannot be told."""
    if not root.is_dir():
        return f"{root}: no such folder"
    try:
        git(root, "rev-parse", "--is-inside-work-tree")
        return git_path(root, "--git-path", "hooks") / _NAME
    except GitError as error:
        return f"{root} is not in a git repository: {error}"


def _script(command: Sequence[str]) -> str:
    first = shlex.quote(command[0])
    absolute = Path(command[0]).is_absolute()
    test = f"[ -x {first} ]" if absolute else f"command -v {first} >/dev/null 2>&1"
    return _SCRIPT.format(marker=MARKER, test=test, command=shlex.join(command))


def _is_ours(path: Path) -> bool:
    try:
        return MARKER in path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False


def _foreign(path: Path) -> bool:
    return path.exists() and not _is_ours(path)
