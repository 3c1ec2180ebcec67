"""The tables on PostgreSQL, and how older ones become these.

Threads, actors, kinds and refs are looked up by a digest of 16 bytes: they may be longer than an
index entry can be, and hold characters that a text of PostgreSQL cannot. Words are numbers for
the same reason. The record itself is JSON text, in which every character can be said.
"""

from typing import Final

import psycopg

from syncropel import StoreCorruptError

MIGRATIONS: Final = (
    """
    CREATE TABLE syncropel_records (
        sequence BIGINT PRIMARY KEY,
        id BYTEA NOT NULL UNIQUE,
        thread BYTEA NOT NULL,
        actor BYTEA NOT NULL,
        kind BYTEA,
        clock BIGINT NOT NULL,
        words BIGINT[] NOT NULL,
        record TEXT NOT NULL,
        UNIQUE (thread, actor, clock)
    );
    CREATE INDEX ON syncropel_records (thread, sequence);
    CREATE INDEX ON syncropel_records (actor, sequence);
    CREATE INDEX ON syncropel_records (kind, sequence) WHERE kind IS NOT NULL;
    CREATE INDEX ON syncropel_records USING gin (words);
    CREATE TABLE syncropel_refs (
        ref BYTEA NOT NULL, sequence BIGINT NOT NULL, PRIMARY KEY (ref, sequence)
    );
    CREATE TABLE syncropel_threads (
        thread BYTEA PRIMARY KEY, name BYTEA NOT NULL, first_sequence BIGINT NOT NULL UNIQUE,
        records BIGINT NOT NULL, last_sequence BIGINT NOT NULL
    );
    CREATE TABLE syncropel_clocks (
        thread BYTEA NOT NULL, actor BYTEA NOT NULL, name BYTEA NOT NULL, clock BIGINT NOT NULL,
        PRIMARY KEY (thread, actor)
    );
    CREATE TABLE syncropel_moments (sequence BIGINT PRIMARY KEY, moment DOUBLE PRECISION NOT NULL);
    CREATE INDEX ON syncropel_moments (moment);
    CREATE TABLE syncropel_notes (
        shelf TEXT NOT NULL, name TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (shelf, name)
    )
    """,
)
WRITERS: Final = 0x53594E43524F50
"""The advisory lock that a writer holds until its commit."""
_MIGRATING: Final = WRITERS + 1


def prepare(db: psycopg.Connection, *, where: str) -> None:
    """Make the tables, or bring older ones up to this version, in one transaction.

    Raises:
        StoreCorruptError: the tables are of a version still to come.
    """
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATING,))
        db.execute("CREATE TABLE IF NOT EXISTS syncropel_version (version INTEGER NOT NULL)")
        row = db.execute("SELECT version FROM syncropel_version").fetchone()
        version = row[0] if row else 0
        if version > len(MIGRATIONS):
            raise StoreCorruptError(
                f"the tables are of version {version}, this program knows {len(MIGRATIONS)}; "
                "update it",
                where=where,
            )
        for script in MIGRATIONS[version:]:
            db.execute(script.encode())
        if version < len(MIGRATIONS):
            db.execute("DELETE FROM syncropel_version")
            db.execute("INSERT INTO syncropel_version VALUES (%s)", (len(MIGRATIONS),))
