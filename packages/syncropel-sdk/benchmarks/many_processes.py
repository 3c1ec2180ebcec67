"""Several processes emit with one actor on one thread at the same time; count what is lost.

    python benchmarks/many_processes.py [--processes 8] [--records 500] [--faults 0] [--equal]
                                        [--spool]

Every clock another process took is found out and replaced on the way. With `--equal` all bodies
are the same, so that equal clocks make equal ids: each accepted record must be there all the
same, under an id of its own. With `--spool` all processes share one spool, and the last one
drains it. Exits 1 when a record that was accepted is not there, or there twice, or was refused.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from drivers import flaky_server, fork, report, stored

from syncropel import Client, Identity, Limits, Spool


def client_of(url: str, spool: Path | None) -> Client:
    return Client(
        endpoint=url,
        identity=Identity.static("did:test:me"),
        limits=Limits(deadline_s=60.0),
        max_retries=8,
        backoff_ms=5,
        spool=None if spool is None else Spool(spool, poll_s=0.05),
    )


def emit_all(url: str, spool: Path | None, notes: Path, bodies: list[dict]) -> None:
    async def emit() -> None:
        async with client_of(url, spool) as client:
            emits = (
                client.emit(act="PUT", kind="test.race.record", thread="t", body=body)
                for body in bodies
            )
            results = await asyncio.gather(*emits)
        lines = (f"{result.record_id or '-'} {len(result.replaces)}\n" for result in results)
        notes.write_text("".join(lines))  # noqa: ASYNC240

    asyncio.run(emit())


def drain(url: str, spool: Path) -> int:
    async def flush() -> int:
        async with client_of(url, spool) as client:
            return await client.flush(seconds=100)

    return asyncio.run(flush())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--equal", action="store_true", help="all bodies are the same")
    parser.add_argument("--spool", action="store_true", help="all processes share one spool")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, flaky_server(faults=options.faults, seed=2) as url:
        spool = Path(name) / "spool.db" if options.spool else None
        notes = [Path(name) / str(process) for process in range(options.processes)]

        def bodies(process: int) -> list[dict]:
            return [
                {} if options.equal else {"nonce": f"{process}-{number}"}
                for number in range(options.records)
            ]

        children = [
            fork(lambda process=process: emit_all(url, spool, notes[process], bodies(process)))
            for process in range(options.processes)
        ]
        ended = [os.waitpid(child, 0)[1] == 0 for child in children]
        left = 0 if spool is None else drain(url, spool)
        results = [line.split() for each in notes for line in each.read_text().splitlines()]
        accepted = [record_id for record_id, _ in results if record_id != "-"]
        renewed = sum(int(count) > 0 for _, count in results)
        if spool is not None:
            renewed += Spool(spool).stats().renamed
            accepted = [Spool(spool).current_id(record_id) for record_id in accepted]
        records = stored(url)
    emitted = options.processes * options.records
    ids = Counter(accepted)
    lost = ids.keys() - {record["id"] for record in records}
    nonces = Counter(record["body"].get("nonce", record["id"]) for record in records)
    figures = {
        "processes": options.processes, "equal": options.equal, "spool": options.spool,
        "emitted": emitted, "accepted": len(accepted), "stored": len(records),
        "refused": emitted - len(accepted), "renewed": renewed, "lost": len(lost),
        "shared_ids": len(accepted) - len(ids), "left": left,
        "duplicated": sum(count > 1 for count in nonces.values()),
    }  # fmt: skip
    report(**figures)
    whole = len(accepted) == len(records) == len(ids) == emitted
    return 0 if all(ended) and whole and not lost and not left else 1


if __name__ == "__main__":
    sys.exit(main())
