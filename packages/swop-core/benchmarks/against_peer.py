"""CPU seconds of scanning, generating, watching and decorating, beside swop 0.2.18.

    python -m venv /tmp/peer && /tmp/peer/bin/pip install swop==0.2.18
    pip download --no-deps --dest /tmp/wheels django sympy
    python benchmarks/against_peer.py --peer /tmp/peer/bin --wheels /tmp/wheels --work /tmp/bench

Both run on the same tree, one after the other in every round, as whole processes: starting
Python and reading the configuration are part of the figure. Medians; nothing else is claimed.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tree import make_tree

ENVIRONMENT = {**os.environ, "NO_AUTOUPDATE": "1", "PYTHONDONTWRITEBYTECODE": ""}
EDITED = "src/ctx3/ops7.py"


def cpu_of(command: Sequence[str], cwd: Path) -> float:
    """The CPU seconds that one process and its children take."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Side:
    """One of the two tools, with a copy of the tree of its own."""

    def __init__(self, name: str, binaries: Path, tree: Path) -> None:
        self.name = name
        self.swop = str(binaries / "swop")
        self.python = str(binaries / "python")
        self.tree = tree

    def run(self, *arguments: str) -> float:
        return cpu_of([self.swop, *arguments], self.tree)

    def cold(self) -> float:
        shutil.rmtree(self.tree / ".swop", ignore_errors=True)
        return self.run("scan")

    def warm(self) -> float:
        return self.run("scan")

    def manifests(self) -> float:
        return self.run("gen", "manifests")


def compare(
    title: str, goal: float, rounds: int, ours: Callable[[], float], peers: Callable[[], float]
) -> None:
    """Measure both in turn and print medians and their ratio."""
    pairs = [(ours(), peers()) for _ in range(rounds)]
    mine = statistics.median(pair[0] for pair in pairs)
    theirs = statistics.median(pair[1] for pair in pairs)
    ratio = theirs / mine if mine else float("inf")
    verdict = "met" if ratio >= goal else "NOT met"
    print(f"{title:34} {mine:9.4f} s {theirs:9.4f} s {ratio:8.1f}× (goal {goal:g}×, {verdict})")


def idle_cpu(side: Side, seconds: float) -> float:
    """CPU seconds that a watcher takes in `seconds` in which nothing happens."""
    with subprocess.Popen(
        [side.swop, "watch"],
        cwd=side.tree,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        time.sleep(8)
        before = _cpu_of_pid(process.pid)
        time.sleep(seconds)
        spent = _cpu_of_pid(process.pid) - before
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    return max(spent, 1e-4)


def _cpu_of_pid(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def latency(side: Side, debounce: float, edits: int) -> list[float]:
    """Seconds from an edit to the changed manifest on disk."""
    manifest = side.tree / ".swop/manifests/ctx3/commands.yml"
    source = side.tree / EDITED
    original = source.read_text()
    took = []
    with subprocess.Popen(
        [side.swop, "watch", "--debounce", str(debounce)],
        cwd=side.tree,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        time.sleep(6)
        for number in range(edits):
            field = f"edited_{number}_{int(debounce * 1000)}"
            started = time.perf_counter()
            source.write_text(original.replace("amount: float", f"{field}: float"))
            until = started + 20
            while field not in manifest.read_text() and time.perf_counter() < until:
                time.sleep(0.002)
            took.append(time.perf_counter() - started)
            time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    source.write_text(original)
    return took


def import_cpu(side: Side, module: Path) -> float:
    """CPU seconds that a module with 400 decorated classes adds to its own import."""
    script = (
        "import swop, time; swop.command; start = time.process_time();"
        f"import {module.stem}; print(time.process_time() - start)"
    )
    done = subprocess.run(
        [side.python, "-c", script],
        cwd=module.parent,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def decorated_module(folder: Path) -> Path:
    """A module with 400 decorated classes."""
    kinds = ("command", "query", "event")
    lines = ["from swop import command, query, event"]
    for number in range(400):
        lines += [f'@{kinds[number % 3]}("shop")', f"class Message{number}:", "    number: int", ""]
    path = folder / "four_hundred.py"
    path.write_text("\n".join(lines))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--peer", type=Path, required=True, help="bin folder with swop 0.2.18")
    parser.add_argument("--wheels", type=Path, required=True, help="folder with both wheels")
    parser.add_argument("--work", type=Path, required=True, help="folder to build the trees in")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=float, default=30)
    parser.add_argument("--only", default="", help="scan, watch or import")
    options = parser.parse_args()
    ours = Side("ours", Path(sys.executable).parent, options.work / "ours")
    peer = Side("peer", options.peer.absolute(), options.work / "peer")
    for side in (ours, peer):
        make_tree(side.tree, options.wheels)
    time.sleep(2.5)  # files as young as this are read again, by either
    print(f"{'CPU, median':34} {'ours':>11} {'0.2.18':>11}")
    if options.only in {"", "scan"}:
        compare("cold scan", 12, options.rounds, ours.cold, peer.cold)
        ours.warm(), peer.warm()
        compare("warm scan", 4, options.rounds, ours.warm, peer.warm)
        ours.manifests(), peer.manifests()
        compare("gen manifests, warm", 10, options.rounds, ours.manifests, peer.manifests)
    if options.only in {"", "import"}:
        with tempfile.TemporaryDirectory() as folder:
            module = decorated_module(Path(folder))
            import_cpu(ours, module), import_cpu(peer, module)
            compare(
                "import of 400 decorated classes",
                200,
                options.rounds,
                lambda: import_cpu(ours, module),
                lambda: import_cpu(peer, module),
            )
    if options.only in {"", "watch"}:
        ours.manifests(), peer.manifests()
        compare(
            f"idle watch, {options.idle:g} s",
            80,
            1,
            lambda: idle_cpu(ours, options.idle),
            lambda: idle_cpu(peer, options.idle),
        )
        for debounce, goal in ((0.3, 0.45), (0.0, 0.1)):
            mine, theirs = latency(ours, debounce, 7), latency(peer, debounce, 3)
            median = statistics.median(mine)
            verdict = "met" if median <= goal else "NOT met"
            print(
                f"edit → manifest, debounce {debounce:<10g} {median:9.3f} s "
                f"{statistics.median(theirs):9.3f} s (goal {goal:g} s, {verdict})"
            )


if __name__ == "__main__":
    main()
