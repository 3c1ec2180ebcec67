"""How fast files are hashed, against `sha256sum` on the same files in the same run.

    uv run python packages/swarmcode-registry/benchmarks/bench_hash.py [--mib 1024]

One file, and the same bytes in four files (which `hash_tree` hashes in parallel, and `sha256sum`
one after the other). Files are in the page cache; the best of five rounds counts, wall and CPU.
"""

import argparse
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from swarmcode_registry.digest import hash_file, hash_tree

ROUNDS = 5


def best(work: Callable[[], object]) -> tuple[float, float]:
    """Return the least wall and CPU seconds, children's included."""
    walls, cpus = [], []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), used()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(used() - cpu)
    return min(walls), min(cpus)


def used() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))


def sha256sum(*paths: Path) -> None:
    subprocess.run(["sha256sum", *paths], check=True, capture_output=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=1024)
    mib = parser.parse_args().mib
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        block = os.urandom(1 << 20)
        names = [f"part-{number}" for number in range(4)]
        for name, size in [("whole", mib), *((name, mib // 4) for name in names)]:
            with (folder / name).open("wb") as file:
                for _ in range(size):
                    file.write(block)
        floor = best(lambda: sha256sum(folder / "whole"))
        ours = best(lambda: hash_file(folder / "whole"))
        parts = [folder / name for name in names]
        floor4 = best(lambda: sha256sum(*parts))
        ours4 = best(lambda: hash_tree(folder, names))
    print(f"{mib} MiB                wall       CPU      speed against sha256sum (wall, CPU)")
    for what, base, mine in (("one file", floor, ours), ("four files", floor4, ours4)):
        print(f"sha256sum  {what:11s} {base[0]:6.2f} s  {base[1]:6.2f} s")
        ratio = f"{base[0] / mine[0]:.2f}x  {base[1] / mine[1]:.2f}x"
        print(f"hash       {what:11s} {mine[0]:6.2f} s  {mine[1]:6.2f} s    {ratio}")


if __name__ == "__main__":
    main()
