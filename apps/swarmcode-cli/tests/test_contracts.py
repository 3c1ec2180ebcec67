"""Contracts: what a repository promises, and which patches break it."""

from pathlib import Path

import pytest

from swarmcode_cli.contracts import ContractDrift, ContractMap, SwopContracts, breaks

BEFORE = """
from dataclasses import dataclass
from swop import command, event

@command("billing")
@dataclass
class IssueInvoice:
    customer: int
    note: str = ""

@event("billing")
@dataclass
class InvoiceIssued:
    number: int
"""


def tree(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "ops.py").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        pytest.param("", "", [], id="nothing"),
        pytest.param('note: str = ""', 'note: str = "x"', [], id="another-default"),
        pytest.param("    number: int", "    number: int\n    at: str", [], id="says-more"),
        pytest.param(
            "    customer: int", "    customer: str",
            ["billing.IssueInvoice.customer: was int and is str"], id="another-type",
        ),
        pytest.param(
            '    note: str = ""', "    note: str",
            ["billing.IssueInvoice.note: takes less than before"], id="now-required",
        ),
        pytest.param(
            "    customer: int", "    customer: int\n    reason: str",
            ["billing.IssueInvoice.reason: is new and required"], id="new-and-required",
        ),
        pytest.param(
            "class InvoiceIssued", "class InvoiceSent", ["billing.InvoiceIssued: is gone"],
            id="renamed",
        ),
    ],
)  # fmt: skip
def test_what_breaks_who_relies_on_it(
    tmp_path: Path, old: str, new: str, broken: list[str]
) -> None:
    """The metric counts promises that are broken, and no others."""
    before = tree(tmp_path / "before", BEFORE)
    after = tree(tmp_path / "after", BEFORE.replace(old, new, 1) if old else BEFORE)
    reader = SwopContracts()
    assert list(breaks(reader.messages(before), reader.messages(after))) == broken
    assert ContractDrift(reader).measure(before, after) == len(broken)


def test_the_map_lists_what_swop_finds(tmp_path: Path) -> None:
    """The section is the same for the same files, with paths inside the snapshot."""
    root = tree(tmp_path / "tree", BEFORE)
    enricher = ContractMap("1")
    section = enricher.enrich(root, ["ops.py"])
    assert section == enricher.enrich(root, ["ops.py"])
    found = [(one["kind"], one["name"], one["path"]) for one in section["artifacts"]]
    assert found == [("command", "IssueInvoice", "ops.py"), ("event", "InvoiceIssued", "ops.py")]
    assert sorted(path.name for path in root.iterdir()) == ["ops.py"], "nothing was written"
