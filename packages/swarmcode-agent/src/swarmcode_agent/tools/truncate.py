"""Cut what is too long for a model's window, and say what was cut."""

from __future__ import annotations

MOST = 30_000  # characters of one tool's output


def cut_middle(text: str, most: int = MOST) -> str:
    """Keep the beginning and the end: a test run says the most important at its end."""
    if len(text) <= most:
        return text
    head, tail = text[: most // 3], text[-(most - most // 3) :]
    head, tail = head.rpartition("\n")[0] or head, tail.partition("\n")[2] or tail
    gone = text[len(head) : len(text) - len(tail)]
    return f"{head}\n[… {gone.count(chr(10)) + 1} lines, {len(gone)} characters cut …]\n{tail}"


def cut_line(line: str, most: int = 2000) -> str:
    """Keep the beginning of a line, such as one of a minified file."""
    if len(line) <= most:
        return line
    return f"{line[:most]} [… {len(line) - most} characters cut …]"
