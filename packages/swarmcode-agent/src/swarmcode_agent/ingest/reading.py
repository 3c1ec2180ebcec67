"""Reading the files of a tree on all cores, into facts and into the snapshot."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..code_parser import CodeParser
from ..code_parser.workers import WorkerDiedError, WorkerPool, cores
from .cache import FactsCache
from .config import IngestConfig
from .entries import Entry, content_id
from .facts import TASK, Facts, facts_key
from .progress import OnProgress, Progress
from .rules import LeftOut, Rules
from .trees import Tree

# Below this many files, starting a process for every core takes longer than it saves.
_WORTH_EVERY_CORE = 48


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is in the snapshot, and the key of its facts."""

    path: str
    size: int
    sha256: str
    key: str


@dataclass(slots=True)
class Reading:
    """What reading has come to."""

    kept: list[Kept] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    secrets: list[tuple[str, int, str]] = field(default_factory=list)
    licences: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, int]:
        """How many files were left out for each reason, the most frequent first."""
        return dict(Counter(each.reason for each in self.left_out).most_common())

    def add(self, path: str, size: int, key: str, facts: Facts) -> None:
        """Take in what is known of one file."""
        self.secrets.extend((path, each.line, each.kind) for each in facts.secrets)
        if facts.reason:
            self.left_out.append(LeftOut(path, facts.reason, facts.detail))
            return
        self.kept.append(Kept(path, size, facts.sha256, key))
        self.licences.extend((path, each.spdx, each.how) for each in facts.licences)
        if facts.symbols is not None:
            self.problems.extend((path, each) for each in facts.symbols.problems)

    def sort(self) -> None:
        """Put everything into the order of paths: files come back in whatever order."""
        self.kept.sort(key=lambda each: each.path)
        self.left_out.sort(key=lambda each: each.path)
        for listed in (self.secrets, self.licences, self.problems):
            listed.sort()


class Reader:
    """Reads one tree: decides, examines, copies."""

    def __init__(
        self, tree: Tree, config: IngestConfig, cache: FactsCache, parser: CodeParser
    ) -> None:
        self._tree = tree
        self._config = config
        self._cache = cache
        self._parser = parser
        self._limit = config.max_file_size_kb * 1024

    def read(
        self, entries: Sequence[Entry], rules: Rules, target: Path, on_progress: OnProgress
    ) -> Reading:
        """Read what the rules keep, copy it below `target`, and return what there is to know."""
        reading = Reading()
        wanted = list(self._wanted(entries, rules, reading))
        jobs = self._config.jobs or (1 if len(wanted) < _WORTH_EVERY_CORE else cores())
        began = time.monotonic()
        with WorkerPool(TASK, jobs=jobs) as pool:

            def one(entry: Entry) -> tuple[str, int, Facts]:
                return self._one(entry, target, pool)

            for number, (entry, (key, size, facts)) in enumerate(pool.map(one, wanted), start=1):
                reading.add(entry.path, size, key, facts)
                on_progress(Progress("read", number, len(wanted), time.monotonic() - began))
        reading.sort()
        return reading

    def _wanted(self, entries: Sequence[Entry], rules: Rules, reading: Reading) -> Iterator[Entry]:
        for entry in entries:
            verdict = rules.verdict(entry)
            if verdict is None:
                yield entry
            elif verdict.reason in ("symlink", "submodule"):
                told = self._tree.describe(entry)
                reading.left_out.append(LeftOut(verdict.path, verdict.reason, told))
            else:
                reading.left_out.append(verdict)

    def _one(self, entry: Entry, target: Path, pool: WorkerPool) -> tuple[str, int, Facts]:
        content = self._tree.read(entry, limit=self._limit)
        if content is None:
            return "", 0, Facts("unreadable", "its content could not be read")
        if len(content) > self._limit:
            return "", 0, Facts("too large", f"over {self._config.max_file_size_kb} KiB")
        key = facts_key(
            entry.oid or content_id(content),
            entry.path,
            parser=self._parser,
            secrets=self._config.find_secrets,
        )
        facts = self._facts(key, entry.path, content, pool)
        if not facts.reason:
            _write(target / entry.path, content, executable=entry.executable)
        return key, len(content), facts

    def _facts(self, key: str, path: str, content: bytes, pool: WorkerPool) -> Facts:
        text = self._cache.get(key)
        if text is None:
            text = self._work_out(path, content, pool)
            self._cache.put(key, text)
        return Facts.from_text(text, path=path)

    def _work_out(self, path: str, content: bytes, pool: WorkerPool) -> str:
        """Have a file read; where that is the end of a process, once more without a grammar.

        Never in this process: what ended one would end this one.
        """
        header = {"path": path, "secrets": self._config.find_secrets}
        try:
            return pool.call(header, content)
        except WorkerDiedError as death:
            header["because"] = str(death)
        try:
            return pool.call(header, content)
        except WorkerDiedError as death:
            return Facts("unreadable", f"nothing could read it: {death}").to_text()


def _write(path: Path, content: bytes, *, executable: bool) -> None:
    """Write a file that is not there yet, in a folder that nobody else writes to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o755 if executable else 0o644), "wb") as file:
        file.write(content)
