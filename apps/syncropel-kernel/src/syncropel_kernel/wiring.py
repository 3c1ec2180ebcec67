"""The one place where stores, kernels and servers are put together."""

import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from syncropel.kernel import Kernel, SqliteStore, Store

from .errors import MissingExtraError, ServeError
from .keys import Notes, all_keys
from .signers import signature_rule

if TYPE_CHECKING:
    from .server import Program, ServerSettings


class NotingStore(Store, Protocol):
    """A store that also keeps its host's notes."""

    @property
    def where(self) -> str:
        """Where it is, as a person knows it."""
        ...

    def faults(self) -> list[str]:
        """Return what is wrong beneath the records, line by line."""
        ...

    @property
    def notes(self) -> Notes:
        """Where keys and trusted signers are kept."""
        ...


def default_path() -> Path:
    """Return where a person's records are when nobody says otherwise."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(home) / "syncropel" / "kernel.db"


def open_store(db: Path | None, postgres: str | None = None) -> NotingStore:
    """Open a store.

    Raises:
        StoreError: it cannot be opened.
        ServeError: two stores were named.
        MissingExtraError: psycopg is not installed.
    """
    if postgres is None:
        return SqliteStore(db or default_path())
    if db is not None:
        raise ServeError("name one store: --db or --postgres")
    try:
        from .postgres import PostgresStore
    except ImportError as error:
        raise MissingExtraError("postgres", purpose="a store on PostgreSQL") from error
    return PostgresStore(postgres)


@contextmanager
def opened(db: Path | None, postgres: str | None = None) -> Iterator[NotingStore]:
    """Open a store for one block."""
    store = open_store(db, postgres)
    try:
        yield store
    finally:
        store.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make_program(
    store: NotingStore, *, host: str, signed: bool, settings: "ServerSettings"
) -> "Program":
    """Put a server together for an address.

    Raises:
        ServeError: others could reach it, and no API key has been made.
    """
    from .server import Program  # starlette and uvicorn: other commands start without them

    if not is_loopback(host) and not all_keys(store.notes):
        raise ServeError(
            f"others can reach {host}, so API keys are required, and there is none yet; "
            "make one with: syncropel keys create did:example:me"
        )
    rule = signature_rule(store.notes, required=signed)
    kernel = Kernel(store, limits=settings.kernel, admit=rule)
    return Program(kernel, notes=store.notes, settings=settings)
