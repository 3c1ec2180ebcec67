"""Parsing and applying a patch, against one `git apply` a patch, in one run.

    python bench_edits.py [PATCHES]

Both get the same patches for the same files: an edited function in a file of 400 lines, at its
place, moved, and (ours alone) indented otherwise or fuzzy. git is measured as a caller meets it:
one process a patch. Wall-clock medians, and the mean CPU time with that of children; in memory
first, then where temporary files are, since replacing a file in one step makes some disks flush.
"""

import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from swarmcode_agent.edits import apply_patch, diff_texts, parse
from swarmcode_agent.edits.model import FileEdit, Patch
from swarmcode_agent.edits.render import render_unified


def source(lines: int) -> list[str]:
    return [
        f"def function_{n}(a, b):\n" if n % 5 == 0 else f"    value_{n} = a + b * {n}\n"
        for n in range(lines)
    ]


def a_patch(chance: random.Random, shift: int) -> tuple[str, str]:
    before = source(400)
    after = list(before)
    for _ in range(3):
        after[chance.randrange(20, 380)] = f"    changed = {chance.random()}\n"
    hunks = diff_texts("".join(before), "".join(after))
    patch = render_unified(Patch((FileEdit("module.py", hunks=hunks),)))
    return "# a line more\n" * shift + "".join(before), patch


def cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class Cost:
    """What one way of applying takes: wall-clock medians, and CPU of ours and of children."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu = 0.0

    def add(self, act: Callable[[], object]) -> None:
        began, before = time.perf_counter(), cpu()
        act()
        self.cpu += cpu() - before
        self.wall.append(time.perf_counter() - began)

    @property
    def wall_ms(self) -> float:
        return statistics.median(self.wall) * 1e3

    @property
    def cpu_ms(self) -> float:
        return self.cpu / len(self.wall) * 1e3


def git_apply(root: Path, patch: str) -> None:
    subprocess.run(["git", "apply", "-"], cwd=root, input=patch, text=True, check=True)


def measure(root: Path, count: int, shift: int, *, reindent: bool = False) -> tuple[Cost, Cost]:
    chance, ours, theirs = random.Random(7), Cost(), Cost()
    for _ in range(count):
        text, patch = a_patch(chance, shift)
        if reindent:
            text = text.replace("    ", "\t")
        (root / "module.py").write_text(text)
        ours.add(partial(lambda p: apply_patch(parse(p), root), patch))
        result = (root / "module.py").read_text()
        if not reindent:
            (root / "module.py").write_text(text)
            theirs.add(partial(git_apply, root, patch))
            assert result == (root / "module.py").read_text()
    return ours, theirs


def main(patches: int) -> None:
    memory = Path("/dev/shm")
    for where in (memory if memory.is_dir() else None, None):
        with tempfile.TemporaryDirectory(dir=where) as folder:
            print(f"in {Path(folder).parent}")
            for name, shift, reindent in (
                ("exact", 0, False),
                ("moved by 30 lines", 30, False),
                ("indented otherwise", 0, True),
            ):
                ours, git = measure(Path(folder), patches, shift, reindent=reindent)
                line = f"  {name:19} ours {ours.wall_ms:6.2f} ms (CPU {ours.cpu_ms:5.2f})"
                if git.wall:
                    line += f"  git {git.wall_ms:6.2f} ms (CPU {git.cpu_ms:5.2f})"
                    line += f"  {git.wall_ms / ours.wall_ms:4.1f}×"
                    line += f", CPU {git.cpu_ms / ours.cpu_ms:4.1f}×"
                print(line if git.wall else f"{line}  git refuses")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
