"""Our client beside another one, against the same server and the same in-memory transport.

    python benchmarks/compare.py --peer PYTHON [--ours PYTHON] [--scale 1.0]

Both are interpreters of environments of their own, with nothing but the implementation in them
(`uv venv peer; uv pip install --python peer/bin/python syncropel==0.7.0`): httpcore looks for a
module that may be missing in every request, and that takes longer the more there is to search.
The server is ours, in a process of its own. Runs alternate and the fastest counts; ratios of
one invocation mean something, absolute figures depend on the machine.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from drivers import flaky_server

ONE = Path(__file__).with_name("one_side.py")


def measure(python: str, work: str, count: int, url: str, limit: float) -> dict | None:
    try:
        done = subprocess.run(
            [python, str(ONE), work, str(count), "--url", url],
            capture_output=True, text=True, timeout=limit, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
        return None
    return json.loads(done.stdout)


def best(runs: list[dict | None]) -> dict | None:
    finished = [run for run in runs if run]
    return min(finished, key=lambda run: run["wall_s"]) if finished else None


def said(run: dict | None, limit: float) -> str:
    if run is None:
        return f"not done in {limit:.0f} s"
    rate, cpu = run["done"] / run["wall_s"], run["done"] / run["cpu_s"]
    failed = "" if run["done"] == run["count"] else f", {run['count'] - run['done']} FAILED"
    memory = f"+{run['grown_mib']:.0f} MiB"
    return f"{run['wall_s']:.2f} s, {rate:,.0f}/s ({cpu:,.0f} per CPU s), {memory}{failed}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", required=True)
    parser.add_argument("--ours", default=sys.executable)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=60.0)
    options = parser.parse_args()
    ours, peer = options.ours, options.peer
    with flaky_server(faults=0, seed=0) as url:
        for title, work, count, address, peer_work, peer_count in (
            ("ids of one record", "ids", 50_000, "mock", "ids", 50_000),
            ("sequential, mock", "sequential", 2_000, "mock", "sequential", 2_000),
            ("sequential, server", "sequential", 1_000, url, "sequential", 1_000),
            ("emit_sync, server", "sync", 1_000, url, "sync", 1_000),
            ("5,000 concurrent, mock", "concurrent", 5_000, "mock", "concurrent", 5_000),
            ("5,000 concurrent, server", "concurrent", 5_000, url, "concurrent", 5_000),
            ("batched, server / their sequential", "many", 50_000, url, "sequential", 1_000),
            ("100,000 in one thread, mock", "many", 100_000, "mock", "sequential", 4_000),
            ("durable, emit_many", "spooled", 50_000, "mock", "", 0),
            ("durable, 5,000 concurrent emits", "spooled_each", 50_000, "mock", "", 0),
        ):
            scaled = max(1, int(count * options.scale))
            mine, theirs = [], []
            for _ in range(options.rounds):
                mine.append(measure(ours, work, scaled, address, options.limit))
                if peer_work and (not theirs or theirs[-1]):
                    peer_scaled = max(1, int(peer_count * options.scale))
                    theirs.append(measure(peer, peer_work, peer_scaled, address, options.limit))
            me, them = best(mine), best(theirs)
            print(f"{title}\n  ours    {said(me, options.limit)}")
            if peer_work:
                print(f"  theirs  {said(them, options.limit)}")
            if me and them:
                wall = (me["done"] / me["wall_s"]) / (max(1, them["done"]) / them["wall_s"])
                cpu = (me["done"] / me["cpu_s"]) / (max(1, them["done"]) / them["cpu_s"])
                print(f"  ratio   {wall:.2f}× by wall clock, {cpu:.2f}× by CPU")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
