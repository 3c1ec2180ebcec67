"""Where a subscription stands, kept across restarts."""

import os
import tempfile
from pathlib import Path
from typing import Protocol

_LONGEST = 4_096


class CursorStore(Protocol):
    """Remembers one subscription's position. Calls are short and may block."""

    def load(self) -> str | None:
        """Return the saved position, or None where there is none."""
        ...

    def save(self, cursor: str) -> None:
        """Remember a position; the record it stands for has been handled."""
        ...


class FileCursor:
    """Keeps the position in a small file, replaced whole, so that no crash leaves half of it."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def load(self) -> str | None:
        """Return the saved position; a missing or unusable file is no position."""
        try:
            text = self._path.read_text(encoding="utf-8").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return None
        return text if 0 < len(text) <= _LONGEST and text.isprintable() else None

    def save(self, cursor: str) -> None:
        """Replace the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(f"{cursor}\n")
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
