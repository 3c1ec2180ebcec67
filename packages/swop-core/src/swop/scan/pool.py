"""Reading many files at once, in worker processes when there is enough to share.

The workers are plain subprocesses of this interpreter that speak JSON over pipes: unlike
`multiprocessing` they never import the caller's main module, so that a script without a main
guard can scan a project.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable, Mapping

from .content import Content
from .walk import SourceFile

# Below this many bytes, starting Python again costs more than it saves.
POOL_BYTES = 12 * 1024 * 1024
_BATCH_SECONDS = 300


def read_many(
    sources: Mapping[str, bytes],
    files: Mapping[str, tuple[SourceFile, Content]],
    progress: Callable[[int, int], None] | None = None,
    *,
    pool_bytes: int = POOL_BYTES,
) -> None:
    """Read the facts of these files into their contents."""
    workers = min(os.cpu_count() or 1, 8)
    rels = sorted(sources)
    if workers > 1 and sum(map(len, sources.values())) >= pool_bytes:
        from concurrent.futures import ThreadPoolExecutor

        batches = [rels[number::workers] for number in range(workers)]
        with ThreadPoolExecutor(workers) as threads:
            outcomes = threads.map(lambda batch: _in_subprocess(batch, sources), batches)
            for batch, rows in zip(batches, outcomes, strict=True):
                for rel, row in zip(batch, rows, strict=False):
                    files[rel][1].take(*row)
    for number, rel in enumerate(rels):
        if not files[rel][1].is_read:
            files[rel][1].read(sources[rel])
        if progress is not None and number % 64 == 0:
            progress(number, len(rels))


def _in_subprocess(
    batch: list[str], sources: Mapping[str, bytes]
) -> list[tuple[str | None, tuple[int, str] | None]]:
    """Facts or problems for a batch; nothing when the worker fails, then they are read here."""
    import subprocess

    lines = "\n".join(base64.b85encode(sources[rel]).decode("ascii") for rel in batch)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "swop.scan.worker"],
            input=lines.encode("ascii"),
            capture_output=True,
            timeout=_BATCH_SECONDS,
            env=environment,
            check=True,
        )
        rows = [json.loads(line) for line in done.stdout.splitlines()]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    return [(facts, tuple(problem) if problem else None) for facts, problem in rows]
