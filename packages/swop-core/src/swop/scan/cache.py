"""What earlier scans learned, by content; anything doubtful counts as not there.

The file is one header line and one line of JSON. The header holds the digest of the rest and
a salt made of this tool's version, the Python version and the configuration, so that a
half-written, edited or outdated cache is a miss as a whole.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from .._version import VERSION
from ..config import SwopConfig
from ..files import write_atomically
from .content import Content
from .report import Detection
from .walk import SourceFile

LAYOUT = 1
CACHE_NAME = "scan.json"
# A file changed this shortly before a scan may have changed again within its clock's tick.
RACY_NS = 2_000_000_000


def fingerprint_of(data: bytes) -> str:
    """The identity of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def salt_of(config: SwopConfig) -> str:
    """What must be the same for remembered facts to hold."""
    parts = [
        LAYOUT,
        VERSION,
        list(sys.version_info[:3]),
        config.project,
        config.source_roots,
        config.exclude,
        [[item.name, item.source, item.external] for item in config.bounded_contexts],
        config.state_dir,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class FingerprintCache:
    """Contents by fingerprint, fingerprints and detections by path, and the last report."""

    def __init__(self, cache_path: Path, *, salt: str = "") -> None:
        self.cache_path = cache_path
        self.salt = salt
        self.report_key = ""
        self.report: dict[str, list[str]] = {}
        self._time_ns = 0
        self._files: dict[str, list[Any]] = {}
        self._contents: dict[str, Content] = {}
        self._rows: dict[str, Any] = {}
        self._detections: dict[str, list[Any]] = {}

    @classmethod
    def for_config(cls, config: SwopConfig) -> FingerprintCache:
        """The cache of a project."""
        return cls(config.state_path / "cache" / CACHE_NAME, salt=salt_of(config))

    @staticmethod
    def fingerprint(text: str) -> str:
        """The fingerprint of a source text."""
        return fingerprint_of(text.encode("utf-8", "surrogatepass"))

    def load(self) -> None:
        """Read the cache; one that cannot be trusted is empty."""
        self.clear()
        try:
            header, _, body = self.cache_path.read_bytes().partition(b"\n")
            if header.decode("ascii") != f"{self.salt} {fingerprint_of(body)}":
                return
            data = json.loads(body)
            self._time_ns = int(data["time_ns"])
            self._files, self._rows = dict(data["files"]), dict(data["contents"])
            self._detections = dict(data["detections"])
            self.report_key, self.report = str(data["report_key"]), dict(data["report"])
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            self.clear()

    def save(self) -> None:
        """Write the cache in one step.

        Raises:
            StateWriteError: the cache cannot be written.
        """
        body = json.dumps(
            {
                "time_ns": self._time_ns,
                "files": self._files,
                "contents": self._rows,
                "detections": self._detections,
                "report_key": self.report_key,
                "report": self.report,
            },
            separators=(",", ":"),
        ).encode()
        ignore = self.cache_path.parent / ".gitignore"
        if not ignore.exists():
            write_atomically(ignore, b"*\n")
        header = f"{self.salt} {fingerprint_of(body)}\n".encode("ascii")
        write_atomically(self.cache_path, header + body)

    def clear(self) -> None:
        """Forget everything."""
        self._time_ns, self._files, self._contents, self._rows = 0, {}, {}, {}
        self._detections, self.report_key, self.report = {}, "", {}

    # ── detections by path ───────────────────────────────────────────────────────────

    def get(self, key: str, fingerprint: str) -> list[Detection] | None:
        """The detections of a file, if this is the version that they were found in."""
        known = self._detections.get(key)
        if known is None or known[0] != fingerprint:
            return None
        return [Detection.from_dict(item) for item in known[1]]

    def put(self, key: str, fingerprint: str, detections: Iterable[Detection]) -> None:
        """Remember the detections of one version of a file."""
        self._detections[key] = [fingerprint, [item.to_dict() for item in detections]]

    def drop(self, key: str) -> None:
        """Forget a file."""
        self._detections.pop(key, None)
        self._files.pop(key, None)

    def prune(self, keep_keys: Iterable[str]) -> None:
        """Forget every file that is not named."""
        for key in set(self._files).union(self._detections) - set(keep_keys):
            self.drop(key)

    def all_detections(self) -> list[Detection]:
        """Everything that is remembered, file by file."""
        return [
            Detection.from_dict(item)
            for key in sorted(self._detections)
            for item in self._detections[key][1]
        ]

    def replace_detections(
        self, detections: Iterable[Detection], fingerprint_of_file: Callable[[str], str]
    ) -> None:
        """Remember these detections and no others."""
        by_file: dict[str, list[Any]] = {}
        for item in detections:
            rel = item.source_file
            by_file.setdefault(rel, [fingerprint_of_file(rel), []])[1].append(item.to_dict())
        self._detections = by_file

    # ── contents by fingerprint ──────────────────────────────────────────────────────

    def known_fingerprint(self, file: SourceFile) -> str | None:
        """The fingerprint of a file that has certainly not changed since it was read."""
        row = self._files.get(file.rel)
        if row is None or row[:3] != file.stamp or self.is_racy(file):
            return None
        return str(row[3])

    def is_racy(self, file: SourceFile) -> bool:
        """Whether a file changed so late that its stamp cannot be trusted."""
        return max(file.modified_ns, file.changed_ns) > self._time_ns - RACY_NS

    def content(self, fingerprint: str) -> Content | None:
        """What is known of bytes with this fingerprint."""
        known = self._contents.get(fingerprint)
        if known is None and fingerprint in self._rows:
            try:
                known = Content.from_row(fingerprint, self._rows[fingerprint])
            except (TypeError, ValueError, LookupError, AttributeError):
                return None
            self._contents[fingerprint] = known
        return known

    def remember(self, files: Mapping[str, tuple[SourceFile, Content]], *, started_ns: int) -> None:
        """Replace what is known of files and contents; `started_ns` is when reading began."""
        self._time_ns = started_ns
        rows: dict[str, Any] = {}
        for _, content in files.values():
            fresh = content.changed or content.fingerprint not in self._rows
            rows[content.fingerprint] = (
                content.to_row() if fresh else self._rows[content.fingerprint]
            )
        self._files = {
            rel: [*file.stamp, content.fingerprint] for rel, (file, content) in files.items()
        }
        self._rows = rows
        self._contents = {content.fingerprint: content for _, content in files.values()}


def now_ns() -> int:
    """The clock that file stamps are compared with."""
    return time.time_ns()
