"""One measurement of one implementation; `compare.py` runs it in two environments.

It uses only what both implementations have. Prints one line of JSON: seconds of wall clock and
of CPU, and what was done.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Callable

EMIT = {"act": "PUT", "kind": "bench.case.record", "thread": f"bench {os.getpid()}"}
RECORD = {
    "act": "PUT", "actor": "did:example:my-app",
    "body": {"_refs": [{"id": "isrc:USJI19810404", "kind": "@music.track"}], "_v": 1,
             "artists": ["Zonke"], "kind": "music.catalog.track", "title": "Glow"},
    "clock": 0, "data_type": "SCALAR", "parents": [], "thread": "music.library",
}  # fmt: skip


def client_of(url: str) -> tuple[object, object]:
    from syncropel import Client, Identity
    from syncropel.testing import MockKernel

    identity = Identity.static("did:bench:me")
    if url == "mock":
        kernel = MockKernel()
        return Client(
            endpoint="http://mock", identity=identity, transport=kernel.transport()
        ), kernel
    return Client(endpoint=url, identity=identity), None


def ids(count: int, _: str) -> int:
    import syncropel

    content_id = getattr(syncropel, "content_id", None)
    if content_id is None:
        from syncropel import canonical_json, sha256_hex

        def content_id(record: dict) -> str:
            return sha256_hex(canonical_json(record))

    for _ in range(count):
        content_id(RECORD)
    return count


async def sequential(count: int, url: str) -> int:
    client, _ = client_of(url)
    done = 0
    for n in range(count):
        done += (await client.emit(**EMIT, body={"n": n})).success
    await client.close()
    return done


async def concurrent(count: int, url: str) -> int:
    client, _ = client_of(url)
    results = await asyncio.gather(*(client.emit(**EMIT, body={"n": n}) for n in range(count)))
    await client.close()
    return sum(result.success for result in results)


async def many(count: int, url: str) -> int:
    client, _ = client_of(url)
    done = 0
    for start in range(0, count, 10_000):
        records = [{**EMIT, "body": {"n": n}} for n in range(start, min(count, start + 10_000))]
        done += sum(result.success for result in await client.emit_many(records))
    await client.close()
    return done


def sync(count: int, url: str) -> int:
    client, _ = client_of(url)
    return sum(client.emit_sync(**EMIT, body={"n": n}).success for n in range(count))


async def spooled(count: int, _: str) -> int:
    return await into_a_spool(count, lambda client, records: client.emit_many(records))


async def spooled_each(count: int, _: str) -> int:
    return await into_a_spool(
        count, lambda client, records: asyncio.gather(*(client.emit(**each) for each in records))
    )


async def into_a_spool(count: int, emit: Callable) -> int:
    import tempfile
    from pathlib import Path

    from syncropel import Client, Identity, Spool

    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder) / "spool.db")
        client = Client(
            endpoint="http://127.0.0.1:1", identity=Identity.static("did:bench:me"), spool=spool
        )
        done = 0
        for start in range(0, count, 5_000):
            records = [{**EMIT, "body": {"n": start + n}} for n in range(5_000)]
            done += sum(result.success for result in await emit(client, records))
        await client.close()
    return done


WORK = {
    "ids": ids, "sequential": sequential, "concurrent": concurrent, "many": many, "sync": sync,
    "spooled": spooled, "spooled_each": spooled_each,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=WORK)
    parser.add_argument("count", type=int)
    parser.add_argument("--url", default="mock")
    options = parser.parse_args()
    work = WORK[options.work]
    import syncropel.testing  # noqa: F401 (loading is not what is measured)

    work(1, options.url) if work is ids else None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    outcome = work(options.count, options.url)
    done = asyncio.run(outcome) if asyncio.iscoroutine(outcome) else outcome
    print(
        json.dumps(
            {
                "done": done,
                "count": options.count,
                "wall_s": time.perf_counter() - start,
                "cpu_s": time.process_time() - cpu,
                "grown_mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
            }
        )
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
