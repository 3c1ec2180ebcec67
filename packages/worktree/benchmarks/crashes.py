"""Cut a commit short at every system call, with every fault, for 1 to 4 artifacts.

    python benchmarks/crashes.py

On a simulated disk that loses what was not synced; see `worktree.testing.crashes`.
"""

from __future__ import annotations

import sys
import time

from worktree.storage import Put, Remove
from worktree.testing.crashes import Scenario, Tally, exhaust


def scenarios(artifacts: int) -> list[Scenario]:
    """A commit that updates, one that creates in a new folder, one of every kind of change."""
    keys = [f"a{i}.json" for i in range(artifacts)]
    old = [Put(key, b"old " + key.encode()) for key in keys]
    new = [Put(key, b"new! " + key.encode() * 3) for key in keys]
    created = [Put(f"d/{key}", key.encode()) for key in keys]
    return [
        Scenario(f"update {artifacts}", old, new, keys),
        Scenario(
            f"create {artifacts}",
            [Put("z", b"z")],
            [*created, Put("z", b"zz")],
            [*(put.key for put in created), "z"],
        ),
        Scenario(
            f"all kinds, {artifacts}",
            [*old, Put("log", b"1\n"), Put("f/x/y", b"1")],
            [
                *new[1:],
                Remove(keys[0]),
                Put("log", b"1\n2\n", keep=2),
                Remove("f"),
                Put("n/m/o", b"1"),
            ],
            [*keys, "log", "f/x/y", "n/m/o"],
        ),
    ]


def main() -> None:
    wrong = 0
    for artifacts in range(1, 5):
        for scenario in scenarios(artifacts):
            start, tally = time.process_time(), Tally()
            findings = list(exhaust(scenario, tally=tally))
            wrong += len(findings)
            print(
                f"{scenario.name:14} {tally.calls:3} calls, {tally.runs:6} outcomes, "
                f"{len(findings)} wrong, {time.process_time() - start:.1f} s"
            )
            for finding in findings[:5]:
                print("   ", finding)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
