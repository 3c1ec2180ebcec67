"""Where a hunk goes in a text, and what stands there afterwards.

Four attempts, each only when the one before found nothing: as git would place it (where it says,
else the nearest place), anywhere to the byte, by its words alone, by most of its lines. The later
ones ask that one place be clearly the best, since nothing else vouches for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from .fuzzy import FuzzyPlace, closest, fuzzy_place
from .model import Hunk, Level, split_lines

_NO_BLANKS = str.maketrans("", "", " \t\n\r")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one hunk went: the line (from 1, in the text as it was then) and how."""

    level: Level
    line: int


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Why a hunk went nowhere: the places it could mean, or the nearest miss."""

    hunk: Hunk
    candidates: tuple[int, ...] = ()
    near: FuzzyPlace | None = None
    already: int | None = None  # its result stands at this line


class Image:
    """A text as lines, while hunks are applied to it one after the other."""

    def __init__(self, text: str) -> None:
        self.lines = split_lines(text)
        self._taken = bytearray(len(self.lines))

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.lines)

    def apply(self, hunk: Hunk, *, most: Level = Level.FUZZY) -> Placed | Unplaced:
        """Place one hunk and change the text; or leave the text and say why."""
        at = self._as_git(hunk) if hunk.old_start is not None else None
        if at is not None:
            meant = max((hunk.new_start or 0) - 1, 0)
            self._splice(at, len(hunk.old), hunk.new)
            return Placed(Level.EXACT if at == meant else Level.MOVED, at + 1)
        return self._anywhere(hunk, most)

    # ── as git does ───────────────────────────────────────────────────────────────────────

    def _as_git(self, hunk: Hunk) -> int | None:
        """Return the line (from 0) where `git apply` would put this hunk.

        A hunk of line 1 must match at the beginning and one that keeps nothing at its end must
        match at the end: that is how git keeps an insertion from drifting.
        """
        old, total = hunk.old, len(self.lines)
        first = hunk.old_start is not None and hunk.old_start <= 1
        last = hunk.kept_after == 0
        if first:
            places: Iterable[int] = (0,)
        elif last:
            places = (total - len(old),)
        else:
            places = _outward(min(max((hunk.new_start or 0) - 1, 0), total), total)
        return next((at for at in places if self._fits(at, old, at_end=last)), None)

    def _fits(self, at: int, old: list[str], *, at_end: bool) -> bool:
        end = at + len(old)
        if at < 0 or end > len(self.lines) or (at_end and end != len(self.lines)):
            return False
        if old and old[0].endswith("\n") and self.lines[at] != old[0]:
            return False
        if any(self._taken[at:end]):
            return False
        if self.lines[at:end] == old:
            return True
        return any(not line.endswith("\n") for line in old) and self._fits_as_bytes(
            at, old, at_end=at_end
        )

    def _fits_as_bytes(self, at: int, old: list[str], *, at_end: bool) -> bool:
        """Compare as git does where a hunk says that a line has no newline.

        git compares each line without its blanks, then the bytes of all of them. So a last line
        without a newline also matches the beginning of one that has it.
        """
        window = self.lines[at : at + len(old)]
        if any(
            _without_blanks(have) != _without_blanks(line)
            for have, line in zip(window, old, strict=True)
        ):
            return False
        wanted, rest = "".join(old), "".join(self.lines[at:])
        return rest == wanted if at_end else rest.startswith(wanted)

    # ── as a person would ─────────────────────────────────────────────────────────────────

    def _anywhere(self, hunk: Hunk, most: Level) -> Placed | Unplaced:
        if not hunk.old:
            return self._insert(hunk)
        attempts: tuple[tuple[Level, Callable[[str], str]], ...] = (
            (Level.MOVED, _same),
            (Level.WHITESPACE, str.rstrip),
            (Level.WHITESPACE, str.strip),
            (Level.WHITESPACE, _squeezed),
        )
        for level, key in attempts:
            found = self._matches(hunk, key) if level <= most else []
            if len(found) > 1:
                found = [at for at in found if at + 1 == hunk.new_start] or found
            if len(found) == 1:
                return self._replace(found[0], hunk, level)
            if found:
                return Unplaced(hunk, tuple(at + 1 for at in found))
        return self._fuzzy(hunk, most)

    def _matches(self, hunk: Hunk, key: Callable[[str], str]) -> list[int]:
        old = [key(line) for line in hunk.old]
        if not any(old):
            return []
        have = [key(line) for line in self.lines]
        if key is _same and old[-1] and not old[-1].endswith("\n"):
            old[-1] += "\n"
            have[-1:] = [have[-1].removesuffix("\n") + "\n"] if have else []
        size, first = len(old), old[0]
        return [
            at
            for at in range(len(have) - size + 1)
            if have[at] == first
            and have[at : at + size] == old
            and not any(self._taken[at : at + size])
        ]

    def _replace(self, at: int, hunk: Hunk, level: Level) -> Placed:
        """Keep the file's own kept lines, and give the added ones its indentation and endings."""
        window = self.lines[at : at + len(hunk.old)]
        if hunk.old_start is None and level is Level.MOVED:
            level = Level.EXACT  # it named no line, so it was not moved
        at_end = at + len(window) == len(self.lines)
        new = hunk.new if window == hunk.old else fitted(hunk, window, at_end=at_end)
        self._splice(at, len(window), new)
        return Placed(level, at + 1)

    def _insert(self, hunk: Hunk) -> Placed | Unplaced:
        """Place added lines that nothing locates: into an empty text only."""
        if self.lines:
            return Unplaced(hunk)
        self._splice(0, 0, hunk.new)
        return Placed(Level.EXACT, 1)

    def _fuzzy(self, hunk: Hunk, most: Level) -> Placed | Unplaced:
        if (already := self._already(hunk)) is not None:
            return Unplaced(hunk, already=already)
        place = fuzzy_place(self.lines, hunk) if most >= Level.FUZZY else None
        if place is None or any(self._taken[place.at : place.at + place.size]):
            return Unplaced(hunk, near=closest(self.lines, hunk))
        self._splice(place.at, place.size, place.merged)
        return Placed(Level.FUZZY, place.at + 1)

    def _already(self, hunk: Hunk) -> int | None:
        """Return the line where the hunk's result already stands in full, if it adds enough."""
        new = hunk.new
        if len(new) < 2 or all(line.mark != "+" for line in hunk.lines):
            return None
        for at in range(len(self.lines) - len(new) + 1):
            if self.lines[at] == new[0] and self.lines[at : at + len(new)] == new:
                return at + 1
        return None

    def _splice(self, at: int, size: int, new: list[str]) -> None:
        self.lines[at : at + size] = new
        self._taken[at : at + size] = b"\x01" * len(new)


def _outward(start: int, total: int) -> Iterator[int]:
    """Yield places from `start` on, alternately after and before it: 5, 6, 4, 7, 3, …"""
    yield start
    for step in range(1, total + 1):
        if start + step <= total:
            yield start + step
        if start - step >= 0:
            yield start - step


def _without_blanks(line: str) -> str:
    return line.translate(_NO_BLANKS)


def _same(line: str) -> str:
    return line


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def fitted(hunk: Hunk, window: list[str], *, at_end: bool) -> list[str]:
    """Return the hunk's new lines in the manner of the lines they replace."""
    indent = _indent_change(hunk.old, window)
    ending = "\r\n" if sum(line.endswith("\r\n") for line in window) * 2 > len(window) else "\n"
    have = iter(window)
    result = []
    for line in hunk.lines:
        if line.mark == "+":
            result.append(_indented(line.text.rstrip("\r\n"), indent) + ending)
        else:
            kept = next(have)
            if line.mark == " ":
                result.append(kept)
    if at_end and result and window and not window[-1].endswith("\n"):
        result[:-1] = [line if line.endswith("\n") else line + ending for line in result[:-1]]
        result[-1] = result[-1].rstrip("\r\n")
    elif result:
        result = [line if line.endswith("\n") else line + ending for line in result]
    return result


def _indent_change(old: list[str], window: list[str]) -> tuple[str, str]:
    """Return (what the hunk puts in front, what the file has there) where they first differ."""
    for wanted, have in zip(old, window, strict=False):
        if wanted.strip():
            ours, theirs = _indent(wanted), _indent(have)
            if ours != theirs:
                return _without_common_end(ours, theirs)
    return "", ""


def _without_common_end(ours: str, theirs: str) -> tuple[str, str]:
    while ours and theirs and ours[-1] == theirs[-1]:
        ours, theirs = ours[:-1], theirs[:-1]
    return ours, theirs


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _indented(text: str, change: tuple[str, str]) -> str:
    ours, theirs = change
    if not text.strip() or not text.startswith(ours):
        return text
    return theirs + text[len(ours) :]
