"""How exact are the symbols, how fast, and what do hostile files cost?

    python benchmarks/bench_symbols.py --tree FOLDER [--tree FOLDER …] [--fuzz FILES]

Compares both parsers with Python's own ast over every .py file of a tree: a definition counts
when its name, its first line and its last line are the same. `--fuzz` feeds random, repeated and
truncated bytes to both parsers and says which took longest, by the clock: the grammars run in a
process of their own, so run it on a machine that has nothing else to do.
"""

from __future__ import annotations

import argparse
import ast
import random
import time
import warnings
from collections import Counter
from pathlib import Path

from swarmcode_agent.code_parser import CodeParser, RegexParser, TreeSitterParser

PIECES = [*"()[]{}<>\"'`/*\\\n =:;#@", "def ", "class ", "function ", "func ", "fn ", "impl ", "=>"]


def truth(source: bytes) -> Counter[tuple[str, int, int | None]]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds))
    return Counter((node.name, node.lineno, node.end_lineno) for node in nodes)


def exactness(parser: CodeParser, root: Path) -> str:
    wanted = met = extra = lines = 0
    seconds = 0.0
    for path in sorted(root.rglob("*.py")):
        source = path.read_bytes()
        try:
            expected = truth(source)
        except SyntaxError:
            continue
        began = time.thread_time()
        symbols = parser.parse(source, path.name)
        seconds += time.thread_time() - began
        every = (*symbols.functions, *symbols.classes)
        found = Counter((each.name, each.start_line, each.end_line) for each in every)
        wanted += expected.total()
        met += (expected & found).total()
        extra += (found - expected).total()
        lines += source.count(b"\n")
    return (
        f"{root.name:14} {parser.name:12} {met} of {wanted} definitions ({met / wanted:.3%}), "
        f"{extra} more; {lines / seconds:,.0f} lines a second"
    )


def hostile(chance: random.Random, real: list[bytes]) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randint(1, 200_000))
    if kind == 1 and real:
        source = chance.choice(real)
        return source[: chance.randint(0, len(source))]
    if kind == 2:
        return "".join(chance.choices(PIECES, k=chance.randint(1, 50_000))).encode()
    piece = "".join(chance.choices(PIECES, k=chance.randint(2, 5))).encode()
    return (piece * 100_000)[: chance.randint(1, 100_000)]


def fuzz(count: int, trees: list[Path]) -> None:
    chance = random.Random(11)
    real = [path.read_bytes() for root in trees for path in sorted(root.rglob("*.py"))[:200]]
    for parser in (TreeSitterParser(), RegexParser()):
        worst = (0.0, "")
        over = 0
        for _ in range(count):
            source, ending = hostile(chance, real), chance.choice(("py", "js", "tsx", "go", "rs"))
            began = time.perf_counter()
            parser.parse(source, f"a.{ending}")
            seconds = time.perf_counter() - began
            over += seconds > 1.0
            worst = max(worst, (seconds, f"{ending}, {len(source)} bytes, {source[:24]!r}"))
        told = f"{over} over a second; worst {worst[0]:.2f} s: {worst[1]}"
        print(f"{parser.name:12} {count} files, {told}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tree", action="append", type=Path, default=[])
    options.add_argument("--fuzz", type=int, default=0)
    given = options.parse_args()
    warnings.simplefilter("ignore")  # invalid escapes in other people's code
    trees = given.tree or [Path(__file__).resolve().parents[3] / "packages"]
    for root in trees:
        for parser in (TreeSitterParser(guarded=False), RegexParser()):
            print(exactness(parser, root), flush=True)
    if given.fuzz:
        fuzz(given.fuzz, trees)


if __name__ == "__main__":
    main()
