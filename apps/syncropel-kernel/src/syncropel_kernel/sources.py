"""Where a command's records come from, or go to: a store of this machine, or a server."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from syncropel import StoreUnavailableError
from syncropel.kernel import Ingested, Kernel, Refusal, Selection

from .remote import Record, Remote, asking
from .signers import Trusted, signature_rule, trusted
from .wiring import NotingStore, opened


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record."""

    created: bool
    code: str = ""
    message: str = ""


class Source(Protocol):
    """Records to read, and a place to put records."""

    def records(self, *, thread: str | None = None) -> Iterator[Record]:
        """Visit records by ascending sequence."""
        ...

    def has(self, record_id: str) -> bool:
        """Whether there is a record with this id."""
        ...

    def put(self, records: Sequence[Any]) -> list[Outcome]:
        """Store records."""
        ...

    def faults(self) -> list[str]:
        """Return what is wrong beneath the records, line by line."""
        ...

    def trusted(self) -> Trusted:
        """Return who may sign for whom, as far as the source knows."""
        ...


@dataclass(frozen=True, slots=True)
class StoreSource:
    """A store that this process opens itself."""

    store: NotingStore

    def records(self, *, thread: str | None = None) -> Iterator[Record]:
        """Visit records by ascending sequence."""
        return self.store.scan(Selection(thread=thread))

    def has(self, record_id: str) -> bool:
        """Whether there is a record with this id."""
        return self.store.get(record_id) is not None

    def put(self, records: Sequence[Any]) -> list[Outcome]:
        """Store records; what is signed has to be signed rightly here too."""
        kernel = Kernel(self.store, admit=signature_rule(self.store.notes, required=False))
        return [_outcome(each) for each in kernel.ingest_many(records)]

    def faults(self) -> list[str]:
        """Return what is wrong with the file."""
        return self.store.faults()

    def trusted(self) -> Trusted:
        """Return who may sign for whom."""
        return trusted(self.store.notes)


@dataclass(frozen=True, slots=True)
class ServerSource:
    """A server that is asked."""

    remote: Remote

    def records(self, *, thread: str | None = None) -> Iterator[Record]:
        """Visit records by ascending sequence."""
        return self.remote.everything(thread=thread)

    def has(self, record_id: str) -> bool:
        """Whether there is a record with this id."""
        asked = {"filter": {"id": record_id}, "limit": 0}
        return bool(self.remote.post("/v1/records/query", asked)["matched_total"])

    def put(self, records: Sequence[Any]) -> list[Outcome]:
        """Store records through the batch door."""
        answer = self.remote.post("/v1/records/batch", {"records": list(records)})
        return [
            Outcome(
                created=each.get("status") == "created",
                code=each.get("code", ""),
                message=each.get("message", ""),
            )
            for each in answer["results"]
        ]

    def faults(self) -> list[str]:
        """Return nothing: what is beneath the records is the server's own business."""
        return []

    def trusted(self) -> Trusted:
        """Return nothing: a server does not tell whom it trusts."""
        return {}


@contextmanager
def source(
    *, db: Path | None, postgres: str | None, endpoint: str, api_key: str | None
) -> Iterator[Source]:
    """Open the store that was named, or else ask the server."""
    if db is None and postgres is None:
        with asking(endpoint, api_key) as remote:
            yield ServerSource(remote)
        return
    with opened(db, postgres) as store:
        yield StoreSource(store)


def existing(db: Path | None) -> Path | None:
    """Return the path: looking at a store must not make one.

    Raises:
        StoreUnavailableError: there is no such file.
    """
    if db is not None and not db.is_file():
        raise StoreUnavailableError("there is no store here", where=str(db))
    return db


def _outcome(outcome: Ingested | Refusal) -> Outcome:
    if isinstance(outcome, Refusal):
        return Outcome(created=False, code=outcome.code, message=outcome.message)
    return Outcome(created=outcome.created)
