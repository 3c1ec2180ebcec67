"""Detection against labels that people wrote: precision and recall."""

from __future__ import annotations

from pathlib import Path

import pytest

from swop import SwopConfig, scan_project

from .corpus.cases import CASES
from .corpus.expand import Label, write_cases


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Label], set[Label]]:
    """The labels of the corpus, and what a scan of it says in the same form."""
    root = tmp_path_factory.mktemp("corpus")
    labels = write_cases(CASES, root)
    report = scan_project(SwopConfig(config_path=root / "swop.yaml"), incremental=False)
    assert report.errors == []
    found = {
        Label(
            item.source_file,
            item.source_line,
            item.name,
            item.kind,
            item.context,
            (item.handles or "") if item.kind == "handler" else "",
        )
        for item in report.detections
    }
    return labels, found


def test_the_corpus_is_large_and_mixed(labelled: tuple[list[Label], set[Label]]) -> None:
    """At least 1,000 classes, a fair share of which are no artifacts."""
    labels, _ = labelled
    none = sum(label.kind == "-" for label in labels)
    assert len(labels) >= 1000
    assert 0.25 <= none / len(labels) <= 0.6


def test_precision_and_recall(labelled: tuple[list[Label], set[Label]]) -> None:
    """At least 99 % of what is there is found, and of what is found is there."""
    labels, found = labelled
    wanted = {label for label in labels if label.kind != "-"}
    right = len(wanted & found)
    missed, wrong = sorted(wanted - found), sorted(found - wanted)
    shown = "\n".join([*(f"missed {m}" for m in missed[:20]), *(f"wrong {w}" for w in wrong[:20])])
    assert right / len(wanted) >= 0.99, shown
    assert right / len(found) >= 0.99, shown


def test_nothing_is_missed_that_the_corpus_holds(labelled: tuple[list[Label], set[Label]]) -> None:
    """Today every label is met: a change that loses one should be seen."""
    labels, found = labelled
    assert {label for label in labels if label.kind != "-"} == found


def test_paths_are_below_the_root(labelled: tuple[list[Label], set[Label]]) -> None:
    """Detections name files from the project's root, with forward slashes."""
    _, found = labelled
    assert not any(Path(label.file).is_absolute() or "\\" in label.file for label in found)
