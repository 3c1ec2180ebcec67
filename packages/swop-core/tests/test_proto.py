"""`.proto` files: they compile, they are the same every time, they keep their numbers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from swop import (
    LockError,
    ManifestError,
    MissingToolError,
    ProtoError,
    generate_manifests,
    generate_proto_from_manifests,
    scan_project,
)
from swop.proto.generate import ProtoGenerationResult, check_texts

from .drivers import driver
from .projects import project

OPS = """
    import datetime as dt
    from dataclasses import dataclass
    from decimal import Decimal
    from enum import Enum
    from typing import Literal
    from uuid import UUID
    from swop import command, event, handler, query
    class Currency(Enum):
        EUR = "eur"
        USD = "usd"
    @dataclass
    class Line:
        text: str
        price: Decimal
    @command("billing", emits=["InvoiceIssued"])
    @dataclass
    class IssueInvoice:
        customer_id: int
        lines: list[Line]
        currency: Currency = Currency.EUR
        due: dt.timedelta | None = None
        grid: list[list[int]] = ()
        by: "UUID | int" = 0
        mode: Literal["fast", "slow"] = "fast"
        totals: dict[str, Decimal] = None
    @event("billing")
    class InvoiceIssued:
        number: int
        at: dt.datetime
    @query("billing")
    class FindInvoice:
        number: int
    @handler(FindInvoice)
    class Finder:
        def handle(self, q: FindInvoice) -> list[Line]: ...
"""
BILLING = """\
// Written by `swop gen proto`: change the code, not this file.
syntax = "proto3";

package billing.v1;

import "google/protobuf/duration.proto";
import "google/protobuf/timestamp.proto";

service BillingCommandService {
  // Emits: InvoiceIssued
  rpc IssueInvoice(IssueInvoiceRequest) returns (IssueInvoiceResponse);
}

service BillingQueryService {
  rpc FindInvoice(FindInvoiceRequest) returns (FindInvoiceResponse);
}

message IssueInvoiceRequest {
  int64 customer_id = 1;
  repeated Line lines = 2;
  optional Currency currency = 3;
  optional .google.protobuf.Duration due = 4;
  repeated ListOfInt64 grid = 5;
  oneof by {
    string by_string = 6;
    int64 by_int = 7;
  }
  optional IssueInvoiceRequestMode mode = 8;
  map<string, string> totals = 9;
}

message IssueInvoiceResponse {
  string id = 1;
  repeated string emitted_events = 2;
}

message FindInvoiceRequest {
  int64 number = 1;
}

message FindInvoiceResponse {
  repeated Line result = 1;
}

message InvoiceIssued {
  int64 number = 1;
  .google.protobuf.Timestamp at = 2;
}

message Line {
  string text = 1;
  string price = 2;
}

// Made by swop.
message ListOfInt64 {
  repeated int64 items = 1;
}

enum Currency {
  CURRENCY_UNSPECIFIED = 0;
  CURRENCY_EUR = 1;
  CURRENCY_USD = 2;
}

enum IssueInvoiceRequestMode {
  ISSUE_INVOICE_REQUEST_MODE_UNSPECIFIED = 0;
  ISSUE_INVOICE_REQUEST_MODE_FAST = 1;
  ISSUE_INVOICE_REQUEST_MODE_SLOW = 2;
}
"""


def generated(root: Path, text: str = OPS, **options: str) -> ProtoGenerationResult:
    config = project(root, {"ops.py": text})
    generate_manifests(scan_project(config), config)
    return generate_proto_from_manifests(
        config.manifests_path, config.generated_path / "proto", **options
    )


def test_the_file_of_a_context(tmp_path: Path) -> None:
    """Every kind of field, in the published names, compiled before it is kept."""
    result = generated(tmp_path)
    path = tmp_path / ".swop/generated/proto/billing/v1/billing.proto"
    assert path.read_text() == BILLING
    [file] = result.files
    assert (file.context, file.commands, file.queries, file.events) == ("billing", 1, 1, 1)
    assert (tmp_path / "swop.lock.yml").exists()


def test_a_second_generation_touches_nothing(tmp_path: Path) -> None:
    """The same manifests and the same lock give the same bytes."""
    generated(tmp_path)
    again = generated(tmp_path)
    assert (again.lock_written, [item.written for item in again.files]) == (False, [False])


def test_removing_a_field_reserves_its_number(tmp_path: Path) -> None:
    """The regression: numbers by position corrupt old messages silently."""
    generated(tmp_path)
    generated(tmp_path, OPS.replace("        number: int\n        at:", "        at:"))
    text = (tmp_path / ".swop/generated/proto/billing/v1/billing.proto").read_text()
    assert 'message InvoiceIssued {\n  reserved 1;\n  reserved "number";\n' in text
    assert ".google.protobuf.Timestamp at = 2;" in text


def test_a_likely_rename_waits_for_a_decision(tmp_path: Path) -> None:
    """Nothing is written until a person says which it is."""
    generated(tmp_path)
    before = (tmp_path / "swop.lock.yml").read_bytes()
    renamed = OPS.replace("customer_id", "client_id")
    asked = generated(tmp_path, renamed)
    assert [str(item) for item in asked.undecided] == [
        "billing.IssueInvoiceRequest: customer_id → client_id"
    ]
    assert "customer_id → client_id" in asked.format()
    assert (tmp_path / "swop.lock.yml").read_bytes() == before
    assert generated(tmp_path, renamed, renames="take").undecided == []
    text = (tmp_path / ".swop/generated/proto/billing/v1/billing.proto").read_text()
    assert "int64 client_id = 1;" in text


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("class A:\n    x: timedelta\n    y: dict[str, dict[str, int]]\n", id="maps"),
        pytest.param("class Größe:\n    straße: int\n    名: str\n", id="non-ascii"),
        pytest.param("class A:\n    fooBar: int\n    foo_bar: int\n    foobar: str\n", id="json"),
        pytest.param("class A:\n    Item: int\n    google: datetime\n", id="shadowing"),
        pytest.param("class A:\n    pass\n@command('x')\nclass ARequest:\n    a: A\n", id="clash"),
        pytest.param(
            "class A:\n    p: P\n    q: Q\nclass P(Enum):\n    ON = 1\n"
            "class Q(Enum):\n    ON = 1\n",
            id="shared-members",
        ),
    ],
)
def test_what_did_not_compile_elsewhere_compiles_here(tmp_path: Path, body: str) -> None:
    """Each of these broke the published generator."""
    head = "from enum import Enum\nfrom datetime import *\nfrom swop import command\n"
    assert generated(tmp_path, f"{head}@command('x')\n{body}").files


def test_an_answer_of_int_compiles(tmp_path: Path) -> None:
    """A query that answers a number has a message around it."""
    generated(tmp_path, OPS.replace("-> list[Line]", "-> int"))
    text = (tmp_path / ".swop/generated/proto/billing/v1/billing.proto").read_text()
    assert "message FindInvoiceResponse {\n  int64 result = 1;\n}" in text


def test_two_classes_of_one_name_stay_two(tmp_path: Path) -> None:
    """They are told apart, and a warning says so."""
    config = project(
        tmp_path,
        {
            "a.py": "from swop import command\nclass Item:\n    x: int\n"
            "@command('s')\nclass Make:\n    item: Item\n",
            "b.py": "from swop import command\nclass Item:\n    y: str\n"
            "@command('s')\nclass Take:\n    item: Item\n",
        },
    )
    generate_manifests(scan_project(config), config)
    result = generate_proto_from_manifests(config.manifests_path, tmp_path / "out")
    assert result.warnings == ["s: Item: Make, Take use different classes of this name: rename one"]
    text = (tmp_path / "out/s/v1/s.proto").read_text()
    assert "message Item {\n  int64 x = 1;" in text
    assert "message Item_2 {\n  string y = 1;" in text


def test_what_is_not_expressed_is_a_warning(tmp_path: Path) -> None:
    """It names the class and the field."""
    result = generated(tmp_path, OPS.replace("grid: list[list[int]]", "grid: Matrix"))
    assert result.warnings == [
        "billing: IssueInvoice.grid: Matrix is not described in the project: it became text"
    ]


def test_what_does_not_compile_is_an_error() -> None:
    """With the compiler's own words."""
    with pytest.raises(ProtoError, match=r": x\.proto:1:") as caught:
        check_texts({"x.proto": "no protobuf"})
    assert caught.value.problems


def test_a_damaged_manifest_or_lock_stops_everything(tmp_path: Path) -> None:
    """Nothing is written over what cannot be read."""
    generated(tmp_path)
    (tmp_path / "swop.lock.yml").write_text("version: 1\ncontexts: [")
    with pytest.raises(LockError):
        generated(tmp_path)
    (tmp_path / ".swop/manifests/billing/events.yml").write_text("broken: [")
    with pytest.raises(ManifestError):
        generate_proto_from_manifests(tmp_path / ".swop/manifests", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_names_its_install_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is called checked that was not; `check=False` says it may go unchecked."""
    monkeypatch.setitem(sys.modules, "grpc_tools.protoc", None)
    with pytest.raises(MissingToolError, match=r'pip install "swop-core\[proto\]"'):
        generated(tmp_path)
    assert not (tmp_path / "swop.lock.yml").exists()


def test_random_contracts_compile() -> None:
    """A seeded slice of `benchmarks/protos.py compile`."""
    plans = list(driver("protos").compile_models(seed=20, count=400))
    assert sum(len(draft.messages) for plan in plans for draft in plan.drafts) >= 400


def test_a_class_that_becomes_an_enum_gets_another_number(tmp_path: Path) -> None:
    """Under one name, bytes of a message must not be read as a number."""
    head = "from enum import Enum\nfrom swop import event\n"
    use = "@event('x')\nclass Made:\n    color: Color\n"
    generated(tmp_path, f"{head}class Color:\n    red: int\n{use}")
    generated(tmp_path, f"{head}class Color(Enum):\n    RED = 1\n{use}")
    text = (tmp_path / ".swop/generated/proto/x/v1/x.proto").read_text()
    assert "reserved 1;\n  Color color = 2;" in text
