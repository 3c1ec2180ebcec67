"""What a command costs before it does anything, and what an ingest of 1,000 files takes.

python benchmarks/bench_commands.py
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SWARMCODE = Path(sys.executable).with_name("swarmcode")
FILES = 1000
REPEATS = 5
MODULE = '''"""Module {number} of a made-up package."""

from package import part_{other}


class Thing{number}:
    """A thing."""

    def __init__(self, size: int) -> None:
        self.size = size

    def grow(self, by: int) -> int:
        """Grow, and say how large it is now."""
        self.size += by + {number}
        return self.size


def make(size: int = {number}) -> Thing{number}:
    """Make a thing."""
    return Thing{number}(size + part_{other}.LIMIT)


LIMIT = {number}
'''


def cost(*words: str, folder: Path) -> tuple[float, float]:
    """Run a command; return its wall and its CPU seconds, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run([str(word) for word in words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return wall, cpu


def make_repository(folder: Path) -> None:
    package = folder / "package"
    package.mkdir(parents=True)
    for number in range(FILES):
        text = MODULE.format(number=number, other=(number + 1) % FILES)
        (package / f"part_{number}.py").write_text(text)
    alone = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*author, "commit", "-qm", "All"]):
        subprocess.run(["git", "-C", str(folder), *words], check=True, env=alone)


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="swarmcode-bench-"))
    try:
        helps = sorted(cost(SWARMCODE, "--help", folder=folder)[1] for _ in range(REPEATS))
        print(f"swarmcode --help: {helps[REPEATS // 2]:.2f} s of CPU (median of {REPEATS})")
        make_repository(folder / "repository")
        for again in ("cold", "again"):
            wall, cpu = cost(SWARMCODE, "ingest", "repository", folder=folder)
            print(f"ingest of {FILES} files, {again}: {wall:.1f} s, {cpu:.1f} s of CPU")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
