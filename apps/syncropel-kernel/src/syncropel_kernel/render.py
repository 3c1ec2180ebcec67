"""How the command shows things to people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NoReturn

import typer

from syncropel import SyncropelError

from .errors import KernelError

_KNOWN: Final = frozenset({"kind", "_refs", "_v"})
"""What a record's line shows elsewhere, or need not show."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns; control characters of untrusted text are made visible."""
    lines = [head, *([visible(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def records_table(records: Sequence[Mapping[str, Any]]) -> None:
    """Print records, one per line."""
    if not records:
        typer.echo("nothing here")
        return
    head = ("id", "clock", "act", "actor", "thread", "kind", "body")
    table(head, [_cells(record) for record in records])


def record_line(record: Mapping[str, Any]) -> str:
    """Return a record as one line, for records that come one by one."""
    return "  ".join(visible(cell) for cell in _cells(record))


def _cells(record: Mapping[str, Any]) -> tuple[str, ...]:
    body = {name: value for name, value in record["body"].items() if name not in _KNOWN}
    return (
        record["id"][:12],
        str(record["clock"]),
        record["act"],
        _short(record["actor"], 40),
        _short(record["thread"], 30),
        _short(str(record["body"].get("kind", "")), 40),
        _short(json.dumps(body, ensure_ascii=False), 60),
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def age(seconds: float) -> str:
    """Return a length of time as people say it."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def size(count: int) -> str:
    """Return a number of bytes as people say it."""
    for unit, length in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count} bytes"


def fail(message: str) -> NoReturn:
    """End the command with one line and exit code 2."""
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(2)


@contextmanager
def failing() -> Iterator[None]:
    """End the command with one line where its work raises what is expected to go wrong."""
    try:
        yield
    except (KernelError, SyncropelError, OSError) as error:
        fail(visible(str(error)))


def visible(text: str) -> str:
    """Return a text that cannot move the cursor, ring the bell or look like another line."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
