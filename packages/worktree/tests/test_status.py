"""What changed, here and there, as objects and as text; watching, awaiting, migrating."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from worktree import LayoutAnchor, Worktree, aio, errors, mount, plan, status
from worktree.artifacts import Bytes, Json, Log, Text, Yaml
from worktree.migrations import Migrations, dry_run
from worktree.storage import FilesystemStorage, MemoryStorage, Put, Selection
from worktree.watching import awatch, watch


class Database(Json):
    host: str = "localhost"
    ports: list[int] = Field(default_factory=lambda: [5432])


class Storage(LayoutAnchor):
    db: Database


class Tree(Worktree):
    storage: Storage
    note: Text | None
    users: dict[str, Database]
    log: Log[int]
    blob: Bytes


def test_a_plan_shows_fields(tmp_path: Path) -> None:
    """Create, update, append and remove, with values before and after."""
    tree = mount(Tree, tmp_path, initial={"users": {"old": {}}, "note": "x", "log": [1]})
    assert str(plan(tree)) == "nothing to commit"
    assert not plan(tree)
    tree.storage.db.host = "prod"
    tree.storage.db.ports.append(5433)
    tree.users["new"] = Database()
    del tree.users["old"]
    tree.note = None
    tree.log.append(7)
    found = {change.path: change for change in plan(tree).changes}
    assert {path: change.action for path, change in found.items()} == {
        "storage.db": "update",
        "note": "remove",
        "users['new']": "create",
        "users['old']": "remove",
        "log": "append",
    }
    assert [str(field) for field in found["storage.db"].fields] == [
        '~ host: "localhost" → "prod"',
        "+ ports[1]: 5433",
    ]
    assert '+ host: "localhost"' in str(found["users['new']"])
    assert found["storage.db"].location == f"{tmp_path}/storage/db.json"
    before = sorted(tmp_path.rglob("*.json"))
    plan(tree)
    assert sorted(tmp_path.rglob("*.json")) == before


def test_a_status_shows_both_sides(tmp_path: Path) -> None:
    """Ours, theirs, and what is in conflict."""
    one, two = mount(Tree, tmp_path), mount(Tree, tmp_path)
    assert str(status(two)) == "in step with storage"
    one.storage.db.host = "theirs"
    one.users["ann"] = Database()
    one.commit()
    two.storage.db.host = "ours"
    two.blob.data = b"12345"
    found = status(two)
    assert found
    assert [change.path for change in found.ours] == ["storage.db", "blob"]
    assert [(change.path, change.action) for change in found.theirs] == [
        ("storage.db", "update"),
        ("users['ann']", "create"),
    ]
    assert found.conflicts == ("storage.db",)
    text = str(found)
    assert '~ host: "localhost" → "ours"' in text
    assert '~ host: "localhost" → "theirs"' in text
    assert "in conflict: storage.db" in text
    assert two.storage.db.host == "ours"


def test_a_plan_of_a_part(tmp_path: Path) -> None:
    """Of a layout, or of one artifact."""
    tree = mount(Tree, tmp_path)
    tree.storage.db.host = "x"
    tree.log.append(1)
    assert [change.path for change in plan(tree.storage).changes] == ["storage.db"]
    assert [change.path for change in plan(tree.log).changes] == ["log"]


@pytest.mark.parametrize("kind", ["files", "memory"])
def test_watch_reports_changes_of_others(tmp_path: Path, kind: str) -> None:
    """Once each, and not our own."""
    storage = FilesystemStorage(tmp_path) if kind == "files" else MemoryStorage()
    mine, other = mount(Tree, storage), mount(Tree, storage)
    stop, seen = threading.Event(), []

    def look() -> None:
        for found in watch(mine, stop=stop, interval=0.02):
            seen.append(found)
            stop.set()

    thread = threading.Thread(target=look)
    thread.start()
    other.storage.db.host = "changed"
    other.commit()
    thread.join(timeout=30)
    stop.set()
    assert not thread.is_alive()
    assert [change.path for change in seen[0].theirs] == ["storage.db"]
    assert mine.storage.db.host == "localhost"


def test_awatch_can_be_awaited() -> None:
    """And ends with the loop that leaves it."""

    async def work() -> str:
        storage = MemoryStorage()
        mine, other = await aio.mount(Tree, storage), await aio.mount(Tree, storage)
        other.storage.db.host = "changed"
        await aio.commit(other)
        async for found in awatch(mine, interval=0.01):
            return found.theirs[0].path
        return "nothing"

    assert asyncio.run(work()) == "storage.db"


def test_awaitable_versions(tmp_path: Path) -> None:
    """mount, sync, commit, reload, status, plan; several at once."""

    async def work() -> None:
        tree = await aio.mount(Tree, tmp_path, durability="process")
        tree.storage.db.host = "x"
        assert (await aio.plan(tree)).changes[0].path == "storage.db"
        await aio.commit(tree)
        others = await asyncio.gather(*(aio.mount(Tree, tmp_path) for _ in range(8)))
        assert {other.storage.db.host for other in others} == {"x"}
        tree.storage.db.host = "y"
        await aio.sync(tree)
        assert tree.storage.db.host == "x"
        assert not await aio.status(tree)
        assert not await aio.reload(tree)

    asyncio.run(work())


def test_a_cancelled_commit_is_whole(tmp_path: Path) -> None:
    """The cancellation arrives once the commit is done."""

    async def work() -> None:
        tree = await aio.mount(Tree, tmp_path)
        tree.storage.db.host = tree.users.setdefault("u", Database()).host = "x"
        task = asyncio.create_task(aio.commit(tree))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not plan(tree)

    asyncio.run(work())
    assert mount(Tree, tmp_path).users["u"].host == "x"


class SettingsV1(BaseModel):
    version: Literal[1] = 1
    address: str


class SettingsV2(BaseModel):
    version: Literal[2] = 2
    host: str
    port: int


class Settings(Yaml):
    version: Literal[3] = 3
    host: str = ""
    port: int = 0
    secure: bool = True


class Configured(Worktree):
    settings: Settings


def chain() -> Migrations[Settings]:
    migrations = Migrations(Settings)

    @migrations.step
    def split(old: SettingsV1) -> SettingsV2:
        host, _, port = old.address.partition(":")
        return SettingsV2(host=host, port=int(port))

    @migrations.step
    def secure(old: SettingsV2) -> Settings:
        return Settings(host=old.host, port=old.port, secure=old.port == 443)

    return migrations


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        pytest.param(b"version: 1\naddress: a:443\n", ("a", 443, True), id="v1"),
        pytest.param(b"address: a:80\n", ("a", 80, False), id="without-version"),
        pytest.param(b"version: 2\nhost: b\nport: 1\n", ("b", 1, False), id="v2"),
        pytest.param(b"version: 3\nhost: c\n", ("c", 0, True), id="v3"),
    ],
)
def test_migrations_lead_to_the_present(stored: bytes, wanted: tuple[str, int, bool]) -> None:
    """From every version; what is stored changes with the next commit."""
    storage = MemoryStorage()
    storage.apply([Put("settings.yaml", stored)], {})
    tree = mount(Configured, storage, migrations=chain())
    found = tree.settings
    assert (found.host, found.port, found.secure) == wanted
    kept = storage.read(Selection(objects=("settings.yaml",))).objects["settings.yaml"].data
    assert kept == stored
    tree.commit()
    assert mount(Configured, storage).settings == found


def test_a_dry_run_shows_what_would_change(tmp_path: Path) -> None:
    """Field by field, and writes nothing."""
    (tmp_path / "settings.yaml").write_text("version: 1\naddress: a:443\n")
    found = str(dry_run(Configured, tmp_path, chain()))
    assert '- address: "a:443"' in found
    assert "+ port: 443" in found
    assert "~ version: 1 → 3" in found
    assert [path.name for path in tmp_path.iterdir()] == ["settings.yaml"]


def test_a_rolled_back_transaction_after_a_migration() -> None:
    """Memory goes back to the migrated value."""
    from worktree import transaction

    storage = MemoryStorage()
    storage.apply([Put("settings.yaml", b"version: 1\naddress: a:443\n")], {})
    tree = mount(Configured, storage, migrations=[chain()])
    with pytest.raises(ZeroDivisionError), transaction(tree):
        tree.settings.port = 1 // (tree.settings.port - 443)
    assert tree.settings.port == 443


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        pytest.param(b"version: 9\n", "version 9 of Settings is not known", id="newer"),
        pytest.param(b"version: 1\n", "not a SettingsV1: address: Field required", id="broken"),
        pytest.param(b"version: 1\naddress: a\n", "step 'split' failed: ValueError", id="raises"),
    ],
)
def test_a_migration_that_fails(stored: bytes, says: str) -> None:
    """Names the place and the step, and changes nothing."""
    storage = MemoryStorage()
    storage.apply([Put("settings.yaml", stored)], {})
    with pytest.raises(errors.MigrationError, match=says) as caught:
        mount(Configured, storage, migrations=chain())
    assert caught.value.path == "settings"


def test_chains_that_are_broken() -> None:
    """Are refused before anything is read."""
    with pytest.raises(errors.MigrationError, match="does not say which version"):
        Migrations(Database)
    lonely = Migrations(Settings)

    @lonely.step
    def split(old: SettingsV1) -> SettingsV2:
        raise AssertionError

    with pytest.raises(errors.MigrationError, match="end at SettingsV2, not at Settings"):
        mount(Configured, "memory:", migrations=lonely)
    with pytest.raises(errors.MigrationError, match="two steps lead from SettingsV1"):
        lonely.step(split)
    with pytest.raises(errors.MigrationError, match="does not say from which model"):
        lonely.step(lambda old: old)
