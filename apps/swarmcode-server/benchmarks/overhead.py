"""What the server costs over its back end: to the first token, for each token, and at 300 streams.

    python apps/swarmcode-server/benchmarks/overhead.py

The floor is the same recorded model, iterated in this process. The server runs in a process of its
own; its processor time per token is what it costs whatever else the machine does.
"""

import asyncio
import statistics
import time

from recorded import body, engine, process, processor_seconds, stream

from swarmcode_server.engines import Ask, Sampling

TOKENS = 2000


async def floor() -> float:
    """Seconds for each token of the model alone."""
    ask = Ask("recorded", messages=tuple(body(TOKENS)["messages"]), sampling=Sampling())
    began = time.perf_counter()
    async for _ in engine().ask(ask):
        pass
    return (time.perf_counter() - began) / TOKENS


async def main() -> None:
    alone = min([await floor() for _ in range(5)])
    with process() as (url, pid):
        for _ in range(30):
            await stream(url, body(3))
        firsts = [(await stream(url, body(1)))[0] for _ in range(200)]
        before = processor_seconds(pid)
        walls = [(await stream(url, body(TOKENS)))[1] / TOKENS for _ in range(5)]
        spent = (processor_seconds(pid) - before) / (5 * TOKENS)
        print(f"the model alone, a token      {alone * 1e3:8.4f} ms")
        print(f"to the first token, median    {statistics.median(firsts) * 1e3:8.3f} ms")
        print(f"to the first token, p99       {sorted(firsts)[198] * 1e3:8.3f} ms")
        print(f"a token over the model        {(min(walls) - alone) * 1e3:8.4f} ms")
        print(f"processor time of it a token  {(spent - alone) * 1e3:8.4f} ms")
        began = time.perf_counter()
        asked = [stream(url, body(40, 0.25)) for _ in range(300)]
        answers = await asyncio.gather(*asked)
        whole = time.perf_counter() - began
        assert all(pieces == 40 for *_, pieces in answers)
        late = max(seconds for _, seconds, _ in answers) - 10
        print(f"300 streams at 4 tokens/s     {len(answers)} whole, {whole:.1f} s, "
              f"the slowest {late:.2f} s late")  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main())
