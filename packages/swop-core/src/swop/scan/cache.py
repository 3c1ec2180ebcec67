"""What earlier scans learned, by content; anything doubtful counts as not there.

A cache is two files, each one header line and one line of JSON. The header holds the digest
of the rest and a salt made of this tool's version, the Python version and the configuration,
so that a half-written, edited or outdated cache is a miss as a whole. The first file is enough
to know that nothing has changed; the second is read when something has.
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
        self.report: dict[str, Any] = {}
        self._time_ns = 0
        self._depth = ""
        self._files: dict[str, list[Any]] = {}
        self._contents: dict[str, Content] = {}
        self._known: tuple[dict[str, Any], dict[str, list[Any]]] | None = ({}, {})

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
            data = self._read(self.cache_path)
            self._time_ns, self._files = int(data["time_ns"]), dict(data["files"])
            self.report_key, self.report = str(data["report_key"]), dict(data["report"])
            self._depth, self._known = str(data["depth"]), None
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            self.clear()

    def save(self) -> None:
        """Write the cache, what is needed only after a change apart from the rest.

        Raises:
            StateWriteError: the cache cannot be written.
        """
        rows, found = self._deep
        ignore = self.cache_path.parent / ".gitignore"
        if not ignore.exists():
            write_atomically(ignore, b"*\n")
        self._depth = self._write(self._deep_path, {"contents": rows, "detections": found})
        data = {
            "time_ns": self._time_ns,
            "files": self._files,
            "report_key": self.report_key,
            "report": self.report,
            "depth": self._depth,
        }
        self._write(self.cache_path, data)

    def clear(self) -> None:
        """Forget everything."""
        self._time_ns, self._files, self._contents, self._depth = 0, {}, {}, ""
        self._known, self.report_key, self.report = ({}, {}), "", {}

    @property
    def _deep_path(self) -> Path:
        return self.cache_path.with_name(f"{self.cache_path.stem}-facts.json")

    @property
    def _deep(self) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        """Contents by fingerprint and detections by file, read when they are first needed."""
        if self._known is None:
            try:
                data = self._read(self._deep_path, digest=self._depth)
                self._known = dict(data["contents"]), dict(data["detections"])
            except (OSError, ValueError, TypeError, LookupError, RecursionError):
                self._known = {}, {}
        return self._known

    def _read(self, path: Path, *, digest: str | None = None) -> dict[str, Any]:
        header, _, body = path.read_bytes().partition(b"\n")
        actual = fingerprint_of(body)
        if header.decode("ascii") != f"{self.salt} {actual}" or digest not in {None, actual}:
            raise ValueError("another tool, another configuration, or damage")
        return dict(json.loads(body))

    def _write(self, path: Path, data: Mapping[str, Any]) -> str:
        body = json.dumps(data, separators=(",", ":")).encode()
        digest = fingerprint_of(body)
        write_atomically(path, f"{self.salt} {digest}\n".encode("ascii") + body)
        return digest

    # ── detections by path ───────────────────────────────────────────────────────────

    def get(self, key: str, fingerprint: str) -> list[Detection] | None:
        """The detections of a file, if this is the version that they were found in."""
        known = self._deep[1].get(key)
        if known is None or known[0] != fingerprint:
            return None
        return [Detection.from_dict(item) for item in known[1]]

    def put(self, key: str, fingerprint: str, detections: Iterable[Detection]) -> None:
        """Remember the detections of one version of a file."""
        self._deep[1][key] = [fingerprint, [item.to_dict() for item in detections]]

    def drop(self, key: str) -> None:
        """Forget a file."""
        self._deep[1].pop(key, None)
        self._files.pop(key, None)

    def prune(self, keep_keys: Iterable[str]) -> None:
        """Forget every file that is not named."""
        for key in set(self._files).union(self._deep[1]) - set(keep_keys):
            self.drop(key)

    def all_detections(self) -> list[Detection] | None:
        """Everything that is remembered, file by file; None when it has been lost."""
        if self._depth and self._deep == ({}, {}):
            return None
        try:
            return [
                Detection.from_dict(item)
                for key in sorted(self._deep[1])
                for item in self._deep[1][key][1]
            ]
        except (TypeError, ValueError, LookupError, AttributeError):
            return None

    def known_key(self, files: Iterable[SourceFile], key: Callable[[Iterable[str]], str]) -> bool:
        """Whether these files are certainly those of the last report."""
        marks = [self.known_fingerprint(file) for file in files]
        if not self.report_key or None in marks:
            return False
        return key(mark for mark in marks if mark) == self.report_key

    def replace_detections(
        self, detections: Iterable[Detection], fingerprint_of_file: Callable[[str], str]
    ) -> None:
        """Remember these detections and no others."""
        by_file: dict[str, list[Any]] = {}
        for item in detections:
            rel = item.source_file
            by_file.setdefault(rel, [fingerprint_of_file(rel), []])[1].append(item.to_dict())
        self._known = self._deep[0], by_file

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
        if known is None and fingerprint in self._deep[0]:
            try:
                known = Content.from_row(fingerprint, self._deep[0][fingerprint])
            except (TypeError, ValueError, LookupError, AttributeError):
                return None
            self._contents[fingerprint] = known
        return known

    def remember(self, files: Mapping[str, tuple[SourceFile, Content]], *, started_ns: int) -> None:
        """Replace what is known of files and contents; `started_ns` is when reading began."""
        self._time_ns = started_ns
        rows: dict[str, Any] = {}
        for _, content in files.values():
            fresh = content.changed or content.fingerprint not in self._deep[0]
            rows[content.fingerprint] = (
                content.to_row() if fresh else self._deep[0][content.fingerprint]
            )
        self._files = {
            rel: [*file.stamp, content.fingerprint] for rel, (file, content) in files.items()
        }
        self._known = rows, self._deep[1]
        self._contents = {content.fingerprint: content for _, content in files.values()}


def now_ns() -> int:
    """The clock that file stamps are compared with."""
    return time.time_ns()
