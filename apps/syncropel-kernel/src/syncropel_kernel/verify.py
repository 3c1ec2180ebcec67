"""`syncropel verify`: is every record what it says it is?"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

from syncropel import verify_record
from syncropel.kernel import Refusal, check_record

from .options import LOCAL, ApiKey, AsJson, DirectDb, DirectPostgres, Endpoint, InThread
from .render import failing, table
from .sources import Source, existing, source

_ANY_SIZE = 1 << 40


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be."""

    record: str
    what: str
    why: str


def verify(
    *,
    thread: InThread = None,
    db: DirectDb = None,
    postgres: DirectPostgres = None,
    endpoint: Endpoint = LOCAL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every id, check signatures and parents, and with --db the file. Exits 1 if not."""
    counts = {"records": 0, "signed": 0, "unresolved": 0}
    with (
        failing(),
        source(db=existing(db), postgres=postgres, endpoint=endpoint, api_key=api_key) as records,
    ):
        findings = [Finding("", "file", line) for line in records.faults()]
        findings += examine(records, thread=thread, counts=counts)
    if as_json:
        found = [{"id": each.record, "what": each.what, "why": each.why} for each in findings]
        typer.echo(json.dumps({**counts, "findings": found}))
    else:
        _show(counts, findings)
    if findings:
        raise typer.Exit(1)


def examine(records: Source, *, thread: str | None, counts: dict[str, int]) -> Iterator[Finding]:
    """Visit what is wrong with records; `counts` grows on the way."""
    keys = records.trusted()
    seen: set[str] = set()
    for record in records.records(thread=thread):
        counts["records"] += 1
        record_id = str(record.get("id"))
        checked = check_record(record, max_bytes=_ANY_SIZE)
        if isinstance(checked, Refusal):
            yield Finding(
                record_id, "id" if checked.code == "ID_MISMATCH" else "form", checked.message
            )
            continue
        seen.add(record_id)
        yield from _signature(record, keys, counts)
        for parent in record["parents"]:
            if parent not in seen and not records.has(parent):
                yield Finding(record_id, "parent", f"there is no record {parent[:80]}")


def _signature(
    record: dict[str, Any], keys: dict[str, frozenset[str]], counts: dict[str, int]
) -> Iterator[Finding]:
    if record.get("signature") is None:
        return
    counts["signed"] += 1
    found = verify_record(record, keys=keys)
    if found.status == "unresolved":
        counts["unresolved"] += 1
    elif not found.valid:
        yield Finding(str(record["id"]), "signature", found.reason)


def _show(counts: dict[str, int], findings: list[Finding]) -> None:
    if findings:
        table(("id", "what", "why"), [(each.record[:12], each.what, each.why) for each in findings])
    signed = f"{counts['signed']} signed"
    if counts["unresolved"]:
        signed += f" ({counts['unresolved']} by keys that nobody vouches for)"
    typer.echo(f"{counts['records']} records, {signed}, {len(findings)} findings", err=True)
