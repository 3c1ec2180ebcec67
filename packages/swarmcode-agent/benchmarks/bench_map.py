"""How fast is a code map, and does it keep its budget? Ours beside aider's, in one run.

    python benchmarks/bench_map.py --tree FOLDER [--tree FOLDER …] [--peer-python PYTHON]

`--budgets 0 --peer-budgets 0` leaves the budgets out.

Cold: from the files on disk to a rendered map, nothing cached, the same files and budget. Warm:
one file of a map in memory changes, is read again, and the map is ranked and rendered anew.
Budgets: maps for random budgets and tasks, counted by the tokenizer of the peer. Without a peer
only our own figures are printed, with estimated tokens.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from peer import Peer

from swarmcode_agent.code_map import (
    CharacterEstimate,
    CodeMap,
    EncoderCounter,
    Focus,
    TokenCounter,
    map_folder,
)
from swarmcode_agent.code_parser import get_parser

TASK = "Fix the handling of cached fields when a query is copied"


def sources(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*.py"))


def worked() -> float:
    """Return the processor time of this process and of those that it has ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def cold(
    root: Path, files: list[str], counter: TokenCounter, budget: int
) -> tuple[CodeMap, float, float]:
    began, before = time.perf_counter(), worked()
    built = map_folder(root, files)
    built.render(Focus(task=TASK), budget=budget, counter=counter)
    return built, time.perf_counter() - began, worked() - before


def warm(
    root: Path, files: list[str], built: CodeMap, counter: TokenCounter
) -> tuple[float, float]:
    parser = get_parser()
    parser.parse(b"#" * 2000, "first.py")  # an agent that updates has started its parser
    seconds = []
    for path in random.Random(1).sample(files, 5):
        changed = (root / path).read_bytes() + b"\n\ndef freshly_added(argument): return argument\n"
        began, before = time.perf_counter(), worked()
        built.update(parser.parse(changed, path))
        built.render(Focus(task=TASK), budget=1024, counter=counter)
        seconds.append((time.perf_counter() - began, worked() - before))
    return statistics.median(each[0] for each in seconds), statistics.median(
        each[1] for each in seconds
    )


def peer_cold(peer: Peer, root: Path, files: list[str], budget: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:  # the peer writes its cache into the tree
        shutil.copytree(root, folder, dirs_exist_ok=True)
        answer = peer.ask(root=folder, files=files, task=TASK, budget=budget)
    return float(answer["seconds"]), float(answer["cpu"])


def budgets(count: int) -> list[tuple[int, str]]:
    chance = random.Random(7)
    words = f"{TASK} template session migration cache field request admin".split()
    return [
        (int(2 ** chance.uniform(4, 13)), " ".join(chance.sample(words, 5))) for _ in range(count)
    ]


def keeps_budgets(built: CodeMap, counter: TokenCounter, count: int) -> tuple[int, float]:
    over, filled = 0, []
    for budget, task in budgets(count):
        shown = built.render(Focus(task=task), budget=budget, counter=counter)
        tokens = counter.count(shown.text)
        over += tokens > budget
        filled.append(tokens / budget)
    return over, statistics.mean(filled)


def peer_budgets(peer: Peer, root: Path, files: list[str], count: int) -> tuple[int, float, float]:
    over, filled = 0, []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root, folder, dirs_exist_ok=True)
        for budget, task in budgets(count):
            answer = peer.ask(root=folder, files=files, task=task, budget=budget)
            over += answer["tokens"] > budget
            filled.append(answer["tokens"] / budget)
    return over, statistics.mean(filled), max(filled)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tree", action="append", type=Path, default=[])
    options.add_argument("--peer-python")
    options.add_argument("--budget", type=int, default=1024)
    options.add_argument("--budgets", type=int, default=500)
    options.add_argument("--peer-budgets", type=int, default=60)
    given = options.parse_args()
    trees = given.tree or [Path(__file__).resolve().parents[3] / "packages"]
    peer = Peer(given.peer_python) if given.peer_python else None
    counter: TokenCounter = CharacterEstimate()
    if peer is not None:
        os.environ["TIKTOKEN_CACHE_DIR"] = peer.tokenizer_cache()
        import tiktoken

        counter = EncoderCounter("cl100k", tiktoken.get_encoding("cl100k_base").encode_ordinary)
    for number, root in enumerate(trees):
        files = sources(root)
        lines = sum((root / path).read_bytes().count(b"\n") for path in files)
        built, ours, our_cpu = cold(root, files, counter, given.budget)
        told = f"{root.name}: {len(files)} files, {lines:,} lines\n"
        told += f"  cold  ours {ours:.1f} s (cpu {our_cpu:.1f} s)"
        if peer is not None:
            theirs, their_cpu = peer_cold(peer, root, files, given.budget)
            told += f"   theirs {theirs:.1f} s (cpu {their_cpu:.1f} s)"
            told += f"   {theirs / ours:.1f} × faster (cpu {their_cpu / our_cpu:.1f} ×)"
        print(told, flush=True)
        wall, cpu = warm(root, files, built, counter)
        print(f"  warm  one file changed: {wall:.2f} s (cpu {cpu:.2f} s)", flush=True)
        if number == 0 and given.budgets:
            over, filled = keeps_budgets(built, counter, given.budgets)
            print(
                f"  budgets  ours over {over} of {given.budgets}, {filled:.0%} filled", flush=True
            )
            if peer is not None and given.peer_budgets:
                over, filled, worst = peer_budgets(peer, root, files, given.peer_budgets)
                print(
                    f"  budgets  theirs over {over} of {given.peer_budgets}, {filled:.0%} filled, "
                    f"at worst {worst:.0%}",
                    flush=True,
                )
    if peer is not None:
        peer.close()


if __name__ == "__main__":
    main()
