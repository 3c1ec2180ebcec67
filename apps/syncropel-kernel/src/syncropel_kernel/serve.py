"""`syncropel serve`: a kernel on this machine."""

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from .options import AsJson, DbPath, PostgresDsn
from .render import failing
from .wiring import is_loopback, make_program, open_store

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def serve(
    *,
    db: DbPath = None,
    postgres: PostgresDsn = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 9100,
    auth: Annotated[bool, typer.Option("--auth", help="Ask for API keys on loopback too.")] = False,
    signed: Annotated[
        bool, typer.Option("--require-signatures", help="Take signed records alone.")
    ] = False,
    certificate: Annotated[
        Path | None, typer.Option("--tls-cert", exists=True, help="Serve HTTPS with this.")
    ] = None,
    private_key: Annotated[
        Path | None, typer.Option("--tls-key", exists=True, help="The certificate's key.")
    ] = None,
    heartbeat: Annotated[
        float, typer.Option(min=0.05, help="Seconds between the heartbeats of a watch.")
    ] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Run a server until it is told to stop. Elsewhere than on loopback it asks for API keys."""
    from .server import ServerSettings
    from .server.listen import bind
    from .server.listen import serve as serve_program

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    local = is_loopback(host)
    settings = ServerSettings(
        auth=auth or not local,
        hosts=_LOCAL_NAMES | {host} if local else frozenset(),
        heartbeat_s=heartbeat,
    )
    with failing():
        address = "127.0.0.1" if host == "localhost" else host
        store = open_store(db, postgres)
        try:
            program = make_program(store, host=address, signed=signed, settings=settings)
            listener = bind(address, port)
        except BaseException:  # also of Ctrl-C: nobody else closes what was opened here
            store.close()
            raise
        bound = listener.getsockname()[1]
        shown = f"[{address}]" if ":" in address else address
        url = f"http{'s' if certificate else ''}://{shown}:{bound}"

        def ready() -> None:
            if as_json:
                typer.echo(json.dumps({"url": url, "store": store.name, "auth": settings.auth}))
            else:
                typer.echo(f"listening on {url}, records in {store.where}", err=True)

        serve_program(
            program, listener, ready=ready,
            certificate=str(certificate) if certificate else None,
            private_key=str(private_key) if private_key else None,
        )  # fmt: skip
