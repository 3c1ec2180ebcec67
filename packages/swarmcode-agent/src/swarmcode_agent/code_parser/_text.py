"""Reading source as text: what both parsers share.

Everything works on bytes, because offsets must stay the same through blanking, and runs in one
pass, because the text may be hostile.
"""

import inspect
import re
from collections.abc import Iterable

from .symbols import Reference

_BLANK = bytes(byte if byte in b"\n\r" else 0x20 for byte in range(256))
_WORDS_ALONE = bytes(
    byte if byte >= 0x80 or chr(byte).isalnum() or byte in b"_\n" else 0x20 for byte in range(256)
)
_LITERAL = re.compile(
    rb"\s*[rRuU]?(?:"
    rb'"""(?P<a>(?:\\.|[^\\])*?)"""|'
    rb"'''(?P<b>(?:\\.|[^\\])*?)'''|"
    rb'"(?P<c>(?:\\.|[^"\\\n])*)"|'
    rb"'(?P<d>(?:\\.|[^'\\\n])*)'"
    rb")[ \t]*(?=[\r\n;]|\Z)",
    re.DOTALL,
)
_COMMENT_LINE = re.compile(r"^\s*(?:///?|//!|\*|/\*\*?)\s?|\s*\*/\s*$")

SIGNATURE_LIMIT = 300


def to_bytes(content: str | bytes) -> bytes:
    """Return source as UTF-8; lone surrogates, which no file holds, become question marks."""
    return content.encode("utf-8", "replace") if isinstance(content, str) else content


def to_text(raw: bytes) -> str:
    """Return bytes as text; what is not UTF-8 becomes the replacement character."""
    return raw.decode("utf-8", "replace")


def blank(source: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    """Replace the spans by spaces, so that every offset and line stays what it was."""
    blanked = bytearray(source)
    for start, end in spans:
        blanked[start:end] = source[start:end].translate(_BLANK)
    return bytes(blanked)


def one_line(raw: bytes, *, limit: int = SIGNATURE_LIMIT) -> str:
    """Return a stretch of source on one line, and cut where it would not end."""
    text = " ".join(to_text(raw[: limit * 4]).split())
    text = text.replace("( ", "(").replace(" )", ")").replace(",)", ")")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def references(
    masked: bytes, keywords: frozenset[str], own: Iterable[str]
) -> tuple[Reference, ...]:
    """Return the names used in a text whose comments and strings are blank.

    A name counts as used once less for each time that it is defined here: `own` holds the names
    of the definitions.
    """
    first, counts = _words(masked)
    uses: dict[str, list[int]] = {}
    for word, count in counts.items():  # bytes that are no text may become the same text
        seen = uses.setdefault(to_text(word), [first[word], 0])
        seen[1] += count
    for name in own:
        if name in uses:
            uses[name][1] -= 1
    return tuple(
        Reference(name, line, count)
        for name, (line, count) in uses.items()
        if count > 0 and len(name) > 1 and not name[0].isdigit() and name not in keywords
    )


def _words(masked: bytes) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """Return the first line, and the number, of everything that is written like a word.

    Splitting at spaces, once all else is one, is far quicker than matching words.
    """
    first: dict[bytes, int] = {}
    counts: dict[bytes, int] = {}
    for number, line in enumerate(masked.translate(_WORDS_ALONE).split(b"\n"), start=1):
        for word in line.split():
            if word in counts:
                counts[word] += 1
            else:
                counts[word] = 1
                first[word] = number
    return first, counts


def docstring_at(source: bytes, offset: int) -> str | None:
    """Return the string literal that is the first statement from an offset on, cleaned.

    The text is as written: escapes stay escapes.
    """
    found = _LITERAL.match(source, offset)
    if found is None:
        return None
    raw = next(group for group in found.groups() if group is not None)
    return inspect.cleandoc(to_text(raw)) or None


def comment_above(lines: list[bytes], line: int) -> str | None:
    """Return the comment that ends right above a line (from 1), without its marks."""
    last = line - 2
    while last >= 0 and lines[last].lstrip().startswith((b"#[", b"@")):
        last -= 1
    first = _first_comment_line(lines, last)
    if first is None:
        return None
    texts = [_COMMENT_LINE.sub("", to_text(raw)).rstrip() for raw in lines[first : last + 1]]
    return "\n".join(texts).strip() or None


def _first_comment_line(lines: list[bytes], last: int) -> int | None:
    if last < 0:
        return None
    if lines[last].rstrip().endswith(b"*/"):
        for number in range(last, max(-1, last - 500), -1):
            if b"/*" in lines[number]:
                return number if lines[number].lstrip().startswith(b"/*") else None
        return None
    first = last
    while first >= 0 and lines[first].lstrip().startswith(b"//"):
        first -= 1
    return first + 1 if first < last else None
