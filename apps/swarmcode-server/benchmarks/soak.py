"""Fifty clients for twenty minutes, many of which leave in the middle; nothing may be left behind.

    python apps/swarmcode-server/benchmarks/soak.py [SECONDS [SEED]]

The tests run some seconds of it. It ends with status 1 where tasks, memory, workspaces, processes
or admitted requests are left, or where anything was answered that should not have been.
"""

import asyncio
import gc
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from recorded import Recorded

from swarmcode_server import add_key, create_app
from swarmcode_server.engines import LocalEngine, Token

CALL = '<tool_call>{"name": "list_files", "arguments": {}}</tool_call>'


@dataclass
class Report:
    """What came of it."""

    asked: Counter = field(default_factory=Counter)
    statuses: Counter = field(default_factory=Counter)
    left: dict = field(default_factory=dict)
    grown_mb: float = 0.0

    @property
    def faults(self) -> list[str]:
        found = [f"{count} answers {status}" for status, count in self.statuses.items()
                 if status >= 500]  # fmt: skip
        found += [f"{count} {what} left" for what, count in self.left.items() if count]
        return found + ([f"{self.grown_mb:.0f} MB grown"] if self.grown_mb > 40 else [])


class Model(Recorded):
    """The recorded model; `call` makes it call a tool once."""

    async def tokens(self, prepared, choice):
        content = str(prepared.ask.messages[-1].get("content"))
        if content == "call":
            yield Token(CALL)
            yield Token("", last=True)
            return
        if "tokens:" not in content:
            yield Token("done")
            yield Token("", last=True)
            return
        async for token in super().tokens(prepared, choice):
            yield token


def soak(seconds: float, *, clients: int = 50, seed: int = 0) -> Report:
    before = _children()
    with tempfile.TemporaryDirectory() as folder:
        keys, origin = Path(folder) / "keys.json", Path(folder) / "origin"
        origin.mkdir()
        (origin / "a.py").write_text("x = 1\n")
        token = add_key(keys, "soak", tools=True)
        app = create_app(
            {"keys_file": keys, "workspace_dir": origin, "limits": {"sessions": 200}},
            engine=LocalEngine(Model()),
        )
        config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="on")
        server = uvicorn.Server(config)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve()))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        report = Report()
        try:
            asyncio.run(_warm(port, token, report))
            resident, report.statuses = _resident(), Counter()
            asyncio.run(_clients(seconds, clients, seed, port, token, report))
            report.grown_mb = _resident() - resident
            report.left = _left(app, loop) | {"processes": len(_children() - before)}
        finally:
            server.should_exit = True
            thread.join(60)
            loop.close()
        return report


async def _warm(port: int, token: str, report: Report) -> None:
    await _clients(2.0, 10, 99, port, token, report)


async def _clients(
    seconds: float, clients: int, seed: int, port: int, token: str, report: Report
) -> None:
    until = time.monotonic() + seconds

    async def one(number: int) -> None:
        draw = random.Random(seed * 1000 + number)
        while time.monotonic() < until:
            kind = draw.choice(["stream", "leave", "leave", "whole", "wrong", "tool", "loop"])
            report.asked[kind] += 1
            try:
                status = await asyncio.wait_for(_ask(port, token, kind, draw), 120)
            except ConnectionError:
                continue
            except TimeoutError:
                status = 599  # nothing may hang
            report.statuses[status] += 1
            await asyncio.sleep(draw.random() * 0.05)

    await asyncio.gather(*(one(number) for number in range(clients)))


async def _ask(port: int, token: str, kind: str, draw: random.Random) -> int:
    path, body = _request(kind, draw)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer "
        f"{token}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    try:
        writer.write(head.encode() + data)
        if kind == "leave":
            await asyncio.sleep(draw.random() * 0.1)
            writer.transport.abort()
            return 0
        got = await reader.read()
    finally:
        writer.close()
    return int(got.split(b" ", 2)[1])


def _request(kind: str, draw: random.Random) -> tuple[str, dict]:
    if kind == "tool":
        session = f"s{draw.randrange(20)}"
        return "/v1/tools/execute", {"name": "list_files", "arguments": {}, "session": session}
    content = f"tokens: {draw.randrange(1, 60)} every 0.002"
    body = {
        "model": "nobody" if kind == "wrong" else "recorded",
        "messages": [{"role": "user", "content": "call" if kind == "loop" else content}],
        "stream": kind == "stream" or (kind == "leave" and draw.random() < 0.7),
    }
    if kind == "loop":
        body["swarmcode"] = {"auto_tools": True}
    return "/v1/chat/completions", body


def _left(app, loop) -> dict:
    """What is still there once everyone has gone; it has some seconds to go too."""
    for _ in range(100):
        left = {
            "admitted requests": app.state.guard.running,
            "tasks": max(0, len(asyncio.all_tasks(loop)) - 3),  # uvicorn, its lifespan, the sweeper
            "workspaces beyond the named": max(0, len(app.state.server.workspaces) - 20),
        }
        if not any(left.values()):
            break
        time.sleep(0.1)
    return left


def _children() -> set[str]:
    """The processes that this one has started, those before the soak included."""
    listings = Path("/proc/self/task").glob("*/children")
    return {pid for listing in listings for pid in listing.read_text().split()}


def _resident() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 1200.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    report = soak(seconds, seed=seed)
    print(f"{sum(report.asked.values())} requests in {seconds:.0f} s: {dict(report.asked)}")
    print(f"statuses {dict(report.statuses)}; memory {report.grown_mb:+.1f} MB; left {report.left}")
    for fault in report.faults:
        print("FAULT:", fault)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
