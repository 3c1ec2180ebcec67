"""Sections that others add to a code map."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol


class Enricher(Protocol):
    """Adds one section to `code_map.json`: what a tool that knows more sees in the files.

    An app wires them, such as one that lists the commands and events that swop finds. The same
    files must give the same section: `version` changes when the section would.
    """

    @property
    def name(self) -> str:
        """The section's name."""
        ...

    @property
    def version(self) -> str:
        """What the section depends on beside the files."""
        ...

    def enrich(self, root: Path, paths: Sequence[str]) -> Mapping[str, Any]:
        """Return the section, as JSON values, for the files of a snapshot under `root`."""
        ...
