"""Why a patch does not fit, in a sentence that a model can act on."""

from __future__ import annotations

from dataclasses import dataclass

from .fuzzy import FuzzyPlace
from .model import FileEdit, Hunk
from .place import Unplaced

_SHOWN = 3  # places named before "and more"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that keeps a patch from being applied."""

    path: str
    sentence: str
    hunk: int | None = None  # which one of the file's, from 1


def file_conflict(path: str, why: str) -> Conflict:
    """Return a conflict about a file as a whole."""
    return Conflict(path, f"{path}: {why}")


def hunk_conflict(edit: FileEdit, number: int, miss: Unplaced, lines: list[str]) -> Conflict:
    """Explain why one hunk of a file goes nowhere."""
    name = f"{edit.reads}, hunk {number}{_range(miss.hunk)}"
    return Conflict(edit.reads, f"{name}: {_why(miss, lines)}", number)


def _range(hunk: Hunk) -> str:
    return "" if hunk.old_start is None else f" (at line {hunk.old_start})"


def _why(miss: Unplaced, lines: list[str]) -> str:
    if miss.already is not None:
        return (
            f"the result already stands at line {miss.already}; "
            "leave this hunk out, the change is made"
        )
    if miss.candidates:
        places = ", ".join(map(str, miss.candidates[:_SHOWN]))
        more = f" and {len(miss.candidates) - _SHOWN} more" if len(miss.candidates) > _SHOWN else ""
        return (
            f"its lines stand at {len(miss.candidates)} places (lines {places}{more}); "
            "add lines around it until only one place fits"
        )
    if not miss.hunk.old:
        return "it only adds lines and keeps none, so nothing says where; keep a line before it"
    if miss.near is None:
        return (
            f"no line of the file resembles {_first(miss.hunk.old)!r}; "
            "read the file and send the hunk with its lines as they are"
        )
    return _nearest(miss.hunk, miss.near, lines)


def _nearest(hunk: Hunk, near: FuzzyPlace, lines: list[str]) -> str:
    begin, end = near.at, near.at + near.size
    have = {line.strip() for line in lines[begin:end]}
    missing = [line for line in hunk.old if line.strip() not in have and line.strip()]
    told = f"the nearest place is lines {begin + 1}–{end}"
    if not missing:
        return f"{told}, where its lines stand in another order; send them in the file's order"
    wanted = {line.strip() for line in hunk.old}
    other = [line for line in lines[begin:end] if line.strip() and line.strip() not in wanted]
    instead = f"; the file has {_first(other)!r} there" if other else ""
    return (
        f"{told}, but {_first(missing)!r} is not there{instead}. "
        "Send the hunk again with the file's own lines"
    )


def _first(lines: list[str]) -> str:
    text = next((line.strip() for line in lines if line.strip()), "")
    return text if len(text) <= 120 else text[:117] + "…"
