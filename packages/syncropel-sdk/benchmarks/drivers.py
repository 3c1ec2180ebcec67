"""What the drivers share: a server in a process of its own, and what it has stored."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def flaky_server(*, faults: float, seed: int) -> Iterator[str]:
    """Start the flaky server and yield its address."""
    script = Path(__file__).with_name("flaky_server.py")
    process = subprocess.Popen(
        [sys.executable, str(script), "--faults", str(faults), "--seed", str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def stored(url: str) -> list[dict]:
    """Return every record that the server has, in its order."""
    records: list[dict] = []
    cursor = "0"
    with httpx.Client(base_url=url, timeout=30) as http:
        while True:
            page = http.get("/v1/sync/changes", params={"since": cursor, "limit": 1000}).json()
            records += [entry["record"] for entry in page["records"]]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return records


def report(**figures: object) -> None:
    """Print one line of JSON, for people and for tests."""
    print(json.dumps(figures), flush=True)


def fork(work: object) -> int:
    """Run `work` in a forked child; returns the child's id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()  # type: ignore[operator]
        code = 0
    finally:
        os._exit(code)
