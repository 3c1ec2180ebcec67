"""How soon a thousand watchers hear of a record.

    python benchmarks/watchers.py [--watchers 1000] [--records 40]

One process follows a thread with many connections, another posts a record every quarter of a
second. Both take the time from the same clock of the machine; what is measured is from just
before the POST to when a watcher has the event, and so includes the commit and its fsync.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from throughput import cpu_seconds

COMMAND = Path(sys.executable).with_name("syncropel")


async def watch(host: str, port: int, delays: list[float], ready: asyncio.Semaphore) -> None:
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
    writer.write(b"GET /v1/threads/bench/watch HTTP/1.1\r\nhost: localhost\r\n\r\n")
    try:
        await reader.readuntil(b"event: heartbeat")
        ready.release()
        while True:
            line = await reader.readline()
            if line.startswith(b"data: {") and b'"sent":' in line:
                sent = float(line.partition(b'"sent":')[2].partition(b"}")[0])
                delays.append(time.monotonic() - sent)
            elif not line:
                return
    finally:
        writer.close()


async def run(url: str, watchers: int, records: int) -> list[float]:
    address = urlsplit(url)
    delays: list[float] = []
    ready = asyncio.Semaphore(0)
    following = [
        asyncio.create_task(watch(str(address.hostname), int(address.port or 0), delays, ready))
        for _ in range(watchers)
    ]
    for _ in range(watchers):
        await ready.acquire()
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        for n in range(records):
            record = {"act": "PUT", "actor": "did:bench", "clock": n, "thread": "bench"}
            record["body"] = {"sent": time.monotonic()}
            assert (await http.post("/v1/records", json=record)).status_code == 201
            await asyncio.sleep(0.25)
    await asyncio.sleep(1.0)
    for each in following:
        each.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    return sorted(delays)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--watchers", type=int, default=1000)
    parser.add_argument("--records", type=int, default=40)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [COMMAND, "serve", "--db", Path(folder) / "store.db", "--port", "0", "--json"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        before = cpu_seconds(server.pid)
        delays = asyncio.run(run(url, options.watchers, options.records))
        cpu = cpu_seconds(server.pid) - before
        server.terminate()
        server.wait(30)
        server.stdout.close()
    expected = options.watchers * options.records
    print(json.dumps({
        "heard": len(delays), "expected": expected,
        "server_cpu_ms_per_record": round(cpu / options.records * 1000, 1),
        "median_ms": round(delays[len(delays) // 2] * 1000, 1),
        "p99_ms": round(delays[int(len(delays) * 0.99)] * 1000, 1),
        "longest_ms": round(delays[-1] * 1000, 1),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
