"""A project whose services are generated and started by tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swop import (
    SwopConfig,
    generate_manifests,
    generate_proto_from_manifests,
    generate_services,
    scan_project,
)

from .projects import project

OPS = """
    import datetime as dt
    from dataclasses import dataclass, field
    from decimal import Decimal
    from enum import Enum
    from pathlib import Path
    from typing import Literal
    from uuid import UUID
    from swop import command, event, handler, query

    class Currency(Enum):
        EUR = "eur"
        USD = "usd"

    @dataclass
    class Line:
        text: str
        price: Decimal
        tags: list[str] = field(default_factory=list)

    @command("billing")
    @dataclass
    class IssueInvoice:
        customer: UUID
        lines: list[Line]
        currency: Currency
        due: dt.timedelta | None
        grid: list[list[int]]
        by: int | str
        totals: dict[str, Decimal]
        at: dt.datetime
        mode: Literal["fast", "slow"] = "fast"
        note: str = "none"

    @event("billing")
    @dataclass
    class InvoiceIssued:
        number: int
        said: str

    @query("billing")
    @dataclass
    class FindLines:
        wanted: str
        most: int = 2

    @command("billing")
    @dataclass
    class Fail:
        why: str

    @command("billing")
    @dataclass
    class Nobody:
        why: str

    @handler(IssueInvoice)
    class Issuer:
        def handle(self, it: IssueInvoice) -> list[InvoiceIssued]:
            return [InvoiceIssued(number=len(it.lines), said=repr(it))]

    @handler(FindLines)
    class Finder:
        async def handle(self, it: FindLines) -> list[Line]:
            return [Line(it.wanted, Decimal("1.50"), [str(n)]) for n in range(it.most)]

    @handler(Fail)
    class Failing:
        def handle(self, it: Fail) -> int:
            raise RuntimeError(it.why)

    @handler(InvoiceIssued)
    class Keeper:
        def handle(self, it: InvoiceIssued) -> None:
            if it.said == "break":
                raise RuntimeError("broken on purpose")
            with Path("kept.txt").open("a") as file:
                file.write(f"{it.number} {it.said}\\n")
"""


def services(root: Path, bus: str) -> SwopConfig:
    """Generate the services of the project for a bus."""
    config = project(root, {"src/ops.py": OPS}, "version: 1\nsource_roots: [src]\n")
    generate_manifests(scan_project(config), config)
    protos = config.generated_path / "proto"
    generate_proto_from_manifests(config.manifests_path, protos, lock=config.lock_path)
    generate_services(config.manifests_path, config.generated_path / "services", bus=bus)
    return config


@contextmanager
def running(config: SwopConfig, role: str, **environ: str) -> Iterator[str]:
    """A started server or worker; gives what it said when it was ready."""
    paths = [config.generated_path / "services", config.project_root / "src"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), **environ}
    process = subprocess.Popen(
        [sys.executable, "-m", f"billing.{role}"],
        cwd=config.project_root,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        if not ready:
            raise AssertionError(process.communicate(timeout=30)[1])
        yield ready.strip()
    finally:
        process.terminate()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
