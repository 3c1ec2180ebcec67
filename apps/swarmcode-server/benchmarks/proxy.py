"""Throughput through the proxy against the upstream's own: 8 streams, in one run, in turns.

    python apps/swarmcode-server/benchmarks/proxy.py

The upstream is a server of ours over a recorded model that says a token every 5 ms in each
stream, as a real engine does; and then one that says them as fast as it can, which no engine does:
there the proxy's own processor time shows.
"""

import asyncio
import json
import time

from recorded import body, process, processor_seconds, stream

STREAMS, TURNS = 8, 3


async def rate(url: str, tokens: int, every: float) -> float:
    began = time.perf_counter()
    answers = await asyncio.gather(*(stream(url, body(tokens, every)) for _ in range(STREAMS)))
    assert all(pieces == tokens for *_, pieces in answers), answers
    return STREAMS * tokens / (time.perf_counter() - began)


async def main() -> None:
    with process() as (upstream, _):
        settings = json.dumps({"upstreams": [{"url": f"{upstream}/v1"}]})
        with process(settings) as (proxy, pid):
            for told, tokens, every in (("5 ms a token", 400, 0.005), ("no pause", 1500, 0.0)):
                await rate(upstream, 20, 0)
                await rate(proxy, 20, 0)
                alone, through, before = 0.0, 0.0, processor_seconds(pid)
                for _ in range(TURNS):
                    alone = max(alone, await rate(upstream, tokens, every))
                    through = max(through, await rate(proxy, tokens, every))
                spent = (processor_seconds(pid) - before) / (TURNS * STREAMS * tokens)
                print(
                    f"{told:12}  upstream {alone:8.0f} tokens/s  through the proxy {through:8.0f}"
                    f"  = {through / alone:.1%}  (its processor time a token {spent * 1e3:.4f} ms)"
                )


if __name__ == "__main__":
    asyncio.run(main())
