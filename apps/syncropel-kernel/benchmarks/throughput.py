"""How many records a second a served SQLite store takes, every one fsynced.

    python benchmarks/throughput.py [--batches 40] [--singles 2000]

Batched: two connections post batches of 1,000. Unbatched: eight connections, one record a
request. The floor beside them is what the disk allows: one write of 4 KiB and one fsync at a
time, and eight times that for eight connections that share a commit. The client is a process of
its own with as little in it as possible: raw sockets, prepared bytes.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

COMMAND = Path(sys.executable).with_name("syncropel")


def record(lane: int, n: int) -> dict:
    ref = {"kind": "@music.track", "id": f"isrc:{n % 997}"}
    return {
        "act": "PUT", "actor": f"did:bench:{lane}", "clock": n, "thread": f"music.library/{lane}",
        "data_type": "SCALAR", "parents": [],
        "body": {"kind": "music.catalog.track", "_v": 1, "title": f"Glow number {n}",
                 "artists": ["Zonke"], "_refs": [ref]},
    }  # fmt: skip


def prepared(path: str, values: list) -> list[bytes]:
    requests = []
    for value in values:
        body = json.dumps(value, separators=(",", ":")).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
        requests.append(head.encode() + body)
    return requests


def exchange(url: str, requests: list[bytes]) -> None:
    """Send one after the other, each after the answer to the last."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            connection.sendall(request)
            _read_answer(connection)


def _read_answer(connection: socket.socket) -> None:
    data = connection.recv(262_144)
    head, _, rest = data.partition(b"\r\n\r\n")
    status = head[9:12]
    if status not in (b"200", b"201"):
        raise SystemExit(data[:300])
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    missing = length - len(rest)
    while missing > 0:
        missing -= len(connection.recv(262_144))


def one_client(url: str, path: str, lanes: list[list], times: object) -> None:
    """Prepare everything, then send it, each lane over a connection of its own."""
    requests = [prepared(path, values) for values in lanes]
    threads = [threading.Thread(target=exchange, args=(url, each)) for each in requests]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.put(time.perf_counter() - started)


def measure(path: str, lanes: list[list], each: int) -> dict:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as folder:
        server = subprocess.Popen(
            [COMMAND, "serve", "--db", Path(folder) / "store.db", "--port", "0", "--json"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        before = cpu_seconds(server.pid)
        context = get_context("fork")
        times = context.Queue()
        client = context.Process(target=one_client, args=(url, path, lanes, times))
        client.start()
        seconds = times.get()
        client.join()
        cpu = cpu_seconds(server.pid) - before
        server.terminate()
        server.wait(30)
        server.stdout.close()
    records = sum(map(len, lanes)) * each
    return {
        "records_per_second": round(records / seconds),
        "records_per_cpu_second_of_the_server": round(records / cpu),
    }


def cpu_seconds(process: int) -> float:
    """What a process has used so far, in both of its modes."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fsyncs_per_second(seconds: float = 1.0) -> int:
    """Overwrite the same 4 KiB, fsynced each time, as a write-ahead log in use does."""
    with tempfile.NamedTemporaryFile(dir=os.environ.get("BENCH_DIR")) as file:
        descriptor = file.fileno()
        os.write(descriptor, b"\0" * 4096 * 1_000)
        os.fsync(descriptor)
        count, until = 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            os.pwrite(descriptor, b"x" * 4096, count % 1_000 * 4096)
            os.fdatasync(descriptor)
            count += 1
    return round(count / seconds)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--batches", type=int, default=40, help="of a thousand, for each of two")
    parser.add_argument("--singles", type=int, default=2_000, help="for each of eight")
    options = parser.parse_args()
    floor = fsyncs_per_second()
    batches = [
        [{"records": [record(lane, n * 1000 + m) for m in range(1000)]} for n in range(count)]
        for lane, count in enumerate([options.batches] * 2)
    ]
    batched = measure("/v1/records/batch", batches, 1000)
    del batches
    singles = [[record(lane, n) for n in range(options.singles)] for lane in range(8)]
    unbatched = measure("/v1/records", singles, 1)
    print(json.dumps({
        "batched": batched, "unbatched": unbatched, "fsyncs_per_second": floor,
        "unbatched_over_one_fsync_each": round(unbatched["records_per_second"] / floor, 2),
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
