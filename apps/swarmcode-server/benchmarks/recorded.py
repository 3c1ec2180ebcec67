"""A model that is no work at all: what remains is the server's own cost.

The last message says how many tokens are wanted (`tokens: 100`), and how many seconds apart
(`tokens: 100 every 0.01`).
"""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path

from swarmcode_server.engines import Ask, LocalEngine, Model, Prepared, Token

PIECE = b'"content":" token"'
_WANTED = re.compile(r"tokens: (\d+)(?: every ([\d.]+))?")


class Recorded:
    async def start(self) -> None:
        pass

    async def models(self) -> Sequence[Model]:
        return [Model("recorded", 1_790_000_000)]

    async def prepare(self, ask: Ask) -> Prepared:
        return Prepared(ask, (1, 2, 3), 1_000_000)

    async def decode(self, _: Ask) -> str:
        return ""

    async def tokens(self, prepared: Prepared, _: int) -> AsyncGenerator[Token, None]:
        found = _WANTED.search(str(prepared.ask.messages[-1]["content"]))
        count, pause = int(found[1]), float(found[2] or 0)
        for _ in range(count):
            await asyncio.sleep(pause)  # every token is its own turn of the loop, as a model's is
            yield Token(" token")
        yield Token("", last=True)

    def problem(self) -> str | None:
        return None

    async def aclose(self) -> None:
        pass


def engine() -> LocalEngine:
    return LocalEngine(Recorded())


def serve(settings: str) -> None:
    """Run a server in this process: `python recorded.py SETTINGS`, and print its port."""
    import uvicorn

    from swarmcode_server import create_app

    told = json.loads(settings)
    app = create_app(told, engine=None if told.get("upstreams") else engine())
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)

    async def main() -> None:
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await task

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())


@contextlib.contextmanager
def process(settings: str = "{}") -> Iterator[tuple[str, int]]:
    """A server in a process of its own; gives its address and the process's id."""
    command = [sys.executable, str(Path(__file__)), settings]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = int(child.stdout.readline())
        yield f"http://127.0.0.1:{port}", child.pid
    finally:
        child.terminate()
        child.wait(20)


def body(tokens: int, every: float = 0.0) -> dict:
    content = f"tokens: {tokens} every {every}" if every else f"tokens: {tokens}"
    return {
        "model": "recorded",
        "messages": [{"role": "user", "content": content}],
        "stream": True,
    }


async def stream(url: str, asked: dict) -> tuple[float, float, int]:
    """Ask; return seconds to the first text, seconds in all, and pieces of text.

    A socket and no HTTP library: one would cost more than the server that is measured.
    """
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
    data = json.dumps(asked).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    began, first, pieces, rest = time.perf_counter(), 0.0, 0, b""
    writer.write(head.encode() + data)
    while got := await reader.read(1 << 16):
        *lines, rest = (rest + got).split(b"\n")
        pieces += sum(PIECE in line for line in lines)
        if pieces and not first:
            first = time.perf_counter() - began
    writer.close()
    return first, time.perf_counter() - began, pieces


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    serve(sys.argv[1])
