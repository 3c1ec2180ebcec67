"""Numbers for texts that repeat: actors, kinds and refs in one table, threads in another."""

import sqlite3
from collections.abc import Iterable
from typing import Final

_MOST_REMEMBERED: Final = 50_000
_AT_ONCE: Final = 500


class Names:
    """Finds the numbers of names in a table, and gives numbers to new ones.

    What it remembers came from committed rows alone: a number that was rolled back may later
    belong to another name.
    """

    def __init__(self, table: str) -> None:
        number, rest = ("thread", "(name, records, last_sequence) VALUES (?, 0, 0)")
        if table == "names":
            number, rest = ("number", "(name) VALUES (?)")
        self._select = f"SELECT name, {number} FROM {table} WHERE name IN "  # noqa: S608 (ours)
        self._insert = f"INSERT INTO {table} {rest}"
        self._remembered: dict[str, int] = {}
        self._fresh: dict[str, int] = {}

    def known(self, db: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
        """Return the numbers of those names that have one."""
        found, unknown = {}, []
        for name in set(names):
            number = self._remembered.get(name) or self._fresh.get(name)
            if number is None:
                unknown.append(name)
            else:
                found[name] = number
        for start in range(0, len(unknown), _AT_ONCE):
            some = unknown[start : start + _AT_ONCE]
            rows = db.execute(f"{self._select} ({', '.join('?' * len(some))})", some)
            found.update(rows.fetchall())
        return found

    def numbered(self, db: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
        """Return the numbers of all names, in a transaction that `settle` has to end."""
        names = list(dict.fromkeys(names))
        numbers = self.known(db, names)
        for name in names:
            if name not in numbers:
                numbers[name] = int(db.execute(self._insert, (name,)).lastrowid or 0)
        self._fresh.update(numbers)
        return numbers

    def settle(self, *, committed: bool) -> None:
        """Remember what the transaction numbered, or forget it."""
        if committed:
            if len(self._remembered) > _MOST_REMEMBERED:
                self._remembered = {}
            self._remembered.update(self._fresh)
        self._fresh = {}
