"""Several processes emit with one actor on one thread at the same time; count what is lost.

    python benchmarks/many_processes.py [--processes 8] [--records 500] [--faults 0]

Without a spool: every clock another process took is found out and replaced on the way. Exits 1
when a record that was called delivered is not there, or there twice, or was refused.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from drivers import flaky_server, fork, report, stored

from syncropel import Client, Identity, Limits


def emit_all(url: str, notes: Path, process: int, records: int) -> None:
    async def emit() -> None:
        async with Client(
            endpoint=url,
            identity=Identity.static("did:test:me"),
            limits=Limits(deadline_s=60.0),
            max_retries=8,
            backoff_ms=5,
        ) as client:
            emits = (
                client.emit(
                    act="PUT", kind="test.race.record", thread="t",
                    body={"nonce": f"{process}-{number}"},
                )
                for number in range(records)
            )  # fmt: skip
            results = await asyncio.gather(*emits)
        lines = (
            f"{result.record_id or '-'} {len(result.replaces)} {process}-{number}\n"
            for number, result in enumerate(results)
        )
        notes.write_text("".join(lines))  # noqa: ASYNC240

    asyncio.run(emit())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--faults", type=float, default=0.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, flaky_server(faults=options.faults, seed=2) as url:
        notes = [Path(name) / str(process) for process in range(options.processes)]
        children = [
            fork(lambda process=process: emit_all(url, notes[process], process, options.records))
            for process in range(options.processes)
        ]
        ended = [os.waitpid(child, 0)[1] == 0 for child in children]
        results = [line.split() for each in notes for line in each.read_text().splitlines()]
        records = stored(url)
    ids = {record["id"] for record in records}
    nonces = Counter(record["body"]["nonce"] for record in records)
    delivered = [(record_id, nonce) for record_id, _, nonce in results if record_id != "-"]
    lost = [nonce for record_id, nonce in delivered if record_id not in ids]
    twice = [nonce for nonce, count in nonces.items() if count > 1]
    emitted = options.processes * options.records
    report(
        processes=options.processes, emitted=emitted, delivered=len(delivered),
        refused=emitted - len(delivered), renewed=sum(int(n) > 0 for _, n, _ in results),
        lost=len(lost), duplicated=len(twice),
    )  # fmt: skip
    return 0 if all(ended) and len(delivered) == emitted and not lost and not twice else 1


if __name__ == "__main__":
    sys.exit(main())
