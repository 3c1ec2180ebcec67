"""Everything a run leaves behind: rows, audit, other formats, the summary page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..errors import EditError
from .audit import Decision, write_whole
from .config import SynthConfig
from .formats import chat_row, swebench_row, write_harbor_task
from .history import Repository
from .patches import apply_exactly
from .prove.requirements import READ, needs_of
from .prove.tree import write_file, write_metadata, write_tree
from .rows import Row
from .split import Split
from .summary import summary_page


@dataclass(frozen=True, slots=True)
class Written:
    """Where the files of a run are."""

    train: Path
    evaluation: Path
    audit: Path
    summary: Path


def places(output: Path) -> Written:
    """The files that go with an output path: `training.jsonl` has `eval.jsonl` beside it."""
    evaluation = "eval.jsonl" if output.name == "training.jsonl" else f"{output.stem}.eval.jsonl"
    return Written(
        output,
        output.with_name(evaluation),
        output.with_name(f"{output.stem}.audit.jsonl"),
        output.with_name(f"{output.stem}.summary.html"),
    )


def write_all(
    config: SynthConfig, repository: Repository, split: Split, decisions: Sequence[Decision]
) -> Written:
    """Write each file as a whole; with no rows at all, only the audit."""
    written = places(config.output_path)
    write_whole(written.audit, (_audited(decision) for decision in decisions))
    rows = [*split.train, *split.evaluation]
    if rows:
        write_whole(written.evaluation, (row.to_json() for row in split.evaluation))
        write_whole(written.summary, (summary_page(repository.name, split, decisions),))
        for form in config.formats:
            _FORMS[form](config, repository, rows)
        write_whole(written.train, (row.to_json() for row in split.train))
    return written


def _audited(decision: Decision) -> str:
    data = {
        "candidate": decision.candidate,
        "kept": decision.kept,
        "reason": decision.reason,
        "detail": decision.detail,
        "seconds": decision.seconds,
        "touches_source_and_tests": decision.tested,
    }
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


def _chat(config: SynthConfig, repository: Repository, rows: Iterable[Row]) -> None:
    del repository

    def lines() -> Iterator[str]:
        for row in rows:
            try:
                yield chat_row(row, edit_format=config.edit_format)
            except EditError:
                # A rename cannot be said as search/replace blocks; a diff can say everything.
                yield chat_row(row, edit_format="unified")

    write_whole(_beside(config, "chat.jsonl"), lines())


def _swebench(config: SynthConfig, repository: Repository, rows: Iterable[Row]) -> None:
    del repository
    proven = (row for row in rows if row.metadata.proof == "executed")
    write_whole(_beside(config, "swebench.jsonl"), (swebench_row(row) for row in proven))


def _harbor(config: SynthConfig, repository: Repository, rows: Iterable[Row]) -> None:
    folder = _beside(config, "harbor")
    for row in rows:
        if row.metadata.proof == "executed":
            write_harbor_task(row, folder, partial(start_tree, repository, row))


def start_tree(repository: Repository, row: Row, folder: Path) -> None:
    """Write the tree that a row's solver starts from: the parent's, with the planted bug."""
    write_tree(repository, row.metadata.parent, folder)
    texts = {
        path: (folder / path).read_text("utf-8", "replace")
        for path in READ
        if (folder / path).is_file()
    }
    write_metadata(folder, needs_of(texts))
    if row.metadata.setup_patch:
        shown = {file.path: file.content for file in row.context_files}
        before = apply_exactly(row.diff, shown)
        for path in before if isinstance(before, dict) else ():
            write_file(folder, path, shown[path].encode("utf-8"))


def _beside(config: SynthConfig, ending: str) -> Path:
    return config.output_path.with_name(f"{config.output_path.stem}.{ending}")


_FORMS = {"chat": _chat, "swebench": _swebench, "harbor": _harbor}
