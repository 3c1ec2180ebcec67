"""Small things that a host keeps beside the records."""

import json
from typing import Any

from .connections import Connections


class Notes:
    """JSON values under a shelf and a name."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self, shelf: str) -> dict[str, Any]:
        """Return everything on a shelf, by name."""
        with self._connections.named():
            rows = self._connections.here().execute(
                "SELECT name, note FROM syncropel_notes WHERE shelf = %s ORDER BY name", (shelf,)
            )
            return {name: json.loads(note) for name, note in rows.fetchall()}

    def put(self, shelf: str, name: str, note: Any) -> None:
        """Keep a value, in place of an earlier one."""
        with self._connections.transaction() as db:
            db.execute(
                "INSERT INTO syncropel_notes VALUES (%s, %s, %s)"
                " ON CONFLICT (shelf, name) DO UPDATE SET note = excluded.note",
                (shelf, name, json.dumps(note)),
            )

    def drop(self, shelf: str, name: str) -> bool:
        """Forget a value; False where there was none."""
        with self._connections.transaction() as db:
            done = db.execute(
                "DELETE FROM syncropel_notes WHERE shelf = %s AND name = %s", (shelf, name)
            )
            return done.rowcount > 0
