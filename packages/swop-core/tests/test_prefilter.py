"""The prefilter never passes over a file that holds an artifact."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from swop import ScanReport, SwopConfig
from swop.scan.prefilter import holds_stem, import_heads, may_hold_artifact
from swop.scan.project import ProjectScan
from swop.scan.source import text_for_search
from swop.scan.vocabulary import BASE_KINDS

from .trees import chained_trees, trees, write_tree


def outcome(report: ScanReport) -> object:
    return [item.to_dict() for item in report.detections], report.errors, report.warnings


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=trees)
def test_scanning_with_it_equals_scanning_without(tree: dict[str, list[str]]) -> None:
    """Whatever a project renames, re-exports or inherits: the outcome is the same."""
    root = Path(tempfile.mkdtemp())
    try:
        write_tree(root, tree)
        config = SwopConfig(config_path=root / "swop.yaml")
        with_it = ProjectScan(config).run()
        without = ProjectScan(config, prefilter=False).run()
        assert outcome(with_it) == outcome(without)
    finally:
        shutil.rmtree(root)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=chained_trees())
def test_a_chain_is_followed_to_its_end(tree: dict[str, list[str]]) -> None:
    """A class that is ours through links in other files is found, whatever they are called."""
    root = Path(tempfile.mkdtemp())
    try:
        write_tree(root, tree)
        report = ProjectScan(SwopConfig(config_path=root / "swop.yaml")).run()
        assert "Final" in {item.name for item in report.detections}
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("import swop", id="ours"),
        pytest.param("class IssueCommand: pass", id="suffix"),
        pytest.param("class \\\n IssueEvt: pass", id="continued-line"),
        pytest.param("class A(lib.Command): pass", id="base"),
        pytest.param("class A(\n  # the class: it is (\n  Command): pass", id="base-after-comment"),
        pytest.param("class A(x['):'], Command): pass", id="colon-in-text"),
        pytest.param("class A[T: int](Query): pass", id="colon-in-brackets"),
        pytest.param("from x import Command as C", id="renamed"),
        pytest.param("C = lib.Command", id="assigned"),
        pytest.param("C = (lib.Handler)", id="assigned-in-parentheses"),
        pytest.param("class A\uff43Command: pass", id="folded-identifier"),
        pytest.param("from x import \uff53wop", id="folded-name"),
    ],
)
def test_ends_of_chains_are_seen(text: str) -> None:
    """Every way in which a file names the end of a chain itself."""
    assert may_hold_artifact(text_for_search(text.encode()))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def handle(event): return Query(event)", id="only-used"),
        pytest.param("from django.db.models.sql import Query", id="only-imported"),
        pytest.param("class Recommander: pass", id="part-of-a-word"),
        pytest.param("command = handler = None", id="lower-case"),
    ],
)
def test_what_cannot_be_an_artifact_is_passed_over(text: str) -> None:
    """The filter is worth something: ordinary mentions do not count."""
    assert not may_hold_artifact(text_for_search(text.encode()))


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        pytest.param("from a.b import c", {"a"}, id="from"),
        pytest.param("import a.b, d.e as f", {"a", "d"}, id="several"),
        pytest.param("from .a import b", {"a"}, id="relative"),
        pytest.param("from .. import a", {"a"}, id="only-dots"),
        pytest.param("from . import (  # x\n  a,\n  b,\n)", {"a", "b"}, id="only-dots-many-lines"),
        pytest.param("from \\\n  a import b", {"a"}, id="continued-before"),
        pytest.param("import x, \\\n  a", {"x", "a"}, id="continued-after"),
        pytest.param("x = 1; import a; from b import c", {"a", "b"}, id="on-one-line"),
        pytest.param("if x: import a\r\nimport b\r\n", {"a", "b"}, id="crlf"),
        pytest.param("    import a # from b", {"a"}, id="indented"),
    ],
)
def test_import_heads_are_all_found(text: str, heads: set[str]) -> None:
    """More names may be given, never fewer."""
    assert heads <= import_heads(text.encode())


def test_a_coding_line_is_honoured() -> None:
    """A file in another encoding is searched as Python reads it."""
    data = "# coding: utf-7\nimport +AHMAdwBvAHA-\n".encode("ascii")
    assert may_hold_artifact(text_for_search(data))


def test_every_base_name_holds_a_stem() -> None:
    """What is passed over for want of a stem can name no base."""
    assert all(holds_stem(name.encode()) for name in BASE_KINDS)
    assert not holds_stem(b"class Quiet(Comma, Evening, Handle): C = E = H = Q = 1")
