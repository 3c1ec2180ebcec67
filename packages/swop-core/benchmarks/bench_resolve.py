"""What `swop resolve` costs on a project of 500 artifacts, in CPU seconds of whole processes.

    python benchmarks/bench_resolve.py

Warm: the scan's cache is there. `nothing differs` and `one field differs` compare with the
committed manifests, `--against HEAD` with those of a commit. The floor is a Python process
that does nothing.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

CONTEXTS, EACH, ROUNDS = 10, 50, 7
GOAL = 0.3


def write_project(root: Path) -> None:
    """Ten contexts with fifty artifacts each, in files of ten."""
    (root / "swop.yaml").write_text("version: 1\nproject: big\nsource_roots: [src]\n")
    kinds = ("command", "query", "event")
    for context in range(CONTEXTS):
        folder = root / "src" / f"ctx{context}"
        folder.mkdir(parents=True)
        for part in range(EACH // 10):
            lines = ["from dataclasses import dataclass", "from swop import command, event, query"]
            lines += ["@dataclass\nclass Item:\n    sku: str\n    count: int\n"]
            for number in range(part * 10, part * 10 + 10):
                mark = kinds[number % 3]
                lines.append(
                    f"@{mark}('ctx{context}')\n@dataclass\nclass A{context}x{number}:\n"
                    "    customer_id: int\n    amount: float\n    note: str | None = None\n"
                    "    items: list[Item] = ()\n    tags: dict[str, int] = None\n"
                )
            (folder / f"part{part}.py").write_text("\n".join(lines))


def cpu(root: Path, *arguments: str) -> float:
    """CPU seconds of one process, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *arguments], check=False, cwd=root, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, 1}:
        raise SystemExit(done.stderr.decode())
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def swop(*arguments: str) -> list[str]:
    return ["-c", "import sys; from swop_cli.main import main; sys.exit(main())", *arguments]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="swop-bench-") as folder:
        root = Path(folder)
        write_project(root)
        for arguments in (["gen", "manifests"], ["gen", "proto"]):
            cpu(root, *swop(*arguments))
        settings = ["-c", "user.name=b", "-c", "user.email=b@example.org"]
        for command in (["init", "-q"], ["add", "-A"], [*settings, "commit", "-qm", "one"]):
            subprocess.run(["git", *command], cwd=root, check=True, env=dict(os.environ))
        rows = [("floor: python -c pass", ["-c", "pass"])]
        rows += [("nothing differs", swop("resolve", "--strict"))]
        rows += [("nothing differs, --against HEAD", swop("resolve", "--against", "HEAD"))]
        for name, arguments in rows:
            show(root, name, arguments)
        path = root / "src/ctx0/part0.py"
        path.write_text(path.read_text().replace("    amount: float\n", "", 1))
        time.sleep(2.5)  # a file as young as a scan is looked at again by the next one
        cpu(root, *swop("resolve"))
        show(root, "one field differs", swop("resolve", "--strict"))
        show(root, "one field differs, --against HEAD", swop("resolve", "--against", "HEAD"))
    return 0


def show(root: Path, name: str, arguments: list[str]) -> None:
    cpu(root, *arguments)
    found = [cpu(root, *arguments) for _ in range(ROUNDS)]
    word = "" if name.startswith("floor") else "met" if median(found) <= GOAL else "NOT met"
    print(f"{name:36} {median(found):6.3f} s  (min {min(found):.3f})  {word}")


if __name__ == "__main__":
    raise SystemExit(main())
