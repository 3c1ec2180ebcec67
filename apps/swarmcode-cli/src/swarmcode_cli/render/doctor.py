"""The findings of `swarmcode doctor`, as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from ..doctor import Check, worst

MARKS = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "fail": "[red]fail[/]"}


def as_json(checks: Sequence[Check]) -> str:
    """Return `{"status": …, "checks": [{"name", "status", "found", "fix"}, …]}`."""
    document = {"status": worst(checks), "checks": [asdict(check) for check in checks]}
    return json.dumps(document, ensure_ascii=False, indent=2)


def as_table(checks: Sequence[Check], console: Console) -> None:
    """Print one row a check, with the fix where there is one."""
    table = Table(box=None, header_style="bold")
    for heading in ("check", "status", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        table.add_row(check.name, MARKS[check.status], check.found, check.fix)
    console.print(table)
