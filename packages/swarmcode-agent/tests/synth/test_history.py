"""What reading a history promises: all of it, from the commits, under no foreign configuration."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from swarmcode_agent.errors import HistoryError
from swarmcode_agent.ingest.provenance import HISTORY
from swarmcode_agent.synth.history import Role, commits, open_repository, role_of


def test_every_commit_with_one_parent_is_read(make_repository) -> None:
    """Side branches count, squash merges count, merges and the root do not."""
    made = make_repository()
    root = made.commit("Start", {"a.py": "x = 1\n"})
    made.git("checkout", "-q", "-b", "side")
    side = made.commit("Work aside", {"b.py": "y = 1\n"})
    made.git("checkout", "-q", "main")
    squash = made.commit("Squash a branch (#3)", {"c.py": "z = 1\n"})
    made.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    with open_repository(made.path) as repository:
        read = {commit.sha: commit for commit in commits(repository)}
    assert set(read) == {side, squash}
    assert read[side].parent == root
    assert read[side].when == datetime(2024, 1, 2, 12, tzinfo=UTC)
    assert [change.path for change in read[squash].changes] == ["c.py"]


def test_renames_names_and_modes_are_read(make_repository) -> None:
    """A moved file, a name with a newline and a link are what they are."""
    made = make_repository()
    made.commit("Start", {"old.py": "a = 1\nb = 2\nc = 3\n"})
    (made.path / "old.py").rename(made.path / "new\nname.py")
    (made.path / "link").symlink_to("new")
    made.commit("Move")
    with open_repository(made.path) as repository:
        (commit,) = commits(repository)
        moved = next(change for change in commit.changes if change.status == "R")
        link = next(change for change in commit.changes if change.path == "link")
        assert (moved.old_path, moved.path) == ("old.py", "new\nname.py")
        assert moved.is_text_file
        assert not link.is_text_file
        assert repository.blob(moved.new_blob) == b"a = 1\nb = 2\nc = 3\n"
        assert set(repository.tree(commit.sha)) == {"new\nname.py", "link"}


def test_since_leaves_older_commits_out(make_repository) -> None:
    """`since` is a moment, not a count."""
    made = make_repository()
    for number in range(4):
        made.commit(f"Number {number}", {"a.py": f"x = {number}\n"})
    with open_repository(made.path) as repository:
        since = datetime(2024, 1, 3, tzinfo=UTC)
        assert len(list(commits(repository, since=since))) == 2


def test_a_hostile_configuration_runs_nothing(make_repository, tmp_path: Path) -> None:
    """Programs that a repository's configuration or attributes name are never started."""
    made = make_repository()
    made.commit("Start", {"a.py": "x = 1\n", ".gitattributes": "*.py diff=evil filter=evil\n"})
    made.commit("Change", {"a.py": "x = 2\n"})
    touched = tmp_path / "touched"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {touched}\ncat\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "filter.evil.smudge",
        "filter.evil.clean",
        "gpg.program",
    ):
        made.git("config", key, str(script))
    made.git("config", "log.showSignature", "true")
    hook = made.path / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {touched}\n")
    hook.chmod(0o755)
    with open_repository(made.path) as repository:
        (commit,) = commits(repository)
        repository.git("diff-tree", "-p", commit.parent, commit.sha)
        assert repository.blob(f"{commit.sha}:a.py") == b"x = 2\n"
    assert not touched.exists()


def test_a_repository_around_the_folder_is_not_meant(make_repository) -> None:
    """A folder inside a repository is no repository: its history is somebody else's."""
    made = make_repository()
    made.commit("Start", {"inside/a.py": "x = 1\n"})
    with (
        pytest.raises(HistoryError, match="is not a git repository"),
        open_repository(made.path / "inside"),
    ):
        pass


def test_a_bare_copy_a_snapshot_and_a_work_tree_read_alike(make_repository, tmp_path: Path) -> None:
    """The history is the same wherever it is kept; a snapshot keeps a bare copy."""
    made = make_repository()
    made.commit("Start", {"a.py": "x = 1\n"})
    made.commit("Change", {"a.py": "x = 2\n"})
    snapshot = tmp_path / "project_0123456789ab"
    kept = snapshot / HISTORY
    kept.parent.mkdir(parents=True)
    clone = ["git", "clone", "-q", "--bare", str(made.path), str(kept)]
    subprocess.run(clone, check=True)
    linked = tmp_path / "linked"
    made.git("worktree", "add", "-q", str(linked), "HEAD~0")
    with open_repository(snapshot) as repository:
        assert repository.name == "project"
    for place in (made.path, snapshot, kept, linked):
        with open_repository(place) as repository:
            assert [commit.sha for commit in commits(repository)] == [made.commits[1]]


def test_a_shallow_clone_is_known_as_one(make_repository, tmp_path: Path) -> None:
    """Commits whose parents are missing are not commits without parents."""
    made = make_repository()
    for number in range(3):
        made.commit(f"Number {number}", {"a.py": f"x = {number}\n"})
    shallow = tmp_path / "shallow"
    ask = ["git", "clone", "-q", "--depth", "2", made.path.as_uri(), str(shallow)]
    subprocess.run(ask, check=True)
    with open_repository(shallow) as repository:
        assert repository.shallow
        assert [commit.sha for commit in commits(repository)] == [made.commits[2]]


def test_bad_input_is_one_clear_line(make_repository, tmp_path: Path) -> None:
    """Nothing there, no repository, no commit, no such branch, no such object."""
    made = make_repository()
    cases = [
        (tmp_path / "missing", None, "does not exist"),
        (tmp_path, None, "is not a git repository"),
        (made.path, None, "has no commit yet"),
    ]
    for place, branch, told in cases:
        with pytest.raises(HistoryError, match=told), open_repository(place, branch=branch):
            pass
    made.commit("Start", {"a.py": "x = 1\n"})
    with (
        pytest.raises(HistoryError, match="has no branch 'nope'"),
        open_repository(made.path, branch="nope"),
    ):
        pass
    with open_repository(made.path) as repository:
        with pytest.raises(HistoryError, match="no object"):
            repository.blob("HEAD:missing")
        with pytest.raises(HistoryError, match="no name of an object"):
            repository.blob("HEAD:a\nHEAD:b")


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("src/pkg/mod.py", Role.SOURCE),
        ("lib/index.ts", Role.SOURCE),
        ("tests/test_mod.py", Role.TEST),
        ("tests/data/sample.json", Role.TEST),
        ("pkg/mod_test.go", Role.TEST),
        ("src/app.spec.ts", Role.TEST),
        ("conftest.py", Role.TEST),
        ("docs/conf.py", Role.OTHER),
        ("docs/test_snippets/mod.rst", Role.OTHER),
        ("setup.py", Role.OTHER),
        ("examples/run.py", Role.OTHER),
        ("CHANGES.rst", Role.OTHER),
    ],
)
def test_roles(path: str, role: Role) -> None:
    """A path's name says whether it is source, a test or neither."""
    assert role_of(path) is role
