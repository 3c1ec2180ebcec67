"""Pulling: a verified folder under its name, or nothing."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from swarmcode_registry import (
    DowngradeError,
    IdentityRequiredError,
    Index,
    LocalStore,
    NotFoundError,
    RegistryError,
    Release,
    SigningKey,
    StoreError,
    UntrustedSignerError,
    WrongAgentError,
    YankedError,
    diff,
    pull,
    show,
    verify,
)
from swarmcode_registry.stores.s3 import S3Store

Releasing = Callable[..., Release]


def test_nobody_expected_fetches_nothing(
    store: LocalStore, release: Releasing, tmp_path: Path
) -> None:
    """Before the store is even asked."""
    store.push(release())
    with pytest.raises(IdentityRequiredError):
        pull("alice/fixer", store=store, into=tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_a_wrong_signer_is_refused_before_files_travel(
    store: LocalStore, release: Releasing, other_key: SigningKey, tmp_path: Path
) -> None:
    """The manifest comes first, and alone."""
    store.push(release())
    events: list[object] = []
    with pytest.raises(UntrustedSignerError):
        pull(
            "alice/fixer",
            store=store,
            into=tmp_path / "got",
            expect=other_key.address,
            on_progress=events.append,
        )
    assert events == []
    assert not (tmp_path / ".swarmcode-pull").exists()


def test_by_version_tag_digest_and_latest(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """Every way of naming a version."""
    for version in ("1.0.0", "1.1.0"):
        store.push(release(version))
    store.tag("alice/fixer", "stable", "1.0.0")
    pinned = store.index("alice/fixer").entry("1.0.0").digest
    for number, (reference, expected) in enumerate(
        [
            ("alice/fixer", "1.1.0"),
            ("alice/fixer:latest", "1.1.0"),
            ("alice/fixer:1.0.0", "1.0.0"),
            ("alice/fixer:stable", "1.0.0"),
            (f"alice/fixer@{pinned}", "1.0.0"),
        ]
    ):
        got = pull(reference, store=store, into=tmp_path / str(number), expect=key.address)
        assert got.manifest.version == expected


def test_a_yanked_version_needs_a_say_so(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """Pulled when it is pinned by its digest, or allowed in so many words."""
    store.push(release())
    store.yank("alice/fixer", "1.0.0", reason="leaks")
    into = tmp_path / "got"
    with pytest.raises(NotFoundError, match="no version that is not yanked"):
        pull("alice/fixer", store=store, into=into, expect=key.address)
    with pytest.raises(YankedError, match="leaks"):
        pull("alice/fixer:1.0.0", store=store, into=into, expect=key.address)
    pull("alice/fixer:1.0.0", store=store, into=into, expect=key.address, allow_yanked=True)


def test_an_older_latest_is_refused(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """A store that was rolled back, or rolls a reader back, is noticed."""
    store.push(release("1.0.0"))
    before = {path: path.read_bytes() for path in (tmp_path / "registry").rglob("*.json")}
    store.push(release("1.1.0"))
    seen = tmp_path / "seen.json"
    pull("alice/fixer", store=store, into=tmp_path / "a", expect=key.address, seen=seen)
    for path, data in before.items():
        path.write_bytes(data)
    with pytest.raises(DowngradeError, match=r"1\.1\.0 was verified here before"):
        pull("alice/fixer", store=store, into=tmp_path / "b", expect=key.address, seen=seen)
    pull("alice/fixer:1.0.0", store=store, into=tmp_path / "b", expect=key.address, seen=seen)
    assert json.loads(seen.read_text())["highest"] == {"alice/fixer": "1.1.0"}


def test_a_tag_has_a_history_of_its_own(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """`stable` may be older than `latest`, and may not go back unnoticed."""
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        store.push(release(version))
    store.tag("alice/fixer", "stable", "1.1.0")
    seen, address = tmp_path / "seen.json", key.address
    pull("alice/fixer", store=store, into=tmp_path / "a", expect=address, seen=seen)
    pull("alice/fixer:stable", store=store, into=tmp_path / "b", expect=address, seen=seen)
    store.tag("alice/fixer", "stable", "1.0.0")
    with pytest.raises(DowngradeError, match=r"1\.0\.0 as alice/fixer:stable, and 1\.1\.0 was"):
        pull("alice/fixer:stable", store=store, into=tmp_path / "c", expect=address, seen=seen)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"schema":"swarmcode-seen/2","highest":{}}'])
def test_a_damaged_memory_is_an_error(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path, content: str
) -> None:
    """It is not taken for an empty one."""
    store.push(release())
    (tmp_path / "seen.json").write_text(content)
    with pytest.raises(StoreError, match=r"seen\.json is"):
        pull(
            "alice/fixer",
            store=store,
            into=tmp_path / "got",
            expect=key.address,
            seen=tmp_path / "seen.json",
        )


def test_pulling_again_verifies_what_is_there(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """The same agent is found; anything else at the target is left alone and refused."""
    store.push(release())
    target = tmp_path / "got"
    first = pull("alice/fixer", store=store, into=target, expect=key.address)
    events: list[object] = []
    assert pull("alice/fixer", store=store, into=target, expect=key.address) == first
    assert events == []
    (target / "README.md").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        pull("alice/fixer", store=store, into=target, expect=key.address)
    assert (target / "README.md").read_text() == "mine"
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(StoreError, match="exists already"):
        pull("alice/fixer", store=store, into=other, expect=key.address)


def index_of(store: LocalStore) -> Path:
    return Path(store.address) / "agents" / "alice+fixer.json"


def edit(store: LocalStore, change: Callable[[dict[str, object]], object]) -> None:
    document = json.loads(index_of(store).read_text())
    change(document)
    index_of(store).write_text(json.dumps(document))


def test_a_store_that_offers_one_version_as_another_is_refused(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """Replay: the old manifest, well signed, under the new version's name."""
    store.push(release("1.0.0"))
    store.push(release("1.1.0"))
    edit(store, lambda d: d["versions"]["1.1.0"].update(d["versions"]["1.0.0"]))  # type: ignore[index]
    for reference in ("alice/fixer", "alice/fixer:1.1.0"):
        with pytest.raises(WrongAgentError):
            pull(reference, store=store, into=tmp_path / "got", expect=key.address)
    assert not (tmp_path / "got").exists()


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", '{"schema":"swarmcode-index/2","name":"alice/fixer"}'),
        '{"schema":"swarmcode-index/1","name":"bob/fixer","versions":{},"tags":{}}',
        '{"schema":"swarmcode-index/1","name":"alice/fixer","versions":{"../x":{"digest":"x"}}}',
        '{"schema":"swarmcode-index/1","name":"alice/fixer","versions":{"1.0.0":{"digest":"x"}}}',
        '{"schema":"swarmcode-index/1","name":"alice/fixer","name":"alice/fixer","versions":{}}',
    ],
    ids=range(9),
)
def test_a_damaged_index_is_an_error(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path, content: str
) -> None:
    """One line; nothing is fetched by it, nothing is written over it."""
    store.push(release())
    index_of(store).write_text(content)
    for attempt in (
        lambda: pull("alice/fixer", store=store, into=tmp_path / "got", expect=key.address),
        lambda: store.push(release("2.0.0")),
        lambda: store.tag("alice/fixer", "stable", "1.0.0"),
    ):
        with pytest.raises(RegistryError) as caught:
            attempt()
        assert len(str(caught.value).splitlines()) == 1
    assert index_of(store).read_text() == content


@pytest.mark.parametrize("lost", ["blob", "manifest"])
def test_a_store_that_lost_something_is_an_error(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path, lost: str
) -> None:
    """It says what, and leaves nothing behind under the target's name."""
    made = release()
    pushed = store.push(made)
    sha256 = made.manifest.files[0].sha256 if lost == "blob" else pushed.digest[7:]
    (Path(store.address) / "blobs" / sha256[:2] / sha256).unlink()
    with pytest.raises(StoreError, match="has lost"):
        pull("alice/fixer", store=store, into=tmp_path / "got", expect=key.address)
    assert not (tmp_path / "got").exists()


PUBLISH = """
import os, signal, sys
from pathlib import Path
from swarmcode_registry import AgentManifest, LocalStore, Release, pull
from swarmcode_registry.progress import Progress

what, root, folder, manifest, moment = sys.argv[1:]
left = int(moment)

def tell(event):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

store = LocalStore(root)
if what == "push":
    made = AgentManifest.from_bytes(Path(manifest).read_bytes())
    store.push(Release(made, Path(folder)), on_progress=tell)
else:
    pull("alice/fixer", store=store, into=folder, expect=manifest, on_progress=tell)
print("done")
"""


@pytest.mark.parametrize("moment", [1, 3, 5])
def test_a_killed_push_or_pull_is_whole_or_not_there(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path, moment: int
) -> None:
    """The process is killed at each step in turn; the next run finishes the work."""
    made = release()
    (tmp_path / "m.json").write_bytes(made.manifest.to_bytes())

    def run(what: str, folder: Path, last: object, at: int) -> int:
        command = [sys.executable, "-c", PUBLISH, what, store.address, str(folder), str(last)]
        return subprocess.run([*command, str(at)], capture_output=True, timeout=110).returncode

    code = run("push", made.folder, tmp_path / "m.json", moment)
    assert code in {0, -signal.SIGKILL}
    if code:
        assert store.agents() == []
        assert run("push", made.folder, tmp_path / "m.json", 0) == 0
    target = tmp_path / "got"
    code = run("pull", target, key.address, moment)
    if code:
        assert not target.exists()
        assert run("pull", target, key.address, 0) == 0
    verify(target, expect=key.address)


def test_two_publishers_at_once_lose_nothing(store: LocalStore, release: Releasing) -> None:
    """Eight versions from eight threads are all in the index."""
    made = [release(f"1.{number}.0") for number in range(8)]
    threads = [threading.Thread(target=store.push, args=(one,)) for one in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = [entry.version for entry in store.index("alice/fixer").versions]
    assert versions == [f"1.{number}.0" for number in range(8)]


def test_an_index_that_changed_in_s3_is_read_again(s3_store: S3Store, release: Releasing) -> None:
    """Another publisher comes between our reading the index and our writing it."""
    s3_store.push(release("1.0.0"))
    ours, theirs = release("1.1.0"), release("1.2.0")
    tries = []

    def change(index: Index) -> Index:
        if not tries:
            s3_store.push(theirs)
        tries.append(len(index.versions))
        return index.with_release(ours.entry())

    s3_store._change("alice/fixer", change)
    assert tries == [1, 2]
    versions = [entry.version for entry in s3_store.index("alice/fixer").versions]
    assert versions == ["1.0.0", "1.1.0", "1.2.0"]


def test_a_read_only_target_is_one_line(
    store: LocalStore, release: Releasing, key: SigningKey, tmp_path: Path
) -> None:
    """A folder that cannot be made is explained."""
    store.push(release())
    (tmp_path / "file").write_text("x")
    with pytest.raises(RegistryError) as caught:
        pull("alice/fixer", store=store, into=tmp_path / "file" / "got", expect=key.address)
    assert len(str(caught.value).splitlines()) == 1


def test_show_and_diff(store: LocalStore, release: Releasing, adapter: Path) -> None:
    """What a store tells about two versions, and what changed between them."""
    store.push(release("1.0.0", description="first"))
    (adapter / "README.md").write_text("# changed")
    (adapter / "new.txt").write_text("new")
    store.push(release("1.1.0", description="second"))
    before = show("alice/fixer:1.0.0", store=store).manifest
    after = show("alice/fixer", store=store).manifest
    changes = {change.what: (change.before, change.after) for change in diff(before, after)}
    assert changes["description"] == ("first", "second")
    assert changes["version"] == ("1.0.0", "1.1.0")
    assert changes["file new.txt"][0] is None
    assert {what for what in changes if what.startswith("file ")} == {
        "file README.md",
        "file new.txt",
    }
    assert diff(before, before) == []
