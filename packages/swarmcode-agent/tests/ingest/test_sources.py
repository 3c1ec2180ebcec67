"""Where a repository may come from, and what is said of one that cannot be used."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarmcode_agent.errors import (
    AgentError,
    BranchNotFoundError,
    EmptyRepositoryError,
    IngestError,
    NotARepositoryError,
    NothingToIngestError,
    OutputError,
    SourceNotFoundError,
)
from swarmcode_agent.ingest import IngestConfig

from .conftest import IDENTITY, Ingest, Repository

ONE: dict[str, str | bytes] = {"a.py": "def a(): pass\n"}


def nothing_was_left(folder: Path) -> bool:
    return not folder.exists() or {each.name for each in folder.iterdir()} <= {".cache"}


def test_a_missing_path_is_a_value_error(ingest: Ingest, tmp_path: Path) -> None:
    """As published: ValueError, “… does not exist”."""
    with pytest.raises(ValueError, match="does not exist") as caught:
        ingest(tmp_path / "nowhere")
    assert isinstance(caught.value, SourceNotFoundError)


def test_a_folder_without_a_repository_is_told_what_to_do(ingest: Ingest, tmp_path: Path) -> None:
    """Unless it is asked for as it stands."""
    folder = tmp_path / "plain"
    (folder / "keep").mkdir(parents=True)
    (folder / "keep" / "a.py").write_text("def a(): pass\n")
    (folder / "b.py").write_text("def b(): pass\n")
    (folder / ".gitignore").write_text("b.py\n")
    with pytest.raises(NotARepositoryError, match="git init"):
        ingest(folder)
    assert nothing_was_left(tmp_path / "out")
    result = ingest(folder, worktree=True)
    assert (result.snapshot_path / "files.txt").read_text() == "keep/a.py\n"
    assert result.commit is None


def test_a_folder_inside_a_repository_is_not_that_repository(
    repository: Repository, ingest: Ingest
) -> None:
    """The history of whatever encloses a folder is never taken."""
    repository.commit(files={"sub/a.py": "x = 1\n"})
    with pytest.raises(NotARepositoryError, match="ingest that"):
        ingest(repository.path / "sub")


def test_a_repository_without_commits_is_empty(repository: Repository, ingest: Ingest) -> None:
    """And so is nothing to make a snapshot of."""
    with pytest.raises(EmptyRepositoryError, match="no commits yet"):
        ingest(repository.path)


def test_a_missing_branch_offers_the_default(repository: Repository, ingest: Ingest) -> None:
    """The error carries what there is."""
    repository.commit(files=ONE)
    repository.git("branch", "-m", "main", "trunk")
    with pytest.raises(BranchNotFoundError, match="its default branch is 'trunk'") as caught:
        ingest(repository.path)
    assert caught.value.default == "trunk"
    assert caught.value.available == ("trunk",)
    assert ingest(repository.path, branch="trunk").file_count == 1


@pytest.mark.parametrize("name", ["v1", "annotated", "HEAD", "sha"])
def test_a_tag_or_a_detached_head_is_a_commit(
    repository: Repository, ingest: Ingest, name: str
) -> None:
    """What is no branch has no branch in its provenance."""
    commit = repository.commit(files=ONE)
    repository.git("tag", "v1")
    repository.git("tag", "-a", "annotated", "-m", "x")
    repository.commit("Later", {"b.py": "x = 1\n"})
    repository.git("checkout", "-q", "--detach", commit)
    result = ingest(repository.path, branch=commit if name == "sha" else name)
    assert result.commit == commit
    assert json.loads(result.provenance_path.read_text())["branch"] is None
    assert Repository(result.history_path).git("log", "--format=%H") == commit


def test_a_bundle_and_a_url_give_what_the_folder_gives(
    repository: Repository, ingest: Ingest, tmp_path: Path
) -> None:
    """Three ways to the same commit, the same files and the same map of them."""
    commit = repository.commit(files=ONE)
    bundle = tmp_path / "shop.bundle"
    repository.git("bundle", "create", "-q", str(bundle), "--all")
    results = [ingest(source) for source in (repository.path, bundle, f"file://{repository.path}")]
    assert {result.commit for result in results} == {commit}
    assert {(result.snapshot_path / "a.py").read_text() for result in results} == {
        "def a(): pass\n"
    }
    kinds = [json.loads(result.provenance_path.read_text())["origin_kind"] for result in results]
    assert kinds[1] in ("bundle", "path")  # one commit, one snapshot: the first one is found


def test_a_bundle_alone(repository: Repository, ingest: Ingest, tmp_path: Path) -> None:
    """With its history, and its branch."""
    repository.commit(files=ONE)
    bundle = tmp_path / "b.bundle"
    repository.git("bundle", "create", "-q", str(bundle), "main")
    result = ingest(bundle)
    told = json.loads(result.provenance_path.read_text())
    assert (told["origin_kind"], told["branch"]) == ("bundle", "main")


def test_a_file_that_is_no_bundle(ingest: Ingest, tmp_path: Path) -> None:
    """A tarball, say."""
    (tmp_path / "x.tar").write_bytes(b"PK\x03\x04")
    with pytest.raises(NotARepositoryError, match="no bundle either"):
        ingest(tmp_path / "x.tar")


def test_a_bare_repository_and_a_linked_worktree(
    repository: Repository, ingest: Ingest, tmp_path: Path
) -> None:
    """Whatever way a repository lies on disk."""
    repository.commit(files=ONE)
    bare = tmp_path / "bare.git"
    repository.git("clone", "-q", "--bare", str(repository.path), str(bare))
    linked = tmp_path / "linked"
    repository.git("worktree", "add", "-q", str(linked), "-b", "side")
    assert ingest(bare).file_count == 1
    assert ingest(linked, branch="side").file_count == 1
    with pytest.raises(IngestError, match="has no worktree"):
        ingest(bare, worktree=True)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("ext::sh -c touch% pwned", id="remote-helper"),
        pytest.param("ftp://example.org/x.git", id="other-scheme"),
        pytest.param("javascript://x/y", id="nonsense-scheme"),
    ],
)
def test_only_the_usual_protocols(ingest: Ingest, source: str, tmp_path: Path) -> None:
    """A remote helper is a command, and no address."""
    with pytest.raises(AgentError):
        ingest(source)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize(
    "settings",
    [{"depth": -1}, {"max_file_size_kb": 0}, {"branch": "--upload-pack=touch x"}, {"source": ""}],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, object]) -> None:
    """At once, in one line."""
    with pytest.raises(IngestError):
        IngestConfig(**{"source": ".", **settings})  # type: ignore[arg-type]


def test_the_output_may_lie_in_the_source_and_is_never_read(
    repository: Repository, ingest: Ingest
) -> None:
    """Snapshots of snapshots do not grow; a note says what to ignore."""
    repository.commit(files={**ONE, "data/snapshots/old/x.py": "x = 1\n"})
    inside = repository.path / "data" / "snapshots"
    for _ in range(2):
        result = ingest(repository.path, output_dir=str(inside), worktree=True)
        assert (result.snapshot_path / "files.txt").read_text() == "a.py\n"
    result = ingest(repository.path, output_dir=str(inside))
    assert dict(result.left_out) == {"inside the output folder": 1}
    assert any("add data/snapshots/" in note for note in result.notes)


@pytest.mark.parametrize("within", ["", ".git/snapshots"])
def test_the_output_may_not_be_the_source_nor_in_git(
    repository: Repository, ingest: Ingest, within: str
) -> None:
    """Nothing is written among git's own files."""
    repository.commit(files=ONE)
    with pytest.raises(OutputError):
        ingest(repository.path, output_dir=str(repository.path / within))
    assert repository.git("status", "--porcelain") == ""


def test_an_output_that_is_a_file(repository: Repository, ingest: Ingest, tmp_path: Path) -> None:
    """Said in one line."""
    repository.commit(files=ONE)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write snapshots"):
        ingest(repository.path, output_dir=str(tmp_path / "file" / "out"))


def test_a_shallow_clone_says_what_it_lacks(
    repository: Repository, ingest: Ingest, tmp_path: Path
) -> None:
    """How many commits there are, and where they end."""
    for number in range(4):
        repository.commit(f"Change {number}", {"a.py": f"x = {number}\n"})
    shallow = tmp_path / "shallow"
    repository.git("clone", "-q", "--depth", "2", f"file://{repository.path}", str(shallow))
    result = ingest(shallow)
    assert any("holds 2 commits and ends at" in note for note in result.notes)
    told = json.loads(result.provenance_path.read_text())["shallow"]
    assert told["commits"] == 2
    assert told["ends_at"] == [repository.git("rev-parse", "HEAD~1")]
    limited = ingest(repository.path, depth=1)
    assert json.loads(limited.provenance_path.read_text())["shallow"]["commits"] == 1


def test_a_partial_clone_is_refused(repository: Repository, ingest: Ingest, tmp_path: Path) -> None:
    """git would fetch what it lacks with a command of the repository's choice."""
    repository.commit(files=ONE)
    repository.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    repository.git("clone", "-q", "--filter=blob:none", f"file://{repository.path}", str(partial))
    with pytest.raises(IngestError, match="partial clone"):
        ingest(partial)


def test_a_hostile_configuration_runs_nothing(
    repository: Repository, ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hooks, monitors, filters, diff and ssh commands, pagers: none of them is asked."""
    repository.commit(files={**ONE, ".gitattributes": "*.py filter=evil diff=evil\n"})
    proof = tmp_path / "proof"
    command = f"touch {proof}; cat"
    for key in (
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "core.editor",
        "core.alternateRefsCommand",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.smudge",
        "filter.evil.clean",
        "filter.evil.process",
        "uploadpack.packObjectsHook",
        "credential.helper",
    ):
        repository.git("config", key, command if key != "credential.helper" else f"!{command}")
    hooks = repository.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "post-index-change"):
        (hooks / hook).write_text(f"#!/bin/sh\ntouch {proof}\n")
        (hooks / hook).chmod(0o755)
    repository.git("config", "core.hooksPath", str(hooks))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", command)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert ingest(repository.path).file_count == 1
    assert ingest(repository.path, worktree=True).file_count == 1
    assert not proof.exists()


def test_an_ignored_file_by_our_own_ignore_file(repository: Repository, ingest: Ingest) -> None:
    """gitignore rules, the deepest file that speaks decides."""
    repository.commit(
        files={
            ".swarmcodeignore": "vendor/\n*.md\n",
            "vendor/x.py": "x = 1\n",
            "docs/.swarmcodeignore": "!keep.md\n",
            "docs/keep.md": "kept\n",
            "docs/drop.md": "dropped\n",
            **ONE,
        }
    )
    result = ingest(repository.path)
    assert (result.snapshot_path / "files.txt").read_text() == "a.py\ndocs/keep.md\n"
    assert dict(result.left_out)["ignored"] == 2


def test_nothing_kept_is_an_error_with_reasons(repository: Repository, ingest: Ingest) -> None:
    """An empty snapshot helps nobody."""
    repository.commit(files={"a.bin": b"\0", "b.bin": b"\0", "c.py": b"\0\0"})
    with pytest.raises(NothingToIngestError, match="2 × extension, 1 × binary") as caught:
        ingest(repository.path)
    assert caught.value.reasons == {"extension": 2, "binary": 1}


def test_git_that_is_not_installed(
    repository: Repository, ingest: Ingest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Said as what it is."""
    repository.commit(files=ONE)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AgentError, match="git"):
        ingest(repository.path)


def test_what_a_user_sees_is_one_line(tmp_path: Path) -> None:
    """From a program: the message says what is wrong, where, and what to do."""
    code = (
        "from swarmcode_agent.ingest import *\nfrom swarmcode_agent import AgentError\n"
        "try:\n    RepositoryIngester(IngestConfig(source='.')).ingest()\n"
        "except AgentError as error:\n    print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, **IDENTITY},
    )
    assert run.stderr == ""
    assert run.stdout.count("\n") == 1
    assert "git init" in run.stdout
