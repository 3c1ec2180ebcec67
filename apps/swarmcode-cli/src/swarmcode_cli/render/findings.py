"""What a verification found, for people."""

from collections.abc import Sequence

from ..checking import Finding


def as_text(findings: Sequence[Finding]) -> str:
    """Return a line a finding."""
    return "\n".join(
        f"{'ok ' if found.holds else 'NO '}  {found.what:12} {found.detail}" for found in findings
    )
