"""RepositoryIngester: from a repository to a snapshot."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..code_map import DocumentHead, Enricher, FileRecord, Totals, write_document
from ..code_parser import CodeParser, FileSymbols, get_parser
from ..errors import EmptyRepositoryError, IngestError, NothingToIngestError
from . import provenance as records
from .cache import FactsCache
from .config import IngestConfig, IngestSettings
from .facts import FACTS_VERSION, Facts
from .history import History, copy_history, fetch, find_commit
from .output import Output, inside_source, open_output
from .progress import OnProgress, Progress, silent
from .reading import Kept, Reader, Reading
from .rules import IgnoreFiles, Rules
from .secrets import require_detect_secrets
from .source import Source, find_source
from .trees import CommitTree, FolderTree, Tree, read_ignore_files


@dataclass(frozen=True, slots=True)
class IngestResult:
    """A snapshot.

    Attributes:
        snapshot_path: Its folder.
        code_map_path: Its `code_map.json`.
        file_count: Files in it.
        function_count: Functions and methods in them.
        class_count: Classes, and what stands for them.
        commit: The commit it is of; None for a folder without history.
        reused: Whether it was there already, and nothing had to be done.
        left_out: How many files are not in it, by reason.
        notes: What a person should know about it.
    """

    snapshot_path: Path
    code_map_path: Path
    file_count: int
    function_count: int
    class_count: int
    commit: str | None = None
    reused: bool = False
    left_out: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def report_path(self) -> Path:
        """The file that says what was left out, and why."""
        return self.snapshot_path / records.REPORT

    @property
    def provenance_path(self) -> Path:
        """The file that says where the snapshot comes from."""
        return self.snapshot_path / records.PROVENANCE

    @property
    def history_path(self) -> Path:
        """The bare copy of the history."""
        return self.snapshot_path / records.HISTORY


class RepositoryIngester:
    """Makes snapshots of repositories.

    `cfg` is an IngestConfig, or anything with its fields. `enrichers` add sections to the code
    map; `on_progress` is called with every file. Needs git, and the `ingest` extra.
    """

    def __init__(
        self,
        cfg: IngestSettings,
        *,
        enrichers: Sequence[Enricher] = (),
        on_progress: OnProgress = silent,
    ) -> None:
        self._config = IngestConfig.of(cfg)
        self._enrichers = sorted(enrichers, key=lambda each: each.name)
        self._on_progress = on_progress

    def ingest(self) -> IngestResult:
        """Make the snapshot, or find that it is there.

        Raises an IngestError that says what is wrong with the source or the output; whatever
        happens, no half snapshot is left.
        """
        config = self._config
        excluded = IgnoreFiles()
        excluded.add("", config.exclude_patterns)
        if config.find_secrets:
            require_detect_secrets()
        source = find_source(config.source, worktree=config.worktree)
        inside = inside_source(Path(config.output_dir), source)
        with open_output(Path(config.output_dir), source) as output:
            return _Ingest(self, config, source, output, excluded, inside).run()

    @property
    def enrichers(self) -> Sequence[Enricher]:
        """What adds sections, by name."""
        return self._enrichers

    def tell(self, progress: Progress) -> None:
        """Pass progress on."""
        self._on_progress(progress)


@dataclass(frozen=True, slots=True)
class _Ingest:
    """One ingest under way."""

    asked: RepositoryIngester
    config: IngestConfig
    source: Source
    output: Output
    excluded: IgnoreFiles
    inside: str | None

    def run(self) -> IngestResult:
        parser = get_parser()
        history = self._history()
        if not self.config.worktree and history is not None:
            found = self._found(self._name(self._commit_id(history, parser)))
            if found is not None:
                return found
        tree: Tree = (
            FolderTree(Path(self.source.address), has_repository=self.source.kind == "path")
            if self.config.worktree or history is None
            else CommitTree(history)
        )
        with (
            self.output.partial() as partial,
            FactsCache(self.output.cache_file) as cache,
            closing(tree),
        ):
            reading = self._read(tree, partial, cache, parser)
            snapshot_id = (
                self._content_id(reading, parser)
                if self.config.worktree or history is None
                else self._commit_id(history, parser)
            )
            if (found := self._found(self._name(snapshot_id))) is not None:
                return found
            return self._write(partial, snapshot_id, reading, cache, parser, history)

    # ── what there is ─────────────────────────────────────────────────────────────────

    def _history(self) -> History | None:
        """Fetch the history; a worktree may have none yet, anything else must."""
        if self.source.kind == "folder":
            return None
        began = time.monotonic()
        self.asked.tell(Progress("fetch", 0, 0, 0.0))
        branch = "HEAD" if self.config.worktree else self.config.branch
        try:
            wanted = find_commit(self.source, branch)
        except EmptyRepositoryError:
            if self.config.worktree:
                return None
            raise
        history = fetch(self.source, wanted, depth=self.config.depth, mirrors=self.output.mirrors)
        self.asked.tell(Progress("fetch", 0, 0, time.monotonic() - began))
        return history

    def _found(self, name: str) -> IngestResult | None:
        """Return the snapshot of a name when it is there."""
        path = self.output.folder / name
        if not (path / records.PROVENANCE).is_file():
            return None
        try:
            told = json.loads((path / records.PROVENANCE).read_text(encoding="utf-8"))
            notes = json.loads((path / records.REPORT).read_text(encoding="utf-8"))["notes"]
            totals = Totals(**told["totals"])
            found = _result(path, totals, told["commit"], told["left_out"], notes)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IngestError(
                f"the snapshot {str(path)!r} is damaged: delete it and ingest again"
            ) from error
        return replace(found, reused=True)

    # ── names ─────────────────────────────────────────────────────────────────────────

    def _name(self, snapshot_id: str) -> str:
        return f"{self.source.name}_{snapshot_id}"

    def _commit_id(self, history: History, parser: CodeParser) -> str:
        shallow = history.shallow.ends_at if history.shallow else ()
        return self._id(parser, commit=history.commit, shallow=shallow)

    def _content_id(self, reading: Reading, parser: CodeParser) -> str:
        return self._id(parser, files=[(each.path, each.sha256) for each in reading.kept])

    def _id(self, parser: CodeParser, **content: Any) -> str:
        """Return twelve hex digits that stand for the content and all that shaped it."""
        shaped = {
            "content": content,
            "rules": records.rules_of(self.config),
            "facts": FACTS_VERSION,
            "tool": records.tool_version(),
            "parser": parser.version,
            "enrichers": [[each.name, each.version] for each in self.asked.enrichers],
            "inside": self.inside,
        }
        return hashlib.sha256(json.dumps(shaped, sort_keys=True).encode()).hexdigest()[:12]

    # ── reading and writing ───────────────────────────────────────────────────────────

    def _read(self, tree: Tree, partial: Path, cache: FactsCache, parser: CodeParser) -> Reading:
        entries = tree.entries()
        rules = Rules(self.config, read_ignore_files(tree, entries), self.excluded, self.inside)
        reading = Reader(tree, self.config, cache, parser).read(
            entries, rules, partial, self.asked.tell
        )
        if not reading.kept:
            raise NothingToIngestError(self.source.shown, reading.reasons)
        return reading

    def _write(
        self,
        partial: Path,
        snapshot_id: str,
        reading: Reading,
        cache: FactsCache,
        parser: CodeParser,
        history: History | None,
    ) -> IngestResult:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        paths = [each.path for each in reading.kept]
        created = history.committed_at if history and not self.config.worktree else now
        totals = write_document(
            partial / "code_map.json",
            DocumentHead(self.source.name, snapshot_id, created),
            paths,
            self._records(reading.kept, cache),
            sections={
                each.name: self._section(each, partial, paths) for each in self.asked.enrichers
            },
        )
        (partial / "files.txt").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
        told = records.provenance(
            self.source, history, self.config, parser,
            reading=reading, totals=totals, ingested_at=now,
        )  # fmt: skip
        notes = records.notes_of(reading, history, self.inside)
        records.write_record(partial / records.PROVENANCE, told)
        records.write_record(partial / records.REPORT, records.report(reading, notes))
        if history is not None and self.config.keep_history:
            copy_history(history, partial / records.HISTORY)
        path = self.output.publish(self._name(snapshot_id))
        return _result(path, totals, told["commit"], told["left_out"], notes)

    def _records(self, kept: Sequence[Kept], cache: FactsCache) -> Iterator[FileRecord]:
        began = time.monotonic()
        for number, each in enumerate(kept, start=1):
            text = cache.get(each.key)
            if text is None:
                raise IngestError("the cache lost a file while it was in use: ingest again")
            facts = Facts.from_text(text, path=each.path)
            symbols = facts.symbols or FileSymbols(each.path, "unknown")
            yield FileRecord(each.path, each.size, each.sha256, facts.lines, symbols)
            self.asked.tell(Progress("write", number, len(kept), time.monotonic() - began))

    def _section(self, enricher: Enricher, partial: Path, paths: Sequence[str]) -> Any:
        try:
            return json.loads(json.dumps(enricher.enrich(partial, paths), sort_keys=True))
        except Exception as error:
            raise IngestError(f"the enricher {enricher.name!r} failed: {error}") from error


def _result(
    path: Path, totals: Totals, commit: str | None, left_out: dict[str, int], notes: Sequence[str]
) -> IngestResult:
    return IngestResult(
        snapshot_path=path,
        code_map_path=path / "code_map.json",
        file_count=totals.files,
        function_count=totals.functions,
        class_count=totals.classes,
        commit=commit,
        left_out=tuple(left_out.items()),
        notes=tuple(notes),
    )
