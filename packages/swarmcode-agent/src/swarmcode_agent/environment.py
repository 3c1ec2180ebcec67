"""The workspace as the loop's environment: its tools, and what was changed since the start."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from .confined import ConfinedFolder, is_git
from .edits import File, FolderTree, diff_files, render
from .errors import PathError
from .tools import AgentTools, ToolResult

_MOST_BYTES = 1_000_000  # larger files are data: they are not part of a patch
_NOT_SOURCE = frozenset(
    {"__pycache__", "node_modules", ".venv", "venv", ".tox", ".mypy_cache", ".pytest_cache",
     ".ruff_cache", "target", "dist", "build"}
)  # fmt: skip


class WorkspaceEnvironment:
    """Tools on a folder, and the folder as it was when the environment was made."""

    def __init__(self, tools: AgentTools) -> None:
        self._tools = tools
        self._before = snapshot(tools.folder)

    def tool_definitions(self) -> Sequence[Mapping[str, Any]]:
        """The tools, as OpenAI's function schemas."""
        return self._tools.get_tool_definitions()

    async def execute(self, name: str, args: str) -> ToolResult:
        """Run one call."""
        return await self._tools.execute(name, args)

    async def final_patch(self) -> str:
        """Every change of a text file since the start, also those that commands made."""
        after = await asyncio.to_thread(snapshot, self._tools.folder)
        return render(diff_files(self._before, after))


def snapshot(folder: ConfinedFolder) -> dict[str, File]:
    """Return the text files of a folder: no caches, no builds, nothing binary, no `.git`."""
    tree, found = FolderTree(folder), {}
    for path in _sources(folder, "."):
        try:
            start = folder.read(path, most=_MOST_BYTES + 1)
            if start is None or len(start) > _MOST_BYTES or b"\x00" in start:
                continue
            file = tree.read(path)
        except PathError:
            continue  # a hard link, or gone meanwhile
        if file is not None:
            found[path] = file
    return found


def _sources(folder: ConfinedFolder, start: str) -> list[str]:
    found: list[str] = []
    for entry in folder.walk(start, recursive=False):
        name = entry.path.rpartition("/")[2]
        if entry.is_link or is_git(name) or name in _NOT_SOURCE or ".git-from-sandbox-" in name:
            continue
        found += _sources(folder, entry.path) if entry.is_folder else [entry.path]
    return found
