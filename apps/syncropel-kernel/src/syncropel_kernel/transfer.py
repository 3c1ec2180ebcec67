"""`syncropel export` and `syncropel import`: records as lines of JSON."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from syncropel.kernel import Refusal, parse_json

from .errors import LineError
from .options import LOCAL, ApiKey, AsJson, DirectDb, DirectPostgres, Endpoint, InThread
from .render import failing, visible
from .sources import existing, source

_AT_ONCE = 500
_LONGEST_BATCH = 4 << 20

ToFile = Annotated[Path, typer.Argument(metavar="[FILE]", help="- is standard output.")]
FromFile = Annotated[Path, typer.Argument(metavar="[FILE]", help="- is standard input.")]


def export(
    file: ToFile = Path("-"),
    *,
    thread: InThread = None,
    db: DirectDb = None,
    postgres: DirectPostgres = None,
    endpoint: Endpoint = LOCAL,
    api_key: ApiKey = None,
) -> None:
    """Write records, one per line, in the order they were stored."""
    count = 0
    with (
        failing(),
        source(db=existing(db), postgres=postgres, endpoint=endpoint, api_key=api_key) as records,
        _writing(file) as out,
    ):
        for record in records.records(thread=thread):
            text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
            out.write(f"{text}\n".encode())
            count += 1
    typer.echo(f"{count} records written", err=True)


def import_(
    file: FromFile = Path("-"),
    *,
    db: DirectDb = None,
    postgres: DirectPostgres = None,
    endpoint: Endpoint = LOCAL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Store the records of an export; those that are there already change nothing.

    Exits 1 when some were refused: each is named by its line.
    """
    counts = {"created": 0, "known": 0, "refused": 0}
    with (
        failing(),
        source(db=db, postgres=postgres, endpoint=endpoint, api_key=api_key) as store,
        _reading(file) as lines,
    ):
        for numbers, records in _batches(lines):
            for number, outcome in zip(numbers, store.put(records), strict=True):
                counts[_word(outcome.created, outcome.code)] += 1
                if outcome.code:
                    remark = f"line {number}: {outcome.code}: {visible(outcome.message)}"
                    typer.echo(remark, err=True)
    said = ", ".join(f"{count} {word}" for word, count in counts.items())
    typer.echo(json.dumps(counts) if as_json else said)
    if counts["refused"]:
        raise typer.Exit(1)


def _word(created: bool, code: str) -> str:  # noqa: FBT001 (the two halves of an outcome)
    return "refused" if code else "created" if created else "known"


def _batches(lines: BinaryIO) -> Iterator[tuple[list[int], list[Any]]]:
    """Yield records with their line numbers, a moderate amount at a time.

    Raises:
        LineError: a line is no JSON; what came before it was yielded.
    """
    numbers: list[int] = []
    records: list[Any] = []
    size = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if records and (len(records) == _AT_ONCE or size + len(line) > _LONGEST_BATCH):
            yield numbers, records
            numbers, records, size = [], [], 0
        record = parse_json(line)
        if isinstance(record, Refusal):
            if records:
                yield numbers, records
            raise LineError(record.message, line=number)
        numbers.append(number)
        records.append(record)
        size += len(line)
    if records:
        yield numbers, records


@contextmanager
def _writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears when it is complete, or standard output."""
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as out:
            yield out
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    with path.open("rb") as lines:
        yield lines
