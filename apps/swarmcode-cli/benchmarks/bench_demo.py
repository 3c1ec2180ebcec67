"""How long the demonstration takes, from nothing.

python benchmarks/bench_demo.py
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SWARMCODE = Path(sys.executable).with_name("swarmcode")


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="swarmcode-demo-"))
    try:
        began = time.perf_counter()
        subprocess.run([SWARMCODE, "demo", "--into", folder / "demo"], check=True)
        wall = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"\n{wall:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of CPU, "
            f"at most {used.ru_maxrss / 2**20:.2f} GiB of memory"
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
