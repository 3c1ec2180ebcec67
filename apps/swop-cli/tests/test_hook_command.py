"""The git hook, with real repositories, clones and worktrees."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from .commands import run
from .shop import OPS, shop

LESS = OPS.replace("    amount: float\n", "")


def git(root: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return subprocess.run(
        ["git", "-C", root, *settings, *arguments],
        check=check,
        capture_output=True,
        text=True,
        timeout=100,
        env=environ,
    )


def repository(root: Path) -> Path:
    """A shop whose manifests are committed."""
    root.mkdir(parents=True, exist_ok=True)
    shop(root)
    run("gen", "manifests", cwd=root)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    return root


def test_a_fresh_clone_refuses_a_removed_field(tmp_path: Path) -> None:
    """Also when the manifests were brought into line, and when only part of it is staged."""
    origin = repository(tmp_path / "origin")
    git(tmp_path, "clone", "-q", str(origin), "clone")
    clone = tmp_path / "clone"
    installed = run("hook", "install", cwd=clone)
    assert (installed.returncode, "[HOOK] install: ok" in installed.stdout) == (0, True)
    (clone / "src/ops.py").write_text(LESS)
    run("gen", "manifests", cwd=clone)
    refused = git(clone, "commit", "-qam", "break it", check=False)
    assert refused.returncode != 0
    assert "FIELD_REMOVED billing.IssueInvoice.amount" in refused.stderr
    assert git(clone, "rev-list", "--count", "HEAD").stdout == "1\n"
    git(clone, "add", "-A")
    (clone / "src/ops.py").write_text(OPS)  # whole again on disk, broken in the index
    assert git(clone, "commit", "-qm", "break it", check=False).returncode != 0


def test_what_does_not_break_is_committed(tmp_path: Path) -> None:
    """A new optional field; a broken file on disk that is not staged."""
    root = repository(tmp_path)
    run("hook", "install", cwd=root)
    more = OPS.replace("    amount: float\n", "    amount: float\n    note: str = ''\n")
    (root / "src/ops.py").write_text(more)
    git(root, "add", "-A")
    (root / "src/ops.py").write_text(LESS)
    git(root, "commit", "-qm", "two")
    assert git(root, "rev-list", "--count", "HEAD").stdout == "2\n"


def test_what_was_accepted_is_committed(tmp_path: Path) -> None:
    """With the reason in the same commit."""
    root = repository(tmp_path)
    run("hook", "install", cwd=root)
    (root / "src/ops.py").write_text(LESS)
    accepted = run("resolve", "--against", "HEAD", "--accept-breaking", "agreed", cwd=root)
    assert accepted.returncode == 0
    git(root, "add", "-A")
    git(root, "commit", "-qm", "two")


def test_worktrees_and_hooks_path(tmp_path: Path) -> None:
    """The hook is where git looks, whichever way it was told to look."""
    root = repository(tmp_path / "main")
    git(root, "worktree", "add", "-q", "../tree")
    tree = tmp_path / "tree"
    assert run("hook", "install", cwd=tree).returncode == 0
    assert (root / ".git/hooks/pre-commit").exists()
    (tree / "src/ops.py").write_text(LESS)
    assert "FIELD_REMOVED" in git(tree, "commit", "-qam", "x", check=False).stderr
    git(root, "config", "core.hooksPath", "shared-hooks")
    assert "not installed" in run("hook", "status", cwd=root).stdout
    assert run("hook", "install", cwd=root).returncode == 0
    assert (root / "shared-hooks/pre-commit").exists()
    (root / "src/ops.py").write_text(LESS)
    assert "FIELD_REMOVED" in git(root, "commit", "-qam", "x", check=False).stderr


def test_a_project_below_the_top_of_a_repository(tmp_path: Path) -> None:
    """Git runs hooks at the top: every project of the repository is judged."""
    shop_root = tmp_path / "services/shop"
    shop_root.mkdir(parents=True)
    shop(shop_root)
    run("gen", "manifests", cwd=shop_root)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    assert run("hook", "install", cwd=shop_root).returncode == 0
    (shop_root / "src/ops.py").write_text(LESS)
    assert "FIELD_REMOVED" in git(tmp_path, "commit", "-qam", "x", check=False).stderr


def test_a_hook_of_somebody_else_stays(tmp_path: Path) -> None:
    """Unless it is to be set aside, and then it comes back."""
    root = repository(tmp_path)
    path = root / ".git/hooks/pre-commit"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\nexit 0\n")
    assert "skipped" in run("hook", "install", cwd=root).stdout
    assert "another hook" in run("hook", "status", cwd=root).stdout
    assert "skipped" in run("hook", "uninstall", cwd=root).stdout
    assert run("hook", "install", "--force", cwd=root).returncode == 0
    assert "[HOOK] status: ok" in run("hook", "status", cwd=root).stdout
    assert "is back" in run("hook", "uninstall", cwd=root).stdout
    assert path.read_text() == "#!/bin/sh\nexit 0\n"


def test_outside_of_a_repository(tmp_path: Path) -> None:
    """Exit code 2, one line."""
    for action in ("install", "uninstall", "status"):
        done = run("hook", action, cwd=tmp_path)
        assert (done.returncode, "not in a git repository" in done.stdout) == (2, True)


@pytest.mark.parametrize("lose", ["manifests", "damage"])
def test_an_unsound_baseline_refuses(tmp_path: Path, lose: str) -> None:
    """Manifests that were committed once and are gone, or damaged, guard nothing: refused."""
    root = repository(tmp_path)
    path = root / ".swop/manifests/billing/commands.yml"
    if lose == "manifests":
        git(root, "rm", "-rq", ".swop/manifests")
    else:
        path.write_text("commands: [")
    git(root, "commit", "-qam", "two")
    run("hook", "install", cwd=root)
    (root / "src/ops.py").write_text(LESS)
    refused = git(root, "commit", "-qam", "three", check=False)
    assert refused.returncode != 0
    assert "[ERROR]" in refused.stderr


def test_a_project_may_begin(tmp_path: Path) -> None:
    """Before manifests were ever committed there is nothing to break."""
    shop(tmp_path)
    git(tmp_path, "init", "-q")
    run("hook", "install", cwd=tmp_path)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    run("gen", "manifests", cwd=tmp_path)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "two")
    (tmp_path / "src/ops.py").write_text(LESS)
    assert git(tmp_path, "commit", "-qam", "three", check=False).returncode != 0
