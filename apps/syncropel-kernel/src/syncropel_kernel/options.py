"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

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
Endpoint = Annotated[str, typer.Option(envvar="SYNCROPEL_ENDPOINT", help="The server.")]
ApiKeyOption = Annotated[
    str | None, typer.Option("--api-key", envvar="SYNCROPEL_API_KEY", help="If it wants one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
LOCAL = "http://localhost:9100"
