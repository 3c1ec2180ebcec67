"""The tables, and how a file of an older version becomes one of this version.

Texts that repeat (threads, actors, kinds, refs) are kept once and numbered: the indexes are
small, and a thread's number says in which order threads began. A migration is never edited
once it was published; a new one is added at the end.
"""

import sqlite3
from typing import Final

from ...errors import StoreCorruptError

APPLICATION_ID: Final = 0x53594E4B  # "SYNK"

MIGRATIONS: Final = (
    """
    CREATE TABLE records (
        sequence INTEGER PRIMARY KEY,
        id BLOB NOT NULL,
        thread INTEGER NOT NULL,
        actor INTEGER NOT NULL,
        kind INTEGER,
        clock INTEGER NOT NULL,
        record TEXT NOT NULL
    );
    CREATE UNIQUE INDEX records_by_id ON records (id);
    CREATE UNIQUE INDEX records_by_slot ON records (thread, actor, clock);
    CREATE INDEX records_by_thread ON records (thread, sequence, clock);
    CREATE INDEX records_by_actor ON records (actor);
    CREATE INDEX records_by_kind ON records (kind) WHERE kind IS NOT NULL;
    CREATE TABLE refs (
        ref INTEGER NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (ref, sequence)
    ) WITHOUT ROWID;
    CREATE TABLE names (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE threads (
        thread INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        records INTEGER NOT NULL, last_sequence INTEGER NOT NULL
    );
    CREATE TABLE clocks (
        thread INTEGER NOT NULL, actor INTEGER NOT NULL, clock INTEGER NOT NULL,
        PRIMARY KEY (thread, actor)
    ) WITHOUT ROWID;
    CREATE VIRTUAL TABLE words USING fts5 (
        found, content = '', detail = none, columnsize = 0, tokenize = "ascii tokenchars '_'"
    )
    """,
    """
    CREATE TABLE moments (moment REAL NOT NULL, sequence INTEGER PRIMARY KEY);
    CREATE INDEX moments_in_order ON moments (moment);
    CREATE TABLE notes (
        shelf TEXT NOT NULL, name TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (shelf, name)
    ) WITHOUT ROWID
    """,
)
"""What each version adds to the one before: records; then arrival times and a host's notes."""


def prepare(db: sqlite3.Connection, *, path: str, upto: int = len(MIGRATIONS)) -> None:
    """Make the tables, or bring those of an older version up to this one, in one transaction."""
    if version_of(db, path) >= upto:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for script in MIGRATIONS[version_of(db, path) : upto]:  # asked again: another may have been
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {upto}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def version_of(db: sqlite3.Connection, path: str) -> int:
    """Return the version of a store's file, 0 for an empty one; writes nothing.

    Raises:
        StoreCorruptError: the file is another program's, or of a version still to come.
    """
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    empty = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if empty and not version:
        return 0
    if application != APPLICATION_ID:
        raise StoreCorruptError("this is another program's database", where=path)
    if version > len(MIGRATIONS):
        raise StoreCorruptError(
            f"the store is of version {version}, this program knows {len(MIGRATIONS)}; update it",
            where=path,
        )
    return version
