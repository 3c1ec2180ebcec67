"""The tools of a coding agent on one workspace."""

from __future__ import annotations

import asyncio
import fnmatch
import inspect
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from ..confined import ConfinedFolder, is_git
from ..edits import FolderTree, Level, apply_patch, parse
from ..errors import AgentError, PathError, ToolArgumentError
from ..sandbox import Allowlist, Command, Ended, Policy, Result, Sandbox
from .declare import Declaration, declare
from .result import ToolResult, failed
from .search import search
from .truncate import cut_line, cut_middle
from .validate import validated

_MOST_READ = 10_000_000  # bytes of a file that is read
_MOST_LISTED = 2_000
_GRACE = 10.0  # seconds that a tool has beyond the limit that it keeps itself
_NOT_TOOLS = frozenset({"execute"})


class AgentTools:
    """Reading, searching, patching and testing, all inside one workspace.

    A subclass adds a tool with every public `async` method that it has: its signature and its
    docstring are the tool's declaration. Paths never leave the workspace; commands run in a
    sandbox, and only those of the allowlist. Without a way to isolate, `run_tests` says so and
    runs nothing, unless `unisolated=True` asks for that, with a warning.
    """

    def __init__(
        self,
        workspace_dir: str | Path,
        timeout: float = 60,
        *,
        policy: Policy | None = None,
        allowlist: Allowlist | None = None,
        unisolated: bool = False,
    ) -> None:
        self.workspace = Path(workspace_dir).resolve()
        self.timeout = timeout
        self.folder = ConfinedFolder(self.workspace)
        self._policy = policy
        self._allowlist = allowlist or Allowlist()
        self._unisolated = unisolated
        self._sandbox: Sandbox | None = None

    # ── the tools ─────────────────────────────────────────────────────────────────────────

    async def read_file(self, path: str, start_line: int = 0, end_line: int = -1) -> ToolResult:
        """Read a text file of the workspace, with line numbers.

        Args:
            path: The file, relative to the workspace.
            start_line: The first line to show; 1 is the first of the file.
            end_line: The last line to show; -1 shows everything to the end.
        """
        data = await asyncio.to_thread(self.folder.read, path, most=_MOST_READ + 1)
        if data is None:
            return failed(f"{path}: not found; `list_files` shows what is there")
        if len(data) > _MOST_READ:
            return failed(f"{path}: larger than {_MOST_READ} bytes; use `search` instead")
        if b"\x00" in data[:8000]:
            return failed(f"{path}: a binary file of {len(data)} bytes")
        lines = data.decode("utf-8", "replace").split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        first, last = max(start_line, 1), len(lines) if end_line < 0 else end_line
        if first > len(lines) and lines:
            return failed(f"{path} has {len(lines)} lines; line {first} is past its end")
        shown = enumerate(lines[first - 1 : last], first)
        return ToolResult(
            success=True, output=cut_middle("\n".join(f"{n:4d} | {cut_line(s)}" for n, s in shown))
        )

    async def search(
        self, pattern: str, path: str = ".", file_pattern: str = "*", max_results: int = 50
    ) -> ToolResult:
        """Search the files of the workspace for a regular expression, line by line.

        Args:
            pattern: The regular expression.
            path: The file or folder to search in.
            file_pattern: Only files whose name matches, such as `*.py`.
            max_results: How many lines to show at most.
        """
        most = max(max_results, 1)
        matches, more = await asyncio.to_thread(
            search, self.folder, pattern, path, file_pattern, most=most
        )
        if not matches:
            return ToolResult(success=True, output="No matches found")
        lines = [f"{match.path}:{match.line}: {cut_line(match.text, 300)}" for match in matches]
        lines += [f"[… more than {most} matches; narrow the pattern or the path …]"] if more else []
        return ToolResult(success=True, output=cut_middle("\n".join(lines)))

    async def apply_patch(self, patch: str, path: str | None = None) -> ToolResult:
        """Change files: a unified diff, search/replace blocks, whole files or numbered lines.

        All of the patch is applied, or nothing.

        Args:
            patch: The edit, as text.
            path: The file that the patch is about, where the patch itself names none.
        """
        edit = parse(_with_path(patch, path), tree=FolderTree(self.folder))
        done = await asyncio.to_thread(apply_patch, edit, self.folder)
        lines = []
        for report in done.reports:
            bent = "" if report.level is Level.EXACT else f" ({report.level.name.lower()} match)"
            lines.append(f"{report.kind.value}: {report.path}{bent}")
        return ToolResult(success=True, output="\n".join([*lines, *done.notes]))

    async def run_tests(
        self,
        command: str = "pytest",
        path: str = ".",
        timeout: float | None = None,  # noqa: ASYNC109 - the published name
    ) -> ToolResult:
        """Run the tests in a sandbox, without network, and show what they print.

        Args:
            command: The test command, such as `pytest -q tests/test_x.py`. No shell reads it.
            path: The folder to run it in.
            timeout: Seconds after which it is ended.
        """
        parsed, folder = self._allowlist.parse(command), self.folder.relative(path)
        sandbox = await asyncio.to_thread(self._sandbox_for, parsed)
        limits = replace(sandbox.policy.limits, wall_s=self._seconds(timeout))
        result = await sandbox.arun(parsed.argv, folder=folder, limits=limits)
        return _told(result, limits.wall_s)

    async def list_files(
        self,
        path: str = ".",
        pattern: str = "*",
        recursive: bool = True,  # noqa: FBT001, FBT002
    ) -> ToolResult:
        """List the files of a folder, one a line; a folder ends with a slash.

        Args:
            path: The folder.
            pattern: Only names that match, such as `*.py`.
            recursive: Whether to list what is in its folders too.
        """
        listed = await asyncio.to_thread(self._listed, path, pattern, recursive=recursive)
        if not listed:
            return ToolResult(success=True, output="No files found")
        more = len(listed) - _MOST_LISTED
        lines = listed[:_MOST_LISTED] + ([f"[… {more} more …]"] if more > 0 else [])
        return ToolResult(success=True, output="\n".join(lines))

    async def write_file(self, path: str, content: str) -> ToolResult:
        """Write a file, and the folders it needs. What was in it is replaced.

        Args:
            path: The file, relative to the workspace.
            content: Its whole content.
        """
        data = content.encode("utf-8", "surrogateescape")
        await asyncio.to_thread(self.folder.write, path, data)
        return ToolResult(success=True, output=f"Wrote {len(data)} bytes to {path}")

    # ── calling them ──────────────────────────────────────────────────────────────────────

    @classmethod
    def declarations(cls) -> tuple[Declaration, ...]:
        """Return every tool's declaration, in the order in which they are written."""
        methods: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            for name, value in vars(base).items():
                if inspect.iscoroutinefunction(value) and not name.startswith("_"):
                    methods[name] = getattr(cls, name)
        return tuple(declare(methods[name]) for name in methods if name not in _NOT_TOOLS)

    @classmethod
    def get_tool_definitions(cls) -> list[dict[str, Any]]:
        """Return the tools as OpenAI's function schemas."""
        return [declaration.for_openai() for declaration in cls.declarations()]

    async def execute(self, name: str, args: Mapping[str, Any] | str) -> ToolResult:
        """Call a tool by its name. Whatever is wrong with the call is its answer."""
        declared = {declaration.name: declaration for declaration in self.declarations()}
        if name not in declared:
            return failed(f"unknown tool {name!r}; there are {', '.join(declared)}")
        try:
            arguments = validated(declared[name], args)
            async with asyncio.timeout(self.timeout + _GRACE):
                answer = await getattr(self, name)(**arguments)
        except ToolArgumentError as error:
            return failed(str(error))
        except AgentError as error:
            return failed(f"{name}: {error}")
        except TimeoutError:
            return failed(f"{name} took longer than {self.timeout + _GRACE:g} s and was ended")
        if not isinstance(answer, ToolResult):
            return failed(f"{name} returned {type(answer).__name__} instead of a ToolResult")
        return answer

    # ── inside ────────────────────────────────────────────────────────────────────────────

    def _seconds(self, asked: float | None) -> float:
        return min(asked, self.timeout) if asked is not None and asked > 0 else self.timeout

    def _sandbox_for(self, command: Command) -> Sandbox:
        if self._sandbox is None:
            policy = self._policy or Policy(self.workspace)
            self._sandbox = Sandbox(policy, unisolated=self._unisolated)
        if not command.environment:
            return self._sandbox
        environment = (*self._sandbox.policy.environment, *command.environment)
        return self._sandbox.with_policy(replace(self._sandbox.policy, environment=environment))

    def _listed(self, path: str, pattern: str, *, recursive: bool) -> list[str]:
        found = []
        for entry in self.folder.walk(path, recursive=recursive):
            parts = PurePosixPath(entry.path).parts
            if any(map(is_git, parts)):
                continue
            whole = entry.path if "/" in pattern else parts[-1]
            if fnmatch.fnmatch(whole, pattern):
                found.append(f"{entry.path}/" if entry.is_folder else entry.path)
        return found


def _with_path(patch: str, path: str | None) -> str:
    """Put a path over hunks that name none; what does name one stays as it is."""
    if path is None:
        return patch
    if "\n" in path:
        raise PathError(path, "has a line feed")
    start = patch.lstrip("\n")
    if start.startswith("@@"):
        return f"--- a/{path}\n+++ b/{path}\n{start}"
    if start.startswith("<<<<<") or start[:1].isdigit():
        return f"{path}\n{start}"
    return patch


def _told(result: Result, seconds: float) -> ToolResult:
    output = cut_middle(result.stdout.text + result.stderr.text)
    notes = "".join(f"\n[{note}]" for note in result.notes)
    if result.ended is Ended.EXITED:
        status = f"exit code {result.exit_code}"
    elif result.ended is Ended.TIME:
        status = f"ended after {seconds:g} s (time limit); run fewer tests, or find what hangs"
    else:
        status = f"ended by the {result.ended.value}"
    if result.ok:
        return ToolResult(success=True, output=f"{output}{notes}\n[{status}]".lstrip("\n"))
    return failed(status, output=output + notes)
