"""Manifests: the spec's form, the same bytes everywhere, read back strictly."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from swop import (
    ManifestError,
    ScanReport,
    StateWriteError,
    generate_manifests,
    read_manifest,
    read_manifests,
    scan_project,
)
from swop.manifests.read import parse_manifest
from swop.manifests.yaml_text import to_yaml

from .projects import project

OPS = """
    from dataclasses import dataclass
    from enum import Enum
    from swop import command, event, handler, query
    class Currency(Enum):
        EUR = "eur"
    @command("billing", emits=["Billed"])
    @dataclass
    class IssueInvoice:
        customer_id: int
        amount: float
        currency: Currency = Currency.EUR
        note: str | None = None
    @event("billing")
    class InvoiceIssued:
        number: int
    @query("catalog")
    class ListProducts:
        page: int = 1
    @handler(IssueInvoice)
    class Issuer:
        def handle(self, cmd: IssueInvoice) -> int:
            return InvoiceIssued(number=1)
    @handler(ListProducts)
    class Lister:
        def handle(self, q: ListProducts) -> list[Currency]: ...
    class StockCountedEvent:
        sku: str
"""
COMMANDS = """\
# Written by `swop gen manifests`: change the code, not this file.
version: 1
context: billing
commands:
  IssueInvoice:
    module: billing.ops
    source:
      file: src/billing/ops.py
      class: IssueInvoice
    fields:
      - name: customer_id
        type: int
        required: true
      - name: amount
        type: float
        required: true
      - name: currency
        type: Currency
        required: false
        default: Currency.EUR
      - name: note
        type: str | None
        required: false
        nullable: true
        default: None
    handler:
      file: src/billing/ops.py
      class: Issuer
      method: handle
    emits:
      - Billed
      - InvoiceIssued
    types:
      - kind: enum
        name: Currency
        values:
          - name: EUR
            value: eur
"""
CONFIG = "source_roots: [src]\n"


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.yml"))
    }


def generated(root: Path, files: dict[str, str | bytes], config: str = CONFIG) -> dict[str, bytes]:
    settings = project(root, files, config)
    generate_manifests(scan_project(settings), settings)
    return files_below(root / ".swop/manifests")


def test_the_form_of_the_specification(tmp_path: Path) -> None:
    """A mapping by name; three files for each context; nothing that a comment could change."""
    made = generated(tmp_path, {"src/billing/ops.py": OPS})
    assert made["billing/commands.yml"].decode() == COMMANDS
    assert sorted(made) == sorted(
        f"{context}/{block}.yml"
        for context in ("billing", "catalog")
        for block in ("commands", "queries", "events")
    )
    queries = yaml.safe_load(made["catalog/queries.yml"])["queries"]
    assert queries["ListProducts"]["response"] == {"type": "list[Currency]", "fields": []}
    events = yaml.safe_load(made["billing/events.yml"])["events"]
    assert events["StockCountedEvent"]["detected"]["confidence"] == 0.7


def test_a_comment_changes_no_manifest(tmp_path: Path) -> None:
    """Lines move, fingerprints change, committed files stay."""
    before = generated(tmp_path, {"src/billing/ops.py": OPS})
    assert generated(tmp_path, {"src/billing/ops.py": "    # moved\n" + OPS}) == before


def test_files_are_written_only_where_they_changed(tmp_path: Path) -> None:
    """A second generation touches nothing; an edit touches one file."""
    config = project(tmp_path, {"src/billing/ops.py": OPS}, CONFIG)
    generate_manifests(scan_project(config), config)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.yml")}
    assert generate_manifests(scan_project(config), config).written == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.yml")} == stamps
    project(tmp_path, {"src/billing/ops.py": OPS.replace("page: int", "size: int")}, CONFIG)
    assert [
        item.path.relative_to(tmp_path).as_posix()
        for item in generate_manifests(scan_project(config), config).written
    ] == [".swop/manifests/catalog/queries.yml"]


def test_bytes_do_not_depend_on_order_or_hash_seed(tmp_path: Path) -> None:
    """Files made in any order, scanned under any hash seed: the same manifests."""
    sources = {
        f"src/c{number % 3}/m{number}.py": OPS.replace('"billing"', f'"c{number % 3}"')
        for number in range(9)
    }
    outcomes = []
    for seed in range(4):
        root = tmp_path / "same"
        shutil.rmtree(root, ignore_errors=True)
        names = sorted(sources)
        random.Random(seed).shuffle(names)
        project(root, {name: sources[name] for name in names}, CONFIG)
        script = (
            "import swop; c = swop.load_config('swop.yaml');"
            "swop.generate_manifests(swop.scan_project(c, incremental=False), c)"
        )
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            check=True,
        )
        outcomes.append(files_below(root))
    assert outcomes[0]
    assert all(outcome == outcomes[0] for outcome in outcomes)


def test_two_artifacts_of_one_name_both_stay(tmp_path: Path) -> None:
    """They are told apart by module, with a warning."""
    text = "from swop import command\n@command('x')\nclass Make: ...\n"
    config = project(tmp_path, {"src/a.py": text, "src/b.py": text}, CONFIG)
    result = generate_manifests(scan_project(config), config)
    [manifest] = [m for m in read_manifests(config.manifests_path) if m.kind == "command"]
    assert list(manifest.entries) == ["a.Make", "b.Make"]
    assert [entry.name for entry in manifest.entries.values()] == ["Make", "Make"]
    assert result.warnings == [
        "src/a.py:3: the context 'x' has 2 commands named 'Make' (also src/b.py:3): rename one"
    ]


def test_manifests_of_lost_contexts_are_removed(tmp_path: Path) -> None:
    """Only those that swop wrote, and never when a file could not be read."""
    config = project(tmp_path, {"src/billing/ops.py": OPS}, CONFIG)
    generate_manifests(scan_project(config), config)
    foreign = config.manifests_path / "other" / "commands.yml"
    foreign.parent.mkdir()
    foreign.write_text("mine: true\n")
    project(tmp_path, {"src/billing/ops.py": "def broken(:\n"}, CONFIG)
    assert generate_manifests(scan_project(config), config).removed == []
    project(tmp_path, {"src/billing/ops.py": ""}, CONFIG)
    assert len(generate_manifests(scan_project(config), config).removed) == 6
    assert [path.parent.name for path in config.manifests_path.rglob("*.yml")] == ["other"]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """It says what would be written."""
    config = project(tmp_path, {"src/billing/ops.py": OPS}, CONFIG)
    result = generate_manifests(scan_project(config, incremental=False), config, dry_run=True)
    assert len(result.written) == 6
    assert not (tmp_path / ".swop").exists()


def test_commands_name_their_place_on_the_bus(tmp_path: Path) -> None:
    """With a bus configured, each command knows its exchange and routing key."""
    made = generated(tmp_path, {"src/billing/ops.py": OPS}, CONFIG + "bus: {type: rabbitmq}\n")
    entry = yaml.safe_load(made["billing/commands.yml"])["commands"]["IssueInvoice"]
    assert entry["bus"] == {
        "exchange": "billing.commands",
        "routing_key": "billing.issue.invoice",
    }


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """Nothing is written outside the manifests' folder."""
    config = project(tmp_path / "p", {"src/billing/ops.py": OPS}, CONFIG)
    (tmp_path / "out").mkdir()
    config.manifests_path.mkdir(parents=True)
    (config.manifests_path / "billing").symlink_to(tmp_path / "out")
    with pytest.raises(StateWriteError, match="symbolic link"):
        generate_manifests(scan_project(config), config)
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Fields, types, responses, handlers and emitted events survive."""
    config = project(tmp_path, {"src/billing/ops.py": OPS}, CONFIG)
    report = scan_project(config)
    generate_manifests(report, config)
    for manifest in read_manifests(config.manifests_path):
        for entry in manifest.entries.values():
            [found] = [d for d in report.detections if d.name == entry.name]
            assert (entry.fields, entry.types) == (tuple(found.fields), tuple(found.types))
            assert (entry.response, entry.module) == (found.response, found.module)
            assert entry.source_file == found.source_file


def test_the_list_form_is_read(tmp_path: Path) -> None:
    """Manifests of the existing package, with what it calls things."""
    path = tmp_path / "commands.yml"
    path.write_text(
        "version: 1\ncontext: billing\ncommands:\n- name: IssueInvoice\n  source: {file: a.py, "
        "class: IssueInvoice, line: 3, fingerprint: 'sha256:0'}\n  fields:\n  - {name: n, type: "
        "int, required: false, nullable: false, default: '3'}\n  detected: {via: decorator}\n"
        "  handler: {file: a.py, class: H, method: handle}\n  emits: [X]\n"
    )
    [entry] = read_manifest(path).entries.values()
    assert (entry.name, entry.source_file, entry.emits) == ("IssueInvoice", "a.py", ("X",))
    assert entry.fields[0].default == "3"
    assert entry.handlers == ({"file": "a.py", "class": "H", "method": "handle"},)
    assert entry.extra == {"detected": {"via": "decorator"}}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("version: 1\ncontext: a\n", id="no-block"),
        pytest.param("version: 2\ncontext: a\ncommands: {}\n", id="version"),
        pytest.param("version: 1\ncontext: ..\ncommands: {}\n", id="context"),
        pytest.param("version: 1\ncontext: a\ncommands: 3\n", id="number"),
        pytest.param("version: 1\ncontext: a\ncommands: [{fields: []}]\n", id="no-name"),
        pytest.param("version: 1\ncontext: a\ncommands: {A: 3}\n", id="no-mapping"),
        pytest.param("version: 1\ncontext: a\ncommands: {A: {fields: {}}}\n", id="fields"),
        pytest.param("version: 1\ncontext: a\ncommands: {A: {fields: [{}]}}\n", id="no-field-name"),
        pytest.param("version: 1\ncontext: a\ncommands: {A: {}, A: {}}\n", id="twice"),
        pytest.param("version: 1\ncontext: a\ncommands: {A: {types: [{name: B}]}}\n", id="type"),
        pytest.param("<<<<<<< HEAD\n", id="merge-conflict"),
        pytest.param("version: 1\ncontext: a\nevents: {}\ncommands: {}\n", id="two-blocks"),
    ],
)
def test_what_is_no_manifest_is_an_error(tmp_path: Path, text: str) -> None:
    """A corrupt manifest is never an empty one."""
    path = tmp_path / "commands.yml"
    path.write_text(text)
    with pytest.raises(ManifestError) as caught:
        read_manifest(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    """No manifests at all is not the same as manifests that are empty."""
    with pytest.raises(ManifestError, match="swop gen manifests"):
        read_manifests(tmp_path / "none")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_manifest_or_a_clear_error(data: bytes) -> None:
    """Nothing else is ever raised."""
    with suppress(ManifestError):
        parse_manifest(data, path=Path("m.yml"))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(scalars | st.dictionaries(texts, inner, max_size=3), max_size=3)
        | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=4))
def test_yaml_means_what_was_written(value: dict[str, object]) -> None:
    """Whatever the texts are, any YAML reader gets the same values back."""
    assert yaml.safe_load(to_yaml(value)) == value


@pytest.mark.parametrize(
    "word",
    [
        "yes",
        "No",
        "null",
        "~",
        "1",
        "1e3",
        "0x1",
        "a: b",
        "a #b",
        "- a",
        "=",
        "2020-01-01",
        "on",
        "y",
        ".inf",
        "'",
        '"',
        "\u2028",
        "\x00",
        "<<",
        "a ",
        " a",
    ],
)
def test_texts_that_yaml_would_take_for_something_else(word: str) -> None:
    """A text stays a text."""
    assert yaml.safe_load(to_yaml({word: word})) == {word: word}


def test_an_empty_report_of_a_declared_context(tmp_path: Path) -> None:
    """A declared context has its three files before it has any artifact."""
    config = project(tmp_path, {}, "bounded_contexts: [{name: new, source: src/new}]\n")
    result = generate_manifests(ScanReport("p", tmp_path), config)
    assert [(item.context, item.entries) for item in result.files] == [("new", 0)] * 3
    assert (result.total_entries, list(result.by_context())) == (0, ["new"])
