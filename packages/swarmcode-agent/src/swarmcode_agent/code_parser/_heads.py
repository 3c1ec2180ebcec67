"""Where the head of a definition ends and its body begins, without a grammar.

Every search is bounded: a head that does not end within a few thousand characters is no head.
"""

import re

_PYTHON_TOKEN = re.compile(rb"[\[({]|[\])}]|:|\n(?=[ \t]*(?:async[ \t]+def|def|class)\b)|\n")
_BRACE_TOKEN = re.compile(rb"[\[(]|[\])]|\{|\}|;|\n")
_CONTINUES = re.compile(rb"\s*[|&]|\s*=")
_REACH = 4000


def python_head_end(masked: bytes, offset: int) -> int:
    """Return the offset after the colon that ends a `def` or `class` head."""
    depth = 0
    for found in _PYTHON_TOKEN.finditer(masked, offset, offset + _REACH):
        token = found.group()
        if token in b"[({":
            depth += 1
        elif token in b"])}":
            depth -= 1
        elif token == b":" and depth <= 0:
            return found.end()
        elif token == b"\n" and (depth <= 0 or _begins_definition(masked, found.end())):
            return found.start()
    return min(offset + _REACH, len(masked))


def _begins_definition(masked: bytes, offset: int) -> bool:
    return re.compile(rb"[ \t]*(?:async[ \t]+def|def|class)\b").match(masked, offset) is not None


def brace_head_end(
    masked: bytes, found: re.Match[bytes], *, by_line: bool
) -> tuple[int | None, int]:
    """Return the brace that opens the body, or None and the offset where the definition ends.

    A head ends at its brace, or at a semicolon where there is no body. Arrows without a brace end
    with their line, and so does what is asked for `by_line`.
    """
    if found.group().endswith(b"{"):
        return found.end() - 1, found.end()
    is_arrow = found.group().endswith(b"=>")
    start = found.end() if is_arrow or by_line else found.end("name")
    if is_arrow:
        body = re.compile(rb"\s*").match(masked, start)
        if body is not None and masked[body.end() : body.end() + 1] == b"{":
            return body.end(), body.end()
    return _scan(masked, start, by_line=is_arrow or by_line)


def _scan(masked: bytes, start: int, *, by_line: bool) -> tuple[int | None, int]:
    depth = 0
    for found in _BRACE_TOKEN.finditer(masked, start, start + _REACH):
        token = found.group()
        if token in b"[(" or (by_line and token == b"{"):
            depth += 1
        elif token in b"])" or (by_line and token == b"}"):
            depth -= 1
            if depth < 0:
                return None, found.start()
        elif depth > 0:
            continue
        elif token == b"{":
            return found.start(), found.end()
        elif token == b";":
            return None, found.end()
        elif token == b"}" or (by_line and not _CONTINUES.match(masked, found.end())):
            return None, found.start()
    return None, _end_of_line(masked, start)


def _end_of_line(masked: bytes, offset: int) -> int:
    newline = masked.find(b"\n", offset)
    return len(masked) if newline < 0 else newline


def split_arguments(text: str) -> list[str]:
    """Split at the commas that stand in no bracket."""
    parts = [""]
    depth = 0
    for character in text:
        depth += (character in "[({") - (character in "])}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]
