"""A commit that is cut short leaves the old tree or the new one, never a part of each."""

from __future__ import annotations

import errno
import logging
import os
import random
from pathlib import Path
from typing import Any

import pytest

from worktree import Worktree, errors, mount
from worktree.artifacts import Json, Log
from worktree.storage import FilesystemStorage, MakeFolder, Put, Remove, Selection
from worktree.storage.filesystem.system import RealSystem
from worktree.testing.crashes import Finding, Scenario, Tally, exhaust
from worktree.testing.disk import Disk
from worktree.testing.faults import FAULTS, Fault, Faults, Killed

from .drivers import driver

crashes, kills = driver("crashes"), driver("kill_commits")


@pytest.mark.parametrize("artifacts", [1, 2, 3, 4])
def test_every_call_and_every_fault(artifacts: int) -> None:
    """Every system call × kill, torn write, EIO, ENOSPC, lost unsynced writes; exhaustive."""
    for scenario in crashes.scenarios(artifacts):
        tally = Tally()
        assert list(exhaust(scenario, tally=tally)) == []
        assert tally.calls > 30
        assert tally.runs > 1000


def test_the_check_finds_what_it_looks_for() -> None:
    """A driver that writes in place is caught: the check can fail."""

    class Careless(Disk):
        def rename(self, src: str, dst: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
            """As one would without care: copy, then remove."""
            source = self.open(src, os.O_RDONLY, dir_fd=src_dir_fd)
            target = self.open(dst, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, dir_fd=dst_dir_fd)
            self.write(target, self.read(source, 1 << 20))
            self.unlink(src, dir_fd=src_dir_fd)

    disk = Careless()
    storage = FilesystemStorage("/mount", system=disk)
    storage.apply([Put("a", b"old"), Put("b", b"old")], {})
    storage.apply([Put("a", b"new"), Put("b", b"new")], {})
    left = disk.after_crash(lambda _: False)
    found = left.tree("/mount")
    assert (found.get("a"), found.get("b")) != (b"new", b"new")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("artifacts", [1, 3])
def test_every_call_on_a_real_disk(tmp_path: Path, fault: Fault, artifacts: int) -> None:
    """The same on real files: kill, EIO and ENOSPC at each call of a commit."""
    scenario: Scenario = crashes.scenarios(artifacts)[2]
    call, findings = 0, []
    while True:
        folder = tmp_path / f"{call}"
        FilesystemStorage(folder).apply(scenario.before, {})
        old = contents(folder, scenario)
        system = Faults(RealSystem(), at=call, fault=fault)
        told = attempt(FilesystemStorage(folder, system=system), scenario)
        if system.calls <= call:
            break
        found = contents(folder, scenario)
        new = dict(found) if told == "new" else None
        if told == "old" and found != old:
            findings.append(Finding(scenario.name, fault, call, f"{found}"))
        if told in {"dead", "new"} and found != old and not is_new(found, scenario):
            findings.append(Finding(scenario.name, fault, call, f"{found}"))
        if new is not None and not is_new(new, scenario):
            findings.append(Finding(scenario.name, fault, call, "confirmed, but not there"))
        call += 1
    assert findings == []
    assert call > 30


def contents(folder: Path, scenario: Scenario) -> dict[str, bytes]:
    found = FilesystemStorage(folder).read(Selection(objects=scenario.keys)).objects
    return {key: stored.data for key, stored in found.items()}


def is_new(found: dict[str, bytes], scenario: Scenario) -> bool:
    puts = {change.key: change.data for change in scenario.changes if isinstance(change, Put)}
    gone = [change.key for change in scenario.changes if isinstance(change, Remove)]
    return all(found.get(key) == data for key, data in puts.items()) and not any(
        key == removed or key.startswith(f"{removed}/") for key in found for removed in gone
    )


def attempt(storage: FilesystemStorage, scenario: Scenario) -> str:
    try:
        storage.apply(scenario.changes, {})
    except Killed:
        return "dead"
    except errors.CommitPendingError:
        return "new"
    except errors.WorktreeError:
        return "old"
    return "new"


def test_two_hundred_kills(tmp_path: Path) -> None:
    """A committing process is ended with SIGKILL at random moments: 0 torn, 0 mixed, 0 lost."""
    shared = Path("/dev/shm")
    folder = Path(shared if shared.is_dir() else tmp_path) / f"worktree-kills-{os.getpid()}"
    folder.mkdir()
    try:
        mixed, lost, commits = kills.kill_many(f"{folder}/{{}}", 200, 4, 20, print)
    finally:
        import shutil

        shutil.rmtree(folder)
    assert (mixed, lost) == (0, 0)
    assert commits > 0


class Counter(Json):
    number: int = 0


class Tree(Worktree):
    a: Counter
    b: Counter
    log: Log[int]


class StopsAfterDecision(Faults):
    """Dies right after a commit was decided, before anything of it is in place."""

    def _call(self, name: str, args: tuple[Any, ...], more: dict[str, Any]) -> Any:
        done = super()._call(name, args, more)
        if name == "rename" and args[0] == "journal.new":
            self.kill()
            raise Killed
        return done


def interrupted(folder: Path) -> bytes:
    """A tree whose last commit was decided, and not put in place."""
    mount(Tree, folder)
    tree = mount(Tree, FilesystemStorage(folder, system=StopsAfterDecision(RealSystem())))
    tree.a.number, tree.b.number = 1, 1
    tree.log.append(1)
    with pytest.raises(Killed):
        tree.commit()
    assert (folder / "a.json").read_bytes() == b'{"number":0}'
    return (folder / ".worktree/journal").read_bytes()


def test_a_decided_commit_is_finished_by_the_next_mount(tmp_path: Path) -> None:
    """And its journal and staging folder are gone afterwards."""
    interrupted(tmp_path)
    tree = mount(Tree, tmp_path)
    assert (tree.a.number, tree.b.number, list(tree.log)) == (1, 1, [1])
    assert list((tmp_path / ".worktree").iterdir()) == []


def test_a_decided_commit_is_read_where_it_cannot_be_finished(tmp_path: Path) -> None:
    """On a full disk the journal is laid over the files."""
    interrupted(tmp_path)

    class Full(RealSystem):
        @staticmethod
        def rename(src: str, dst: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        @staticmethod
        def fsync(fd: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    storage = FilesystemStorage(tmp_path, system=Full())
    found = storage.read(Selection(objects=("a.json", "b.json", "log.jsonl"))).objects
    assert found["a.json"].data == found["b.json"].data == b'{"number":1}'
    assert found["log.jsonl"].data == b"1\n"
    assert (tmp_path / "a.json").read_bytes() == b'{"number":0}'


def test_what_others_wrote_after_the_crash_is_kept_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The decided commit wins, and the edit is moved, not overwritten."""
    interrupted(tmp_path)
    (tmp_path / "a.json").write_bytes(b'{"number":99}')
    with caplog.at_level(logging.WARNING, "worktree"):
        tree = mount(Tree, tmp_path)
    assert tree.a.number == 1
    assert "a.json was changed by somebody else" in caplog.text
    storage = FilesystemStorage(tmp_path)
    (rescued,) = storage.rescued()
    assert rescued.key == "a.json"
    assert rescued.path.read_bytes() == b'{"number":99}'
    storage.drop_rescued()
    assert list(storage.rescued()) == []
    assert list((tmp_path / ".worktree").iterdir()) == []


def test_a_file_that_appears_after_the_crash_is_kept_aside(tmp_path: Path) -> None:
    """Where the commit makes a new one of the same name."""
    mount(Tree, tmp_path)
    storage = FilesystemStorage(tmp_path, system=StopsAfterDecision(RealSystem()))
    with pytest.raises(Killed):
        storage.apply([Put("new.json", b"ours")], {"new.json": None})
    (tmp_path / "new.json").write_bytes(b"theirs")
    after = FilesystemStorage(tmp_path)
    after.recover()
    assert (tmp_path / "new.json").read_bytes() == b"ours"
    assert [found.path.read_bytes() for found in after.rescued()] == [b"theirs"]


def test_a_folder_that_is_in_the_way_is_kept_aside(tmp_path: Path) -> None:
    """With all that is in it, under the keys that it had."""
    interrupted(tmp_path)
    (tmp_path / "b.json").unlink()
    (tmp_path / "b.json/deep").mkdir(parents=True)
    (tmp_path / "b.json/deep/file").write_text("precious")
    assert mount(Tree, tmp_path).b.number == 1
    (rescued,) = FilesystemStorage(tmp_path).rescued()
    assert (rescued.key, rescued.path.read_text()) == ("b.json/deep/file", "precious")


def test_a_link_that_leads_out_is_kept_aside(tmp_path: Path) -> None:
    """It is moved, and what it leads to is left alone."""
    (tmp_path / "precious").write_text("precious")
    interrupted(tmp_path / "t")
    (tmp_path / "t/a.json").unlink()
    (tmp_path / "t/a.json").symlink_to(tmp_path / "precious")
    assert mount(Tree, tmp_path / "t").a.number == 1
    assert (tmp_path / "precious").read_text() == "precious"
    assert [found.key for found in FilesystemStorage(tmp_path / "t").rescued()] == ["a.json"]


def test_nothing_was_rescued(tmp_path: Path) -> None:
    """Where nothing is mounted, or nothing was in the way."""
    storage = FilesystemStorage(tmp_path / "t")
    assert list(storage.rescued()) == []
    storage.drop_rescued()
    assert not (tmp_path / "t").exists()
    storage.apply([Put("a", b"1")], {})
    assert list(storage.rescued()) == []


def test_a_journal_that_cannot_be_read(tmp_path: Path) -> None:
    """Is an error that says where it is and what to do; nothing is touched."""
    journal = interrupted(tmp_path)
    (tmp_path / ".worktree/journal").write_bytes(journal.replace(b"a.json", b"x.json"))
    with pytest.raises(errors.JournalError, match="checksum") as caught:
        mount(Tree, tmp_path)
    assert caught.value.location == f"{tmp_path}/.worktree/journal"
    assert (tmp_path / "a.json").read_bytes() == b'{"number":0}'


def test_a_failed_first_mount_leaves_nothing(tmp_path: Path) -> None:
    """Neither folders nor files, at whichever call it fails."""
    for call in range(200):
        folder = tmp_path / "deep" / "root"
        system = Faults(RealSystem(), at=call, fault="EIO")
        try:
            mount(Tree, FilesystemStorage(folder, system=system))
        except errors.CommitPendingError:
            assert mount(Tree, folder).a.number == 0
        except errors.StorageError:
            assert not (tmp_path / "deep").exists(), call
        if system.calls <= call:
            break
        if folder.exists():
            import shutil

            shutil.rmtree(tmp_path / "deep")
    assert call > 40


def test_leftovers_of_the_killed_are_swept(tmp_path: Path) -> None:
    """A staging folder that nobody needs goes with the next commit."""
    tree = mount(Tree, tmp_path)
    system = Faults(RealSystem(), at=14, fault="kill")
    with pytest.raises(Killed):
        FilesystemStorage(tmp_path, system=system).apply([Put("x", b"1"), Put("y", b"1")], {})
    assert any((tmp_path / ".worktree").iterdir())
    tree.a.number = 1
    tree.commit()
    assert list((tmp_path / ".worktree").iterdir()) == []


def test_permissions_stay(tmp_path: Path) -> None:
    """A file that only its owner may read stays so."""
    tree = mount(Tree, tmp_path)
    (tmp_path / "a.json").chmod(0o600)
    tree.a.number = tree.b.number = 1
    tree.commit()
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "b.json").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_the_simulated_disk_behaves_like_a_real_one(tmp_path: Path) -> None:
    """The same commits leave the same files on both."""
    rng = random.Random(3)
    disk = Disk()
    pair = [FilesystemStorage("/mount", system=disk), FilesystemStorage(tmp_path / "mount")]
    for number in range(60):
        names = rng.sample(["a", "b", "c/d", "c/e", "f/g/h", "log"], 3)
        changes = [
            rng.choice([Put(name, f"{number}".encode() * rng.randint(0, 9)), Remove(name)])
            for name in names
        ]
        if rng.random() < 0.3:
            changes.append(MakeFolder(f"m{number}"))
        for storage in pair:
            storage.apply(changes, {})
    real = {
        path.relative_to(tmp_path / "mount").as_posix(): path.read_bytes()
        for path in (tmp_path / "mount").rglob("*")
        if path.is_file()
    }
    assert disk.tree("/mount") == real
