"""Measure a synthesis on a real repository: yield, time per candidate, planted bugs per minute.

    python bench_synth.py REPOSITORY OUTPUT.jsonl [--since 2020-01-01] [--synthetic 200]

Prints the share of commits that touch source and tests which became proven rows, in all and of
those that change behaviour and a test; the seconds that a proof took, by the wall and by the
processor (other work on the machine slows the first, hardly the second).
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from swarmcode_agent.errors import NothingKeptError
from swarmcode_agent.synth import DataSynthesizer, Progress, SynthConfig

# What is decided without running a test: such a commit is no candidate.
BEFORE_RUNNING = ("message:", "diff too", "changes no behaviour", "touches", "tests: the commit")


def processor() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("repository", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--since", default="2000-01-01")
    parser.add_argument("--synthetic", type=int, default=0)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path)
    chosen = parser.parse_args()
    config = SynthConfig(
        chosen.repository,
        chosen.output,
        since=datetime.fromisoformat(chosen.since).replace(tzinfo=UTC),
        synthetic=chosen.synthetic,
        limit=chosen.limit,
        jobs=chosen.jobs,
        cache_dir=chosen.cache,
        proof="required",
    )
    started, used, said = time.monotonic(), processor(), 0.0
    stages: dict[str, float] = {}

    def tell(progress: Progress) -> None:
        nonlocal said
        now = time.monotonic()
        stages.setdefault(progress.stage, now)
        if now - said > 30:
            said = now
            print(f"{now - started:.0f} s {progress.stage}: {progress.kept} kept", flush=True)

    try:
        result = DataSynthesizer(config, tell).synthesize()
    except NothingKeptError as error:
        print(error)
        return
    wall, cpu = time.monotonic() - started, processor() - used
    entries = list(map(json.loads, result.audit_path.read_text("utf-8").splitlines()))
    both = [entry for entry in entries if entry["touches_source_and_tests"]]
    ran = [entry for entry in both if not entry["reason"].startswith(BEFORE_RUNNING)]
    proven = [e for e in ran if e["kept"] or e["reason"].startswith(("split:", "near-dup"))]
    seconds = sorted(entry["seconds"] for entry in ran)
    print(f"commits that touch source and tests: {len(both)}")
    print(f"candidates {len(ran)}; proven {len(proven)}")
    if ran:
        print(f"proven of candidates: {100 * len(proven) / len(ran):.1f} %", end=", ")
        print(f"of all that touch both: {100 * len(proven) / len(both):.1f} %")
        print(f"seconds for a candidate, by the wall: median {seconds[len(seconds) // 2]:.1f}")
    print(f"processor seconds in all: {cpu:.0f}; wall {wall:.0f}; stages {sorted(stages)}")
    for reason, count in Counter(e["reason"] for e in ran if e not in proven).most_common(6):
        print(f"  {count} {reason}")
    planted = [entry for entry in entries if entry["candidate"].count(":") >= 3]
    if planted:
        kept = sum(e["kept"] or e["reason"].startswith(("split:", "near-dup")) for e in planted)
        spent = time.monotonic() - stages.get("planted bugs", started)
        print(f"planted: {len(planted)} tried, {kept} proven in {spent:.0f} s")
    print(f"rows: train {result.example_count}, eval {result.eval_count}")


if __name__ == "__main__":
    main()
