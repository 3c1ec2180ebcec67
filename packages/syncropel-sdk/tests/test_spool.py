"""The spool: accepted means on the disk, and what is on the disk is sent, once, in order."""

import asyncio
import gc
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from syncropel import Client, Identity, Limits, Spool, SpoolCorruptError, SpoolError
from syncropel.clock import AutoClock
from syncropel.envelope import draft, seal
from syncropel.kernel import Kernel
from syncropel.spool import Entry
from syncropel.spool.file import SpoolFile
from syncropel.spool.forks import GATE
from syncropel.testing import LoopbackServer, MockKernel

EMIT = {"act": "PUT", "kind": "test.case.record", "thread": "t"}
NOWHERE = "http://127.0.0.1:1"
Make = Callable[..., Client]


def accept(make: Make, spool: Spool, count: int, **options: object) -> list[str]:
    """Let a client without a server accept records; returns their ids."""

    async def scenario() -> list[str]:
        async with make(NOWHERE, spool=spool, **options) as client:
            results = [await client.emit(**EMIT, body={"n": n}) for n in range(count)]
            assert all(result.status == "spooled" for result in results)
            return [result.record_id for result in results]

    return asyncio.run(scenario())


def deliver(make: Make, spool: Spool, kernel: Kernel, **options: object) -> int:
    """Let a client with a server flush; returns how much is left."""

    async def scenario() -> int:
        with LoopbackServer(kernel) as server:
            async with make(server.url, spool=spool, **options) as client:
                return await client.flush(seconds=60)

    return asyncio.run(scenario())


def ids(kernel: Kernel) -> list[str]:
    return [record["id"] for record in kernel.store.all_records()]


def test_another_client_sends_what_one_left(make_client: Make, tmp_path: Path) -> None:
    """Records outlive their client; the next one sends them, with the ids that were promised."""
    path = tmp_path / "folder" / "spool.db"
    accepted = accept(make_client, Spool(path), 20)
    assert Spool(path).stats().pending == 20
    kernel = Kernel()
    assert deliver(make_client, Spool(path), kernel) == 0
    assert ids(kernel) == accepted
    assert Spool(path).stats().pending == 0


def test_the_order_within_a_lane_stays(make_client: Make, tmp_path: Path) -> None:
    """Without a batch door lanes are sent side by side, each in its own order."""
    spool = Spool(tmp_path / "spool.db")

    async def fill() -> None:
        async with make_client(NOWHERE, spool=spool) as client:
            for n in range(60):
                await client.emit(**{**EMIT, "thread": f"t{n % 5}"}, body={"n": n})

    asyncio.run(fill())
    kernel = Kernel()
    assert deliver(make_client, spool, kernel, limits=Limits(batch=False)) == 0
    for lane in range(5):
        numbers = [record["body"]["n"] for record in kernel.store.records_in(f"t{lane}")]
        assert numbers == list(range(lane, 60, 5))


def test_the_file_is_the_owners_alone(make_client: Make, tmp_path: Path) -> None:
    """Records may be private; nobody else reads the spool."""
    accept(make_client, Spool(tmp_path / "spool.db"), 1)
    assert (tmp_path / "spool.db").stat().st_mode & 0o077 == 0


def test_the_same_record_twice_is_kept_once(make_client: Make, tmp_path: Path) -> None:
    """A record is its id: accepting it again changes nothing."""
    spool = Spool(tmp_path / "spool.db")

    async def scenario() -> None:
        async with make_client(NOWHERE, spool=spool) as client:
            for _ in range(3):
                assert (await client.emit(**EMIT, body={}, clock=7)).success

    asyncio.run(scenario())
    assert spool.stats().pending == 1


def test_a_refused_record_is_parked_and_the_rest_goes_on(make_client: Make, tmp_path: Path) -> None:
    """What a kernel will never take waits for a person, with the reason beside it."""
    spool = Spool(tmp_path / "spool.db", poll_s=0.05)
    kernel = Kernel()
    kernel.ingest({**EMIT_RECORD, "clock": 5, "body": {"mine": False}})

    async def scenario() -> None:
        with LoopbackServer(kernel) as server:
            async with make_client(server.url, spool=spool) as client:
                taken = await client.emit(**EMIT, body={}, clock=5)
                fine = await client.emit(**EMIT, body={}, clock=6)
                assert taken.success
                assert fine.success
                assert await client.flush(seconds=60) == 0

    asyncio.run(scenario())
    assert kernel.store.count() == 2
    [parked] = spool.list(state="parked")
    assert "DuplicateClock" in parked.reason
    assert spool.retry(parked=True) == 1
    assert spool.stats().pending == 1
    assert spool.drop([parked.id]) == 1
    assert spool.stats().dropped == {"asked": 1}


EMIT_RECORD = {
    "act": "PUT", "actor": "did:test:me", "body": {}, "clock": 1, "data_type": "SCALAR",
    "parents": [], "thread": "t",
}  # fmt: skip


def test_a_lost_clock_gets_another_id_and_says_so(make_client: Make, tmp_path: Path) -> None:
    """Another writer took the clock: the record gets another, and the old id leads to the new."""
    spool = Spool(tmp_path / "spool.db", poll_s=0.05)
    [old] = accept(make_client, spool, 1)
    clock = __import__("json").loads(spool.list()[0].wire)["clock"]
    kernel = Kernel()
    kernel.ingest({**EMIT_RECORD, "clock": clock})
    assert deliver(make_client, spool, kernel) == 0
    new = spool.current_id(old)
    assert new != old
    assert new in ids(kernel)
    assert old not in ids(kernel)
    assert spool.stats().renamed == 1


def test_limits_refuse_or_drop_and_count(make_client: Make, tmp_path: Path) -> None:
    """A full spool refuses new records, or gives up old ones; both are counted by reason."""
    full = Spool(tmp_path / "full.db", max_bytes=1_000)
    drops = Spool(tmp_path / "drops.db", max_bytes=1_000, when_full="drop_oldest")

    async def fill(spool: Spool) -> list[bool]:
        async with make_client(NOWHERE, spool=spool, max_retries=0) as client:
            return [(await client.emit(**EMIT, body={"n": n})).success for n in range(12)]

    accepted = asyncio.run(fill(full))
    assert 0 < sum(accepted) < 12
    assert accepted == sorted(accepted, reverse=True)
    assert full.stats().dropped == {"full": 12 - sum(accepted)}
    assert full.stats().pending == sum(accepted)
    assert all(asyncio.run(fill(drops)))
    stats = drops.stats()
    assert stats.bytes <= 1_000
    assert stats.dropped == {"size": 12 - stats.pending}
    assert [b"11" in record.wire for record in drops.list()][-1]


def test_a_group_is_kept_as_far_as_it_fits(make_client: Make, tmp_path: Path) -> None:
    """Records of one group are refused one by one, and every caller hears the truth."""
    spool = Spool(tmp_path / "spool.db", max_bytes=1_000)

    async def fill() -> list[bool]:
        async with make_client(NOWHERE, spool=spool, max_retries=0) as client:
            results = await client.emit_many([{**EMIT, "body": {"n": n}} for n in range(12)])
            assert all("full" in result.error for result in results if not result.success)
            return [result.success for result in results]

    accepted = asyncio.run(fill())
    assert 0 < sum(accepted) < 12
    assert accepted == sorted(accepted, reverse=True)
    assert spool.stats().pending == sum(accepted)
    assert spool.stats().dropped == {"full": 12 - sum(accepted)}


def test_old_records_are_given_up_only_when_asked(make_client: Make, tmp_path: Path) -> None:
    """`max_age_s` gives up what waited too long, and counts it."""
    path = tmp_path / "spool.db"
    accept(make_client, Spool(path), 3)
    time.sleep(0.1)
    accept(make_client, Spool(path, max_age_s=0.05), 1)
    stats = Spool(path).stats()
    assert stats.dropped["age"] >= 3
    assert stats.pending <= 1


def test_many_create_the_same_spool_at_once(tmp_path: Path) -> None:
    """Whoever opens a new spool first, the others find a spool, not a fault."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        for n in range(20):
            path = tmp_path / f"{n}.db"
            jobs = [pool.submit(Spool(path).stats) for _ in range(8)]
            assert [job.result().pending for job in jobs] == [0] * 8


def test_a_spool_that_is_none_is_left_alone(make_client: Make, tmp_path: Path) -> None:
    """A damaged or foreign file is named, not overwritten; the record is sent directly."""
    damaged, foreign = tmp_path / "damaged.db", tmp_path / "foreign.db"
    damaged.write_bytes(b"SQLite format 3\0" + b"\xff" * 4_000)
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE theirs (x)")
    database.close()
    before = [path.read_bytes() for path in (damaged, foreign)]
    for path in (damaged, foreign):
        with pytest.raises(SpoolCorruptError, match=path.name):
            Spool(path).stats()
    kernel = MockKernel()

    async def scenario(path: Path) -> None:
        async with make_client(transport=kernel.transport(), spool=path) as client:
            result = await client.emit(**EMIT, body={"path": path.name})
            assert (result.success, result.status) == (True, "delivered")

    for path in (damaged, foreign):
        asyncio.run(scenario(path))
    assert kernel.count() == 2
    assert [path.read_bytes() for path in (damaged, foreign)] == before


def test_a_disk_that_takes_nothing(make_client: Make, tmp_path: Path) -> None:
    """No folder, no permission: the record is sent directly, or fails with both reasons."""
    (tmp_path / "file").touch()
    kernel = MockKernel()

    async def scenario() -> None:
        path = tmp_path / "file" / "spool.db"
        async with make_client(transport=kernel.transport(), spool=path) as client:
            assert (await client.emit(**EMIT, body={})).status == "delivered"
            kernel.fail_next_post(9)
            failed = await client.emit(**EMIT, body={})
            assert not failed.success
            assert "spool.db" in (failed.error or "")

    asyncio.run(scenario())


def test_a_full_disk(make_client: Make, tmp_path: Path) -> None:
    """SQLite's own «disk is full» is an error of the spool, and nothing is half kept."""
    spool = Spool(tmp_path / "spool.db")
    accept(make_client, spool, 1)
    with spool.opened() as file:
        with file._database.named() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages}")
        from syncropel.envelope import draft, seal

        big = draft(act="PUT", kind="a.b.c", body={"x": "y" * 100_000}, thread="t")
        with pytest.raises(SpoolError, match="FULL"):
            file.add([Entry(seal(big, Identity.static("did:x:y"), clock=1))])
        assert file.stats().pending == 1


def test_a_removed_spool_is_noticed(make_client: Make, tmp_path: Path) -> None:
    """A file that was deleted under the client is not written into: that would be a lie."""
    kernel = MockKernel()

    async def scenario() -> None:
        path = tmp_path / "spool.db"
        async with make_client(transport=kernel.transport(), spool=path) as client:
            assert (await client.emit(**EMIT, body={"n": 1})).status == "spooled"
            await client.flush(seconds=60)
            for each in tmp_path.iterdir():  # noqa: ASYNC240
                each.unlink()
            assert (await client.emit(**EMIT, body={"n": 2})).status == "delivered"

    asyncio.run(scenario())
    assert kernel.count() == 2


def test_grouped_commits(make_client: Make, tmp_path: Path) -> None:
    """Many at once share their fsyncs; every one of them is on the disk when its result comes."""
    spool = Spool(tmp_path / "spool.db")

    async def scenario() -> None:
        async with make_client(NOWHERE, spool=spool) as client:
            emits = (client.emit(**EMIT, body={"n": n}) for n in range(2_000))
            results = await asyncio.gather(*emits)
            assert all(result.success for result in results)
            kept = {record.id for record in spool.list(limit=5_000)}
            assert kept == {result.record_id for result in results}

    asyncio.run(scenario())


def test_overflow_into_the_spool(make_client: Make, tmp_path: Path) -> None:
    """`overflow="spool"` sends first; what cannot be sent or does not fit is spooled."""
    kernel = Kernel()
    spool = Spool(tmp_path / "spool.db", poll_s=0.05)

    async def scenario() -> None:
        with LoopbackServer(kernel) as server:
            limits = Limits(deadline_s=60, max_pending=10)
            options = {"spool": spool, "overflow": "spool", "limits": limits}
            async with make_client(server.url, **options) as client:
                await client.flush(seconds=60)
                await asyncio.sleep(0.2)
                assert (await client.emit(**EMIT, body={})).status == "delivered"
                emits = (client.emit(**EMIT, body={"n": n}) for n in range(200))
                results = await asyncio.gather(*emits)
                assert {result.status for result in results} == {"delivered", "spooled"}
                assert await client.flush(seconds=60) == 0
        async with make_client(NOWHERE, **{**options, "limits": Limits(deadline_s=1)}) as client:
            assert (await client.emit(**EMIT, body={"last": 1})).status == "spooled"

    asyncio.run(scenario())
    assert kernel.store.count() == 201
    assert spool.stats().pending == 1


@pytest.mark.parametrize("overflow", ["block", "drop_oldest"])
def test_a_full_queue(overflow: str, make_client: Make) -> None:
    """A full queue makes callers wait, or gives up the oldest and tells its caller."""
    kernel = Kernel()

    async def slow(request: object, reader: object, writer: object) -> bool:
        await asyncio.sleep(0.01)
        return False

    async def scenario() -> list:
        with LoopbackServer(kernel, misbehave=slow) as server:
            limits = Limits(deadline_s=60, max_pending=20)
            async with make_client(server.url, overflow=overflow, limits=limits) as client:
                emits = (client.emit(**EMIT, body={"n": n}) for n in range(300))
                return await asyncio.gather(*emits)

    results = asyncio.run(scenario())
    dropped = [result for result in results if result.status == "dropped"]
    assert len(dropped) == 300 - kernel.store.count()
    assert bool(dropped) is (overflow == "drop_oldest")
    assert all(result.success or result.status == "dropped" for result in results)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork(make_client: Make, tmp_path: Path) -> None:
    """Parent and child go on with their own connections, one spool, and every record."""
    kernel = Kernel()
    spool = Spool(tmp_path / "spool.db", poll_s=0.05)
    with LoopbackServer(kernel) as server:
        client = make_client(server.url, spool=spool, timeout=5.0)
        assert client.emit_sync(**EMIT, body={"who": "before"}).success
        child = os.fork()
        if child == 0:
            code = 1
            try:
                accepted = [client.emit_sync(**EMIT, body={"who": "child"}) for _ in range(20)]
                code = 0 if all(result.success for result in accepted) else 2
                client.flush_sync(seconds=60)
            finally:
                os._exit(code)
        accepted = [client.emit_sync(**EMIT, body={"who": "parent"}) for _ in range(20)]
        assert all(result.success for result in accepted)
        assert os.waitpid(child, 0)[1] == 0
        assert client.flush_sync(seconds=60) == 0
        client.close_sync()
    by_whom = [record["body"]["who"] for record in kernel.store.all_records()]
    assert sorted(by_whom) == ["before"] + ["child"] * 20 + ["parent"] * 20


def test_two_writers_who_say_the_same_at_once(make_client: Make, tmp_path: Path) -> None:
    """Clients with one clock between them, one spool and equal bodies: every record counts."""
    mock = MockKernel()
    spools = [Spool(tmp_path / name, poll_s=0.05) for name in ("one", "one", "two")]

    async def scenario() -> None:
        clients = [make_client(transport=mock.transport(), spool=spool) for spool in spools]
        clients.append(make_client(transport=mock.transport()))
        for client in clients:
            client._line.clock = AutoClock(now_ms=lambda: 7)
        results = await asyncio.gather(
            *(client.emit(**EMIT, body={}) for client in clients for _ in range(25))
        )
        assert [result.error for result in results if not result.success] == []
        for client in clients:
            assert await client.flush(seconds=60) == 0
        await asyncio.gather(*(client.close() for client in clients))

    asyncio.run(scenario())
    assert len(mock.records) == 100


def test_a_record_that_may_have_arrived_keeps_its_id(tmp_path: Path) -> None:
    """What was tried before is asked for and not sent again under another clock."""
    me = Identity.static("did:test:me")
    envelope = seal(draft(**EMIT, body={}), me, clock=1)
    file = SpoolFile(tmp_path / "spool.db")
    file.add([Entry(envelope, tried=True)])
    file.add([Entry(seal(draft(**EMIT, body={}), me, clock=2))])
    assert file.take(records=9, size=1 << 20).tried
    assert [len(file.take(records=9, size=1 << 20).envelopes) for _ in range(2)] == [1, 1]
    file.close()


def test_a_lost_spool_is_closed_through_the_fork_gate(tmp_path: Path) -> None:
    """The garbage collector closes no database while a fork is on its way.

    A child that is forked in that moment would inherit one of SQLite's locks, and wait for it
    for ever.
    """
    gc.disable()
    try:
        file = SpoolFile(tmp_path / "spool.db")
        file.pending()
        file.cycle = file
        del file
        collector = threading.Thread(target=gc.collect)
        with GATE._condition:
            collector.start()
            collector.join(0.3)
            assert collector.is_alive()
        collector.join(30)
        assert not collector.is_alive()
    finally:
        gc.enable()


def test_a_client_that_is_closed_at_once_leaves_nothing_open(
    make_client: Make, tmp_path: Path
) -> None:
    """However early the drain is stopped, its database is closed."""
    path = tmp_path / "spool.db"

    async def scenario() -> None:
        for n in range(30):
            async with make_client(NOWHERE, spool=Spool(path)):
                await asyncio.sleep(0.0005 * (n % 6))

    asyncio.run(scenario())
    mine = Path("/proc/self/fd")
    if not mine.exists():
        pytest.skip("needs /proc")
    assert not [each for each in mine.iterdir() if str(path) in os.path.realpath(each)]


def test_finished_records_are_kept_as_they_are(make_client: Make, tmp_path: Path) -> None:
    """Records made elsewhere go through a spool under their own ids, twice is once; or none do."""
    me = Identity.static("did:test:else")
    wires = [seal(draft(**EMIT, body={"n": n}), me, clock=n).wire for n in range(5)]
    spool = Spool(tmp_path / "spool.db")
    spool.keep(wires)
    spool.keep(wires)
    with pytest.raises(SpoolError, match="full"):
        Spool(spool.path, max_bytes=1_000).keep(wires * 3)
    mock = MockKernel()
    client = make_client(transport=mock.transport(), spool=spool)
    assert client.flush_sync(seconds=30) == 0
    client.close_sync()
    assert [record["clock"] for record in mock.records] == [0, 1, 2, 3, 4]
