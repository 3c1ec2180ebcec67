"""Kill a server under load again and again; count what was acknowledged and is not there.

    python benchmarks/kill_server.py [--kills 500] [--seed 1]

Four connections post records, alone and in batches, and note every acknowledgement; the server
is killed with SIGKILL at a random moment and started again on the same file. At the end every
acknowledged record has to be there, under its id, in a file without faults. Exits 1 otherwise.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx

from syncropel.kernel import Selection, SqliteStore
from syncropel_kernel.server import ServerSettings
from syncropel_kernel.server.listen import bind, serve
from syncropel_kernel.wiring import make_program


def start(db: Path) -> tuple[int, str]:
    """Fork a server: what starts is `syncropel serve` without the time to import it."""
    listener = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    child = os.fork()
    if child:
        listener.close()
        return child, url
    try:
        store = SqliteStore(db)
        settings = ServerSettings()
        program = make_program(store, host="127.0.0.1", signed=False, settings=settings)
        serve(program, listener, ready=lambda: None)
    finally:
        os._exit(1)


async def load(url: str, life: int, acknowledged: set[str]) -> None:
    """Write until the server is gone."""

    async def lane(number: int) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=10) as http:
            for n in range(1_000_000):
                records = [_record(life, number, n * 10 + each) for each in range(10)]
                with suppress(KeyError, ValueError):
                    if n % 3:
                        answer = (await http.post("/v1/records", json=records[0])).json()
                        acknowledged.add(answer["id"])
                    else:
                        batch = await http.post("/v1/records/batch", json={"records": records})
                        acknowledged.update(each["id"] for each in batch.json()["results"])

    await asyncio.gather(*(lane(number) for number in range(4)), return_exceptions=True)


def _record(life: int, lane: int, clock: int) -> dict:
    return {
        "act": "PUT", "actor": f"did:kill:{life}:{lane}", "body": {"life": life, "n": clock},
        "clock": clock, "thread": f"t{lane % 2}",
    }  # fmt: skip


async def live(
    url: str, process: int, life: int, rng: random.Random, acknowledged: set[str], longest: float
) -> None:  # fmt: skip
    loading = asyncio.create_task(load(url, life, acknowledged))
    if rng.random() < 0.8:  # the others may die before they have said anything
        await wait_for_more(acknowledged)
    await asyncio.sleep(rng.uniform(0.0, longest))
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)  # noqa: ASYNC222 (it is dead)
    await loading


async def wait_for_more(acknowledged: set[str]) -> None:
    before, until = len(acknowledged), time.monotonic() + 3.0
    while len(acknowledged) == before and time.monotonic() < until:  # noqa: ASYNC110 (a set grows)
        await asyncio.sleep(0.002)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=0.15, help="seconds under load")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    acknowledged: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "store.db"
        for life in range(options.kills):
            process, url = start(db)
            if life % 50 == 49:
                print(f"{life + 1} kills, {len(acknowledged)} acknowledged", file=sys.stderr)
            asyncio.run(live(url, process, life, rng, acknowledged, options.longest))
        store = SqliteStore(db)
        lost = acknowledged - store.find(acknowledged).keys()
        sequences = [record["sequence"] for record in store.scan(Selection())]
        faults = store.faults()
        store.close()
    whole = sequences == list(range(1, len(sequences) + 1))
    print(json.dumps({
        "kills": options.kills, "acknowledged": len(acknowledged), "stored": len(sequences),
        "lost": len(lost), "gaps": not whole, "faults": faults,
    }))  # fmt: skip
    return 0 if acknowledged and whole and not lost and not faults else 1


if __name__ == "__main__":
    sys.exit(main())
