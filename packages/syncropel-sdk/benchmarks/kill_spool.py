"""Kill a spooling process again and again; count what was lost and what came twice.

    python benchmarks/kill_spool.py [--kills 1000] [--seed 1]

Each child emits into one spool against a flaky server, notes every acknowledgement in a file
as soon as it has it, and is killed with SIGKILL at a random moment. At the end one more child
drains the spool. Every acknowledged record must be at the server, once. Exits 1 otherwise.
"""

import argparse
import asyncio
import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from drivers import flaky_server, fork, report, stored

from syncropel import Client, Identity, Limits, Spool


def client_of(url: str, folder: Path) -> Client:
    return Client(
        endpoint=url,
        identity=Identity.static("did:test:me"),
        spool=Spool(folder / "spool.db", poll_s=0.02),
        backoff_ms=5,
        timeout=2.0,
        limits=Limits(deadline_s=10.0),
    )


def emit_for_ever(url: str, folder: Path, life: int) -> None:
    async def emit() -> None:
        notes = os.open(folder / "acknowledged", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        client = client_of(url, folder)
        numbers = itertools.count()

        async def one_after_the_other() -> None:
            for number in numbers:
                result = await client.emit(
                    act="PUT", kind="test.kill.record", thread=f"t{number % 3}",
                    body={"nonce": f"{life}-{number}"},
                )  # fmt: skip
                if result.success:
                    os.write(notes, f"{result.record_id} {life}-{number}\n".encode())
                await asyncio.sleep(0)

        await asyncio.gather(*(one_after_the_other() for _ in range(4)))

    asyncio.run(emit())


def drain(url: str, folder: Path) -> None:
    async def flush() -> None:
        async with client_of(url, folder) as client:
            for _ in range(20):
                if await client.flush(seconds=30) == 0:
                    return
        raise SystemExit("the spool did not empty")

    asyncio.run(flush())


def wait_for_more(notes: Path) -> None:
    before, until = notes.stat().st_size, time.monotonic() + 3.0
    while notes.stat().st_size == before and time.monotonic() < until:
        time.sleep(0.002)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=0.1, help="the longest life, in seconds")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name, flaky_server(faults=0.3, seed=1) as url:
        folder = Path(name)
        (folder / "acknowledged").touch()
        for life in range(options.kills):
            child = fork(lambda life=life: emit_for_ever(url, folder, life))
            if rng.random() < 0.8:  # the others may die before they have said anything
                wait_for_more(folder / "acknowledged")
            time.sleep(rng.uniform(0.0, options.longest))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        child = fork(lambda: drain(url, folder))
        drained = os.waitpid(child, 0)[1] == 0
        records = stored(url)
        acknowledged = dict(
            line.split() for line in (folder / "acknowledged").read_text().splitlines()
        )
        stats = Spool(folder / "spool.db").stats()
    nonces = Counter(record["body"]["nonce"] for record in records)
    lost = [nonce for nonce in acknowledged.values() if not nonces[nonce]]
    twice = [nonce for nonce, count in nonces.items() if count > 1]
    report(
        kills=options.kills, acknowledged=len(acknowledged), stored=len(records), lost=len(lost),
        duplicated=len(twice), renamed=stats.renamed, left=stats.pending + stats.parked,
        drained=drained,
    )  # fmt: skip
    return 0 if drained and not lost and not twice and acknowledged else 1


if __name__ == "__main__":
    sys.exit(main())
