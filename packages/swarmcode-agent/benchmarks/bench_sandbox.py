"""What a sandbox costs: a call of `true`, ending a fork bomb, and the tools, rung by rung.

    python bench_sandbox.py [CALLS]

Wall-clock medians and the CPU time of our side and its children; the floor is the same command
through `subprocess` alone, in the same run.
"""

import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from swarmcode_agent.sandbox import Limits, Policy, Rung, Sandbox, ladder
from swarmcode_agent.tools import AgentTools

BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


def cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def repeat(name: str, act: Callable[[], object], calls: int) -> None:
    act()
    times, before = [], cpu()
    for _ in range(calls):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    used = (cpu() - before) / calls
    median, worst = statistics.median(times), sorted(times)[int(len(times) * 0.9)]
    print(f"{name:34} {median * 1e3:7.2f} ms   p90 {worst * 1e3:7.2f}   CPU {used * 1e3:6.2f} ms")


def boxes(workspace: Path) -> list[tuple[str, Policy, dict]]:
    working = {status.rung for status in ladder() if status.works}
    policy = Policy(workspace)
    found = [(rung.value, policy, {"rung": rung}) for rung in working]
    return [*sorted(found), (Rung.UNISOLATED.value, policy, {"unisolated": True})]


def bomb(policy: Policy, options: dict) -> float:
    limits = Limits(wall_s=1.0, processes=100)
    box = Sandbox(Policy(policy.workspace, limits=limits), **options)
    began = time.perf_counter()
    box.run([sys.executable, "-I", "-S", "-c", BOMB])
    return time.perf_counter() - began - limits.wall_s


def _called(call: Callable, name: str, arguments: dict) -> object:
    return asyncio.run(call(name, arguments))


def main(calls: int) -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        for n in range(200):
            (workspace / f"module_{n}.py").write_text(f"def f_{n}():\n    return {n}\n" * 50)
        repeat("floor: subprocess true", lambda: subprocess.run(["true"], check=True), calls)
        for name, policy, options in boxes(workspace):
            box = Sandbox(policy, **options)
            repeat(f"{name}: true", lambda box=box: box.run(["true"]), calls)
        call = AgentTools(workspace).execute
        for name, args in (
            ("read_file", {"path": "module_7.py"}),
            ("write_file", {"path": "new.py", "content": "x = 1\n"}),
            ("list_files", {"path": "."}),
            ("apply_patch", {"patch": "new.py\n```\nx = 2\n```\n"}),
            ("search", {"pattern": "f_7\\b"}),
        ):
            repeat(f"tool {name}", partial(_called, call, name, args), calls)
        repeat("floor: an empty asyncio.run", lambda: asyncio.run(asyncio.sleep(0)), calls)
        for name, policy, options in boxes(workspace):
            late = [bomb(policy, options) for _ in range(3)]
            print(
                f"{name}: a fork bomb is gone {max(late) * 1e3:.0f} ms after its time (worst of 3)"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
