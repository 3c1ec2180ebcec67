"""A scan, from configuration to report.

    walk → contents (cached by fingerprint) → growth of the hit files → facts → drafts → links

A `ProjectScan` can be run again: it keeps what it knows in memory and works out only what a
change can touch.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..config import SwopConfig
from .cache import FingerprintCache, fingerprint_of, now_ns
from .content import Content
from .contexts import Contexts
from .report import ContextSummary, Detection, ScanReport
from .walk import SourceFile, Walk, walk

if TYPE_CHECKING:
    from .facts import ModuleFacts
    from .link import Linked
    from .meaning import Meaning

Progress = Callable[[int, int], None]

# Files that can hold no artifact are still checked for syntax while they are few.
SYNTAX_BUDGET = 2 * 1024 * 1024


class ProjectScan:
    """Scans one project, again and again if wished.

    Args:
        config: the project.
        cache: what earlier scans learned; None to remember nothing.
        prefilter: whether files that can hold no artifact are left unread. The outcome is
            the same either way; only a test would switch it off.
        check_all: whether every file's syntax is checked, however many there are.
        progress: called with the number of files done and to do.
    """

    def __init__(
        self,
        config: SwopConfig,
        *,
        cache: FingerprintCache | None = None,
        prefilter: bool = True,
        check_all: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.config = config
        self.cache = cache
        self.prefilter = prefilter
        self.check_all = check_all
        self.progress = progress
        self.contexts = Contexts(config)
        self.files: dict[str, tuple[SourceFile, Content]] = {}
        self.scanned: frozenset[str] = frozenset()
        self._bytes: dict[str, bytes] = {}
        self._texts: dict[str, bytes] = {}
        self._unreadable: list[str] = []
        self._meaning: Meaning | None = None
        self._pending: tuple[ScanReport, int] | None = None

    def run(self, *, in_full: bool = False, found: Walk | None = None) -> ScanReport:
        """Scan the project as it is now, or as a walk has just `found` it.

        `in_full` works everything out even where the last report still holds, so that the
        next run only needs to look at what changes.
        """
        with _without_cyclic_collection():
            try:
                return self._run(found, in_full=in_full)
            except (LookupError, TypeError, ValueError, AttributeError):
                # Remembered facts that are no facts: forget them, then nothing can excuse it.
                if self.cache is None:
                    raise
                self.cache.clear()
                self._forget_everything()
                return self._run(found, in_full=in_full)
            finally:
                self._bytes.clear()
                self._texts.clear()

    def _run(self, found: Walk | None, *, in_full: bool) -> ScanReport:
        started = now_ns()
        found = found or walk(self.config)
        if self.cache is not None and not self.files and not in_full:
            remembered = self._remembered(self.cache, found)
            if remembered is not None:
                return remembered
        changed = self._look_at(found)
        marks = (content.fingerprint for _, content in self.files.values())
        key = self._key(found, self.files, marks)
        meaning = self._renewed(changed)
        hits = self._hits(meaning)
        self._check_syntax(hits)
        linked = meaning.detections(hits)
        report = self._report(found, linked)
        report.key = key
        self._pending = (report, started)
        return report

    # ── contents ─────────────────────────────────────────────────────────────────────

    def _look_at(self, found: Walk) -> frozenset[str]:
        """Learn the content of every file; return the paths that are new, changed or gone."""
        self._unreadable = []
        before, now = self.files, {}
        fresh: set[str] = set()
        for number, file in enumerate(found.files):
            known = before.get(file.rel)
            if known is not None and known[0] == file and not self._racy(file):
                now[file.rel] = known
                continue
            content = self._content(file, fresh)
            if content is not None:
                now[file.rel] = (file, content)
            if self.progress is not None and number % 256 == 0:
                self.progress(number, len(found.files))
        self.scanned = frozenset(fresh)
        self.files = now
        return frozenset(
            rel
            for rel in before.keys() | now.keys()
            if rel not in before or rel not in now or before[rel][1] is not now[rel][1]
        )

    def _racy(self, file: SourceFile) -> bool:
        return self.cache is not None and self.cache.is_racy(file)

    def _content(self, file: SourceFile, fresh: set[str]) -> Content | None:
        fingerprint = self.cache.known_fingerprint(file) if self.cache else None
        content = self.cache.content(fingerprint) if self.cache and fingerprint else None
        if content is not None:
            return content
        try:
            data = _bytes_of(file.path)
        except OSError as error:
            self._unreadable.append(f"{file.rel}:1: file cannot be read: {error.strerror}")
            return None
        fingerprint = fingerprint_of(data)
        known = self.files.get(file.rel)
        if known is not None and known[1].fingerprint == fingerprint:
            return known[1]
        content = self.cache.content(fingerprint) if self.cache else None
        if content is None:
            fresh.add(file.rel)
            self._bytes[file.rel] = data
            content = Content.of(self.text(file.rel), fingerprint)
        return content

    def data(self, rel: str) -> bytes:
        """The bytes of a file, read again when they are no longer at hand."""
        if rel in self._bytes:
            return self._bytes[rel]
        try:
            return _bytes_of(self.files[rel][0].path)
        except OSError:
            return b""  # gone since it was looked at: the next scan says so

    def text(self, rel: str) -> bytes:
        """A file as names are searched for in it."""
        text = self._texts.get(rel)
        if text is None:
            from .source import text_for_search

            text = self._texts[rel] = text_for_search(self.data(rel))
        return text

    def facts(self, rel: str) -> ModuleFacts | None:
        """The facts of a file, read when they are first asked for."""
        if rel not in self.files:
            return None
        content = self.files[rel][1]
        if not content.is_read:
            content.read(self.data(rel))
        return content.facts

    # ── which files to read ──────────────────────────────────────────────────────────

    def _renewed(self, changed: frozenset[str]) -> Meaning:
        """What names mean now; kept from the last run where nothing was added or removed."""
        meaning = self._meaning
        from .meaning import Meaning

        if meaning is None or meaning.rels != self.files.keys():
            meaning = Meaning(self.contexts, self.files, self.facts, self._fingerprint)
        meaning.forget(changed)
        self._meaning = meaning
        return meaning

    def _fingerprint(self, rel: str) -> str:
        return self.files[rel][1].fingerprint

    def _hits(self, meaning: Meaning) -> list[str]:
        """The files that may hold artifacts, read."""
        if not self.prefilter:
            everything = sorted(self.files)
            self._read(everything)
            return everything
        hits = {rel for rel, (_, content) in self.files.items() if content.hit}
        self._read(sorted(hits))
        from .growth import Growth

        growth = meaning.growth = meaning.growth or Growth(meaning.index, self)
        while more := growth.step(hits):
            self._read(sorted(more))
            hits |= more
        meaning.carry(frozenset(growth.carriers))
        return sorted(hits)

    def _read(self, rels: list[str]) -> None:
        from .pool import read_many

        unread = [rel for rel in rels if not self.files[rel][1].is_read]
        read_many({rel: self.data(rel) for rel in unread}, self.files, self.progress)

    def _check_syntax(self, hits: list[str]) -> None:
        read = set(hits)
        rest = [item for rel, item in self.files.items() if rel not in read]
        if not self.check_all and sum(file.size for file, _ in rest) > SYNTAX_BUDGET:
            return
        for file, content in rest:
            if not content.checked:
                content.check(self.data(file.rel))

    # ── report ───────────────────────────────────────────────────────────────────────

    def _remembered(self, cache: FingerprintCache, found: Walk) -> ScanReport | None:
        """The last report, where not a byte of the project has changed since."""
        rels = [file.rel for file in found.files]
        if not cache.known_key(found.files, lambda marks: self._key(found, rels, marks)):
            return None
        return self._report_from_cache(cache, found)

    def _key(self, found: Walk, rels: Iterable[str], marks: Iterable[str]) -> str:
        """What a report depends on beside the configuration: every path with its bytes."""
        about = (self.check_all, found.problems, found.warnings, self._unreadable)
        digest = hashlib.sha256(repr(about).encode("utf-8", "backslashreplace"))
        lines = (f"{rel}\0{mark}" for rel, mark in zip(rels, marks, strict=True))
        digest.update("\n".join(lines).encode())
        return digest.hexdigest()

    def _report(self, found: Walk, linked: Linked) -> ScanReport:
        report = self._empty_report(found)
        for detection in linked.detections:
            report.add(detection)
        problems = [
            f"{rel}:{content.problem[0]}: {content.problem[1]}"
            for rel, (_, content) in self.files.items()
            if content.problem is not None
        ]
        report.files_skipped += len(problems)
        report.errors = sorted({*report.errors, *problems, *linked.errors}, key=_by_place)
        report.warnings = [*report.warnings, *sorted(set(linked.warnings), key=_by_place)]
        report.ignored = sorted(linked.ignored, key=_by_place)
        self._count_files(report)
        return report

    def _empty_report(self, found: Walk) -> ScanReport:
        report = ScanReport(self.config.project, self.config.project_root)
        for context in sorted(self.config.bounded_contexts, key=lambda item: item.name):
            if not context.external:
                report.context(context.name)
        report.files_scanned = len(self.scanned)
        report.files_cached = len(self.files) - len(self.scanned)
        report.files_skipped = len(self._unreadable)
        report.errors = [*found.problems, *self._unreadable]
        report.warnings = [*self.config.warnings, *found.warnings]
        return report

    def _count_files(self, report: ScanReport) -> None:
        pairs = {(item.context, item.source_file) for item in report.detections}
        for context, rel in pairs:
            summary = report.contexts[context]
            if rel in self.scanned:
                summary.files_scanned += 1
            else:
                summary.files_cached += 1
        report.contexts = dict(sorted(report.contexts.items()))

    @property
    def learned(self) -> bool:
        """Whether the last run worked something out, also where it came out as before.

        A file that was scanned right after it changed is looked at again by the next scan: only
        when that is remembered can the one after it be answered from the cache.
        """
        return self._pending is not None

    def remember(self) -> None:
        """Put into the cache what the last run learned; saving it is for the cache's owner."""
        if self.cache is None or self._pending is None:
            return
        cache, (report, started) = self.cache, self._pending
        self._pending = None
        cache.remember(self.files, started_ns=started)
        cache.report_key = report.key
        cache.report = {
            "errors": report.errors,
            "warnings": report.warnings[len(self.config.warnings) :],
            "ignored": report.ignored,
            "skipped": report.files_skipped,
            "kinds": report.kinds(),
            "via": report.via(),
            "contexts": [item.to_dict() for item in report.contexts.values()],
        }
        cache.replace_detections(report.detections, self._fingerprint)

    def _report_from_cache(self, cache: FingerprintCache, found: Walk) -> ScanReport:
        self.scanned = frozenset()
        report = self._empty_report(found)
        report.files_cached = len(found.files)
        known = cache.report
        report.errors = [str(line) for line in known["errors"]]
        report.warnings = [*self.config.warnings, *(str(line) for line in known["warnings"])]
        report.ignored = [str(line) for line in known["ignored"]]
        report.files_skipped = int(known["skipped"])
        report.contexts = {item["name"]: ContextSummary.of(item) for item in known["contexts"]}
        report.key = cache.report_key
        report.remember_later(
            lambda: self._detections_from(cache), dict(known["kinds"]), dict(known["via"])
        )
        return report

    def _detections_from(self, cache: FingerprintCache) -> list[Detection]:
        """What the cache remembers; found afresh where the cache turns out to be damaged."""
        known = cache.all_detections()
        if known is None:
            known = ProjectScan(self.config, check_all=self.check_all).run().detections
        return known

    def _forget_everything(self) -> None:
        self.files, self._meaning = {}, None


def _by_place(line: str) -> tuple[str, int, str]:
    path, _, rest = line.partition(":")
    number, _, _ = rest.partition(":")
    return path, int(number) if number.isdigit() else 0, line


def _bytes_of(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (thousands of times per scan)
        return file.read()


@contextmanager
def _without_cyclic_collection() -> Iterator[None]:
    """Syntax trees are many small objects without cycles: collecting costs a third more."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
