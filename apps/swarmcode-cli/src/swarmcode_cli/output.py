"""Standard output for results, standard error for remarks; neither ever fails on a character."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any


def show(text: str) -> None:
    """Print a result."""
    _print(text, err=False)


def show_json(data: Mapping[str, Any]) -> None:
    """Print a result for another program: one JSON document."""
    _print(json.dumps(data, indent=2, ensure_ascii=False), err=False)


def remark(lines: Iterable[str], *, prefix: str = "") -> None:
    """Print remarks, one per line."""
    for line in lines:
        _print(prefix + line, err=True)


def _print(text: str, *, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
