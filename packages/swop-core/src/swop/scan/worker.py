"""The other end of `pool`: one source file per line in, one line of JSON out."""

from __future__ import annotations

import base64
import gc
import json
import sys

from .reader import read_source
from .source import SourceProblemError


def main() -> None:
    """Read sources from standard input until it ends."""
    gc.disable()
    for line in sys.stdin.buffer:
        try:
            row: list[object] = [read_source(base64.b85decode(line.strip())).to_json(), None]
        except SourceProblemError as error:
            row = [None, [error.line, str(error)]]
        sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
