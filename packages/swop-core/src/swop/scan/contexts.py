"""Which bounded context a file or a name belongs to."""

from __future__ import annotations

import os
from pathlib import Path

from ..config import BoundedContextConfig, SwopConfig
from ..names import path_segment_problem


class Contexts:
    """The declared contexts of a project, by name and by path."""

    def __init__(self, config: SwopConfig) -> None:
        self.config = config
        root = config.project_root
        self._by_source = sorted(
            ((_rel(root, item.source), item) for item in config.bounded_contexts),
            key=lambda pair: (-len(pair[0]), pair[0]),
        )
        self.source_roots = sorted(
            (_rel(root, str(path)) for path in config.iter_source_roots()), key=len, reverse=True
        )

    @property
    def declared(self) -> bool:
        """Whether the project declares any context."""
        return bool(self.config.bounded_contexts)

    def of_path(self, rel: str) -> BoundedContextConfig | None:
        """The declared context with the longest source that holds a file."""
        for source, context in self._by_source:
            if not source or rel == source or rel.startswith(source + "/"):
                return context
        return None

    def first_segment(self, rel: str) -> str:
        """The context of a file where none is declared: its first folder below a source root."""
        for root in self.source_roots:
            if not root or rel.startswith(root + "/"):
                below = rel[len(root) :].lstrip("/")
                first, slash, _ = below.partition("/")
                if slash:
                    return first
                return root.rpartition("/")[2] or self._project()
        return self._project()

    def unknown(self, name: str) -> str | None:
        """A remark on a context that the project does not declare, with the nearest it does."""
        if not self.declared or self.config.context(name) is not None:
            return None
        import difflib

        names = [item.name for item in self.config.bounded_contexts]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"declared are {', '.join(names)}"
        return f"context {name!r} is not declared in swop.yaml: {hint}"

    def _project(self) -> str:
        project = self.config.project
        return project if path_segment_problem(project) is None else "project"


def _rel(root: Path, path: str) -> str:
    rel = os.path.relpath(os.path.normpath(root / path), root).replace(os.sep, "/")
    return "" if rel == "." else rel
