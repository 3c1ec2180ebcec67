"""Which files may hold an artifact, told from their bytes.

Parsing is what a scan costs; most files of a project hold no artifact. A file may only be
passed over when nothing in it could be one, and this is why that holds:

1.  An artifact is a class whose decorator leads to `swop`, whose base leads to one of the
    known base names, or whose name ends in a known suffix.
2.  A chain of names leads there link by link, through imports, assignments and class
    statements. A file that names the end of a chain itself is found by `may_hold_artifact`:
    it holds the word `swop`; or a class statement with a known suffix or with a known base
    name in its header; or it gives a known base name another name (`Command as C`,
    `C = lib.Command`). The reader follows a renaming only when it stands on one line, as is
    required here.
3.  Every further link mentions a name that an already found file binds to something that
    leads on. Those names are the `grown` ones: a scan adds them and looks again until no
    new one appears (see `growth`).

Python folds identifiers to NFKC and honours coding lines, therefore the text that is searched
is `text_for_search`, not the raw file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from .vocabulary import BASE_KINDS, OURS, SUFFIX_KINDS

_WORD = rb"[\w\x80-\xff]"
_BASES = b"|".join(name.encode() for name in BASE_KINDS)
_SUFFIXES = b"|".join(name.encode() for name in SUFFIX_KINDS)

_OURS = OURS.encode()

_SUFFIXED_CLASS = re.compile(rb"class[\s\\]+" + _WORD + rb"*(?:" + _SUFFIXES + rb")\b")
_ASSIGNED = re.compile(rb"=[ \t\f(\w.\x80-\xff]*\b(?:" + _BASES + rb")\b(?![ \t\f]*\()")
_BASE = re.compile(rb"\b(?:" + _BASES + rb")\b([ \t\f]+as\b)?")  # `Command as C` renames
_HEADER = re.compile(rb"class\b([^:]*)")
_BRACKETS = ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))


def may_hold_artifact(text: bytes) -> bool:
    """Whether a file names the end of a chain itself (point 2 above)."""
    if _OURS in text or _SUFFIXED_CLASS.search(text):
        return True
    if not holds_stem(text):
        return False
    renamings = [match[1] for match in _BASE.finditer(text)]
    if not renamings:
        return False
    return any(renamings) or bool(_ASSIGNED.search(text)) or _base_in_header(text)


def holds_stem(text: bytes) -> bool:
    """Whether a file holds a part of any base name.

    This runs over every byte there is. To find out that a file has no Q takes a tenth of the
    time that looking for a word takes, hence both.
    """
    return (
        (b"Q" in text and b"Query" in text)
        or (b"C" in text and b"Command" in text)
        or (b"E" in text and b"Event" in text)
        or (b"H" in text and b"Handler" in text)
    )


def mentions(text: bytes, names: Iterable[str]) -> bool:
    """Whether any of these identifiers occurs in a file as a whole word."""
    stemless: list[bytes] = []
    stemmed: list[bytes] = []
    for name in names:
        word = name.encode("utf-8", "surrogatepass")
        (stemmed if holds_stem(word) else stemless).append(word)
    found = [word for word in stemless if word in text]
    if stemmed and holds_stem(text):
        found += [word for word in stemmed if word in text]
    return bool(found) and _any_word(tuple(sorted(found))).search(text) is not None


@lru_cache(maxsize=1024)
def _any_word(words: tuple[bytes, ...]) -> re.Pattern[bytes]:
    alternatives = b"|".join(map(re.escape, words))
    return re.compile(rb"(?<!" + _WORD + rb")(?:" + alternatives + rb")(?!" + _WORD + rb")")


def _base_in_header(text: bytes) -> bool:
    """Whether a class header may hold a known base name.

    A header ends at its first colon, unless the colon stands in brackets or in a string:
    where brackets do not match, or where there is a quote or a comment, a mention anywhere
    counts.
    """
    for match in _HEADER.finditer(text):
        header = match[1]
        if _BASE.search(header):
            return True
        if _unclear(header):
            return True
    return False


def _unclear(header: bytes) -> bool:
    if b"#" in header or b'"' in header or b"'" in header:
        return True
    pieces = header.split(b"class")  # "class" in a comment may come before the real one
    tails = (b"class".join(pieces[index:]) for index in range(len(pieces)))
    return any(tail.count(a) != tail.count(b) for tail in tails for a, b in _BRACKETS)


_HEADS = re.compile(rb"(?:\bfrom\b|\bimport\b|,)[\s\\.(]*(?!import\b)(" + _WORD + rb"+)")
_WORDS = re.compile(_WORD + rb"+")


def import_heads(text: bytes) -> frozenset[str]:
    """The first names of what a file imports; more than those, never fewer."""
    heads: set[bytes] = set()
    pieces = text.split(b"import")
    start = len(pieces[0])
    for before, after in pairwise(pieces):
        line_start = before.rfind(b"\n") + 1
        head = _head_before(before[line_start:]) if line_start > 1 else None
        if head == b"":
            head = _head_after(after.partition(b"\n")[0]) if b"\n" in after else None
        if head is None or before[line_start - 2] in _JOINING:
            heads |= _heads_of_line(text, start)
        else:
            heads.add(head)
        start += len(after) + 6
    return frozenset(head.decode("utf-8", "replace") for head in heads)


_JOINING = b"\\\r"
_FROM = re.compile(rb"[ \t>.]*from[ \t]+\.*(" + _WORD + rb"*)[\w\x80-\xff.]*[ \t]+")
_PLAIN = re.compile(rb"[ \t]+(" + _WORD + rb"+)[^,;\\\r]*")


@lru_cache(maxsize=16_384)
def _head_before(line: bytes) -> bytes | None:
    """`a` where `from a.b ` stands before the word, "" where nothing does, None for the rest.

    Prompts count as nothing: docstrings are full of them, and what they import does no harm.
    """
    if not line.strip(b" \t>."):
        return b""
    match = _FROM.fullmatch(line)
    return match[1] if match else None


@lru_cache(maxsize=16_384)
def _head_after(line: bytes) -> bytes | None:
    """`a` of `import a.b as c`; None where the line says more."""
    match = _PLAIN.fullmatch(line)
    return match[1] if match else None


def _heads_of_line(text: bytes, position: int) -> set[bytes]:
    """What the line around a position may import, whatever else it holds."""
    start = text.rfind(b"\n", 0, position) + 1
    end = text.find(b"\n", position)
    end = len(text) if end < 0 else end
    line = text[start:end]
    joined = _continued(text, start) or _continued(text, end + 1)
    if joined or (b"(" in line and b")" not in line):
        start, end = _logical_line(text, start, end)
        return set(_WORDS.findall(text, start, end))
    return set(_HEADS.findall(line))


def _continued(text: bytes, start: int) -> bool:
    """Whether the line that begins here is joined to the one before it by a backslash."""
    return text[max(start - 3, 0) : start].rstrip(b"\r\n").endswith(b"\\")


def _logical_line(text: bytes, start: int, end: int) -> tuple[int, int]:
    """Where a line begins and ends, together with those joined to it by a backslash."""
    while start and _continued(text, start):
        start = text.rfind(b"\n", 0, start - 1) + 1
    while end < len(text) and _continued(text, end + 1):
        following = text.find(b"\n", end + 1)
        end = len(text) if following < 0 else following
    if b"(" in text[start:end]:
        closing = text.find(b")", end)
        end = len(text) if closing < 0 else closing
    return start, end
