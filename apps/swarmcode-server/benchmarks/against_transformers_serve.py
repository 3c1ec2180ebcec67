"""Tokens a second at 8 clients, beside `transformers serve` on the same tiny model, in one run.

    uv run --with 'transformers[serving]' python \\
        apps/swarmcode-server/benchmarks/against_transformers_serve.py

The model is made here: Qwen2-shaped, random weights. Each client streams greedily; both servers
run in processes of their own, and take turns.
"""

import asyncio
import contextlib
import importlib.util
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

CLIENTS, TOKENS, TURNS = 8, 100, 3


def tiny(folder: Path) -> Path:
    """The tests' own model."""
    path = Path(__file__).parents[1] / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("fixtures", path)
    fixtures = importlib.util.module_from_spec(spec)
    sys.modules["fixtures"] = fixtures
    spec.loader.exec_module(fixtures)
    return fixtures.build_base(folder / "base")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[str]:
    """A server, once it answers."""
    with tempfile.TemporaryFile() as log:
        yield from _running(command, port, log)


def _running(command: list[str], port: int, log: IO[bytes]) -> Iterator[str]:
    child = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            if child.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise RuntimeError(log.read().decode()[-3000:])
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(30)


async def ask(url: str, model: str, number: int) -> int:
    """Stream one answer; return how many events of text it had."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 20)
    body = {
        "model": model,
        "messages": [{"role": "user", "content": f"question {number}"}],
        "max_tokens": TOKENS,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    data = json.dumps(body).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data)
    got = await reader.read()
    writer.close()
    if b" 200 " not in got[:20]:
        raise RuntimeError(got[:2000].decode())
    usage = [line for line in got.split(b"\n") if b'"completion_tokens"' in line]
    if not usage:
        raise RuntimeError(f"no usage in {got[-500:]!r}")
    told = json.loads(usage[-1].strip().removeprefix(b"data: "))
    return told["usage"]["completion_tokens"]


async def rate(url: str, model: str) -> float:
    began = time.perf_counter()
    counts = await asyncio.gather(*(ask(url, model, n) for n in range(CLIENTS)))
    return sum(counts) / (time.perf_counter() - began)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = tiny(Path(folder))
        ours, theirs = free_port(), free_port()
        settings = Path(folder) / "settings.json"
        settings.write_text(json.dumps({"port": ours, "base_model": str(base), "device": "cpu"}))
        mine = [sys.executable, "-m", "swarmcode_server", "serve", str(settings)]
        transformers = str(Path(sys.executable).with_name("transformers"))
        peer = [transformers, "serve", str(base), "--host", "127.0.0.1", "--port", str(theirs)]
        peer += ["--device", "cpu", *sys.argv[1:]]
        with running(mine, ours) as our_url, running(peer, theirs) as their_url:
            asyncio.run(rate(our_url, "base"))
            asyncio.run(rate(their_url, str(base)))
            best = [0.0, 0.0]
            for _ in range(TURNS):
                best[0] = max(best[0], asyncio.run(rate(our_url, "base")))
                best[1] = max(best[1], asyncio.run(rate(their_url, str(base))))
        told = f"swarmcode-server {best[0]:.0f} tokens/s, transformers serve {best[1]:.0f} tokens/s"
        print(f"{CLIENTS} clients: {told}, ratio {best[0] / best[1]:.2f}")


if __name__ == "__main__":
    main()
