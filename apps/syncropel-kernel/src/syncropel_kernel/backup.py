"""`syncropel backup`: a copy of a store, while it is in use."""

import json
from pathlib import Path
from typing import Annotated

import typer

from syncropel.kernel import SqliteStore

from .options import AsJson, DbPath
from .render import fail, failing, size
from .sources import existing
from .wiring import default_path


def backup(
    to: Annotated[Path, typer.Argument(metavar="TO", help="The copy's file.")],
    *,
    db: DbPath = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy one moment of a SQLite store, also of one that is being served."""
    if to.exists() and not force:
        fail(f"{to}: there is a file already; --force replaces it")
    with failing():
        path = existing(db or default_path())
        store = SqliteStore(path or default_path())
        try:
            store.back_up(to)
        finally:
            store.close()
        with_records = SqliteStore(to)
        try:
            records = with_records.count()
        finally:
            with_records.close()
    if as_json:
        typer.echo(json.dumps({"records": records, "bytes": to.stat().st_size}))
    else:
        typer.echo(f"{records} records, {size(to.stat().st_size)}")
