"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Final

import typer

LOCAL: Final = "http://localhost:9100"

DbPath = Annotated[
    Path | None,
    typer.Option(
        "--db", envvar="SYNCROPEL_DB", help="The SQLite file.",
        show_default="syncropel/kernel.db among your data",
    ),
]  # fmt: skip
PostgresDsn = Annotated[
    str | None,
    typer.Option("--postgres", envvar="SYNCROPEL_POSTGRES", help="A PostgreSQL DSN instead."),
]
DirectDb = Annotated[
    Path | None, typer.Option("--db", help="This SQLite file, instead of asking a server.")
]
DirectPostgres = Annotated[
    str | None, typer.Option("--postgres", help="This database, instead of asking a server.")
]
Endpoint = Annotated[
    str, typer.Option("--endpoint", envvar="SYNCROPEL_ENDPOINT", help="The server.")
]
ApiKey = Annotated[
    str | None,
    typer.Option("--api-key", envvar="SYNCROPEL_API_KEY", help="The key, if it wants one."),
]
InThread = Annotated[str | None, typer.Option("--thread", help="Only this thread.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
