"""Cut a subscription's connection at random moments while a thread grows; look for gaps.

    python benchmarks/cut_streams.py [--cuts 500] [--seed 1]

Exits 1 when the subscriber saw anything but every record once, in order.
"""

import argparse
import asyncio
import random
import sys

from drivers import report

from syncropel import Client, Identity
from syncropel.kernel import Kernel
from syncropel.testing import LoopbackServer


def record(n: int) -> dict:
    return {
        "act": "PUT", "actor": "did:test:other", "body": {"n": n}, "clock": n,
        "data_type": "SCALAR", "parents": [], "thread": "t",
    }  # fmt: skip


async def follow(cuts: int, rng: random.Random) -> tuple[int, list[int], int]:
    kernel = Kernel()
    with LoopbackServer(kernel) as server:
        async with Client(endpoint=server.url, identity=Identity.static("did:test:me")) as client:
            seen: list[int] = []
            errors: list[object] = []
            connected = asyncio.Event()
            client.subscribe(
                "t", lambda r: seen.append(r["clock"]), since_clock=0, on_error=errors.append,
                on_open=connected.set,
                reconnect_base_s=0.005, reconnect_max_s=0.02,
            )  # fmt: skip
            grown = 0
            for _ in range(cuts):
                for _ in range(rng.randint(0, 8)):
                    grown += 1
                    server._loop.call_soon_threadsafe(kernel.ingest, record(grown))
                async with asyncio.timeout(30):
                    await connected.wait()
                await asyncio.sleep(rng.random() * 0.02)
                connected.clear()
                server.cut_connections()
            async with asyncio.timeout(30):
                while len(seen) < grown:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
    return grown, seen, len(errors)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    grown, seen, reconnects = asyncio.run(follow(options.cuts, random.Random(options.seed)))
    complete = seen == list(range(1, grown + 1))
    report(
        cuts=options.cuts, reconnects=reconnects, records=grown, seen=len(seen),
        missing=grown - len(set(seen)), duplicates=len(seen) - len(set(seen)), in_order=complete,
    )  # fmt: skip
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main())
