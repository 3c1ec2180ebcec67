"""A small project that has one of everything."""

from __future__ import annotations

from pathlib import Path

OPS = '''\
from dataclasses import dataclass
from swop import command, event, handler, query

@command("billing")
@dataclass
class IssueInvoice:
    customer_id: int
    amount: float

@event("billing")
class InvoiceIssued:
    number: int

@handler(IssueInvoice)
class IssueInvoiceHandler:
    def handle(self, cmd: IssueInvoice) -> int:
        return InvoiceIssued(number=1)

@query("catalog")
class ListProducts:
    """</script><b>&amp;"""
    page: int = 1
'''


def shop(root: Path, **files: str) -> Path:
    """Write the project; more files by name."""
    (root / "swop.yaml").write_text("version: 1\nproject: <shop> & co\nsource_roots: [src]\n")
    (root / "src").mkdir()
    (root / "src/ops.py").write_text(OPS)
    for name, text in files.items():
        (root / "src" / f"{name}.py").write_text(text)
    return root
