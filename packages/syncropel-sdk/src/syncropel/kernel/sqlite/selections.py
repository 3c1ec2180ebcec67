"""Selections as SQL: which index leads, and what is tested on the way. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from ..store import Selection


@dataclass(frozen=True, slots=True)
class Where:
    """The FROM and WHERE parts of a query, with their arguments."""

    source: str
    tests: tuple[str, ...]
    arguments: tuple[int, ...]
    sequence: str = "r.sequence"
    """The column by which the leading index is ordered."""

    @property
    def unled(self) -> tuple[str, ...]:
        """The tests alone, where another table leads and gives rows by sequence."""
        return tuple(
            "r.sequence IN (SELECT sequence FROM refs WHERE ref = ?)"
            if test.startswith("f.ref")
            else f"+r.{test[2:]}"
            if test[1:2] == "."
            else test
            for test in self.tests
        )

    @property
    def text(self) -> str:
        """The two parts, as SQL."""
        return f"FROM {self.source} WHERE {' AND '.join(('1', *self.tests))}"


def where(
    selection: Selection,
    *,
    thread_number: Callable[[str], int | None],
    name_number: Callable[[str], int | None],
) -> Where | None:
    """Return the SQL of everything but `after_sequence`; None where nothing can match.

    Exactly one index leads, the one that is usually shortest, because it gives rows by
    sequence: SQLite would rather combine two equalities and then sort a whole thread for every
    page. A plus sign keeps it from using the other columns' indexes.
    """
    tests: list[str] = []
    arguments: list[int] = []
    source = "records AS r"
    sequence, led = "r.sequence", False
    if selection.ref is not None:
        source = "refs AS f CROSS JOIN records AS r ON r.sequence = f.sequence"
        sequence, led = "f.sequence", True
        number = name_number(selection.ref)
        if number is None:
            return None
        tests.append("f.ref = ?")
        arguments.append(number)
    for column, name, find in (
        ("thread", selection.thread, thread_number),
        ("kind", selection.kind, name_number),
        ("actor", selection.actor, name_number),
    ):
        if name is None:
            continue
        number = find(name)
        if number is None:
            return None
        if not led:
            source = f"records AS r INDEXED BY records_by_{column}"
        tests.append(f"{'+' if led else ''}r.{column} = ?")
        arguments.append(number)
        led = True
    if selection.above_clock is not None:
        tests.append("+r.clock > ?" if selection.thread is None else "r.clock > ?")
        arguments.append(selection.above_clock)
    if selection.upto_sequence is not None:
        tests.append(f"{sequence} <= ?")
        arguments.append(selection.upto_sequence)
    return Where(source, tuple(tests), tuple(arguments), sequence)
