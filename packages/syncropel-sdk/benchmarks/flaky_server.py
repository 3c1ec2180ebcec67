"""A kernel on a real socket that fails in ways networks do; the drivers' other end.

    python benchmarks/flaky_server.py [--faults 0.3] [--seed 1]

Prints its address, serves until its standard input ends. Reading the changes feed never fails,
so that a driver can look at what was stored.
"""

import argparse
import asyncio
import random
import sys

from syncropel.kernel import Request, answer
from syncropel.testing import LoopbackServer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)

    async def misbehave(
        request: Request, _: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if request.path == "/v1/sync/changes" or rng.random() > options.faults:
            return False
        fault = rng.choice(["reset", "lost answer", "503", "html", "half"])
        if fault == "lost answer":
            answer(server.kernel, request)
        elif fault == "503":
            writer.write(b"HTTP/1.1 503 X\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
        elif fault == "html":
            writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 6\r\n\r\n<html>")
            await writer.drain()
        elif fault == "half":
            reply = answer(server.kernel, request).content
            writer.write(b"HTTP/1.1 200 X\r\ncontent-length: %d\r\n\r\n" % len(reply))
            writer.write(reply[: len(reply) // 2])
            await writer.drain()
        writer.transport.abort()
        return True

    with LoopbackServer(misbehave=misbehave) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
