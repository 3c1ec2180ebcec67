"""Names that content decides: of files, of values, and short ones for people."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

BLOCK = 1 << 20


def of_file(path: Path) -> str:
    """The SHA-256 of a file, as `sha256:…`."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def of_value(value: Any) -> str:
    """The SHA-256 of a JSON value, written in one way."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def of_files(folder: Path, names: Iterable[str]) -> str:
    """The digest of several files of a folder, names included."""
    return of_value({name: of_file(folder / name) for name in sorted(names)})


def short(digest: str) -> str:
    """Twelve digits: enough to name a thing within a project."""
    return digest.removeprefix("sha256:")[:12]
