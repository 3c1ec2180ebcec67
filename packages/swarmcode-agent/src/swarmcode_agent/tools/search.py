"""Search the files of a folder: ripgrep where it is there, a Python process of our own elsewhere.

Either is a process, so that a pattern that takes forever can be ended. It starts in the folder
through a descriptor that was opened beneath the workspace, follows no link, and answers in
ripgrep's JSON lines; what it found in files that may not be read is left out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from ..confined import ConfinedFolder
from ..errors import PathError, ToolError

MOST_BYTES = 2_000_000  # larger files are data, not source
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Match:
    """One line that matches."""

    path: str
    line: int
    text: str


def search(
    folder: ConfinedFolder, pattern: str, path: str, file_pattern: str, *, most: int
) -> tuple[list[Match], bool]:
    """Return at most `most` matches in the order of their paths, and whether there were more.

    Raises ToolError for a pattern that is no regular expression or takes too long, and PathError
    for a path outside.
    """
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ToolError(f"the regular expression {pattern!r} is not valid: {error}") from None
    start = PurePosixPath(folder.relative(path))
    only = ""
    if not folder.is_folder(str(start)):
        if folder.read(str(start), most=1) is None:
            raise PathError(path, "not found")
        start, only = start.parent, start.name
    found = _found(folder, pattern, start, only, file_pattern, most)
    readable = cache(folder.is_readable)
    allowed = [match for match in found if readable(match.path)]
    return allowed[:most], len(allowed) > most


def _found(
    folder: ConfinedFolder,
    pattern: str,
    start: PurePosixPath,
    only: str,
    file_pattern: str,
    most: int,
) -> list[Match]:
    glob = "" if file_pattern == "*" else file_pattern
    words = _ripgrep(pattern, only, glob)
    matches = None if words is None else _run(folder, words, start, most)
    if matches is None:  # no ripgrep, or a pattern that only Python knows
        own = [sys.executable, "-I", "-m", f"{__package__}.searcher"]
        matches = _run(folder, [*own, pattern, only, glob], start, most)
    return matches or []


def _ripgrep(pattern: str, only: str, glob: str) -> list[str] | None:
    program = shutil.which("rg")
    if program is None:
        return None
    words = [
        program, "--json", "--no-config", "--no-ignore", "--hidden", "--sort", "path",
        "--no-follow", "--max-filesize", str(MOST_BYTES), "--glob", "!**/.git",
    ]  # fmt: skip
    words += ["--glob", glob] if glob else []
    return [*words, "--regexp", pattern, "--", f"./{only}" if only else "."]


def _run(
    folder: ConfinedFolder, words: list[str], start: PurePosixPath, most: int
) -> list[Match] | None:
    """Run a searcher in a folder; None where it does not understand the pattern."""
    with folder.opened(str(start)) as descriptor:
        process = subprocess.Popen(
            words,
            cwd=f"/proc/self/fd/{descriptor}" if sys.platform == "linux" else folder.root / start,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    alarm = threading.Timer(_SECONDS, end)
    alarm.start()
    matches: list[Match] = []
    try:
        for raw in process.stdout or ():
            if (match := _read(raw, start)) is not None:
                matches.append(match)
            if len(matches) > most:
                process.kill()
                break
    finally:
        alarm.cancel()
        if process.stdout is not None:
            process.stdout.close()
        code = process.wait()
    if late.is_set():
        raise ToolError(f"the search took longer than {_SECONDS:g} s; simplify the pattern")
    return None if code == 2 and not matches else matches


def _read(raw: bytes, start: PurePosixPath) -> Match | None:
    event = json.loads(raw)
    if event["type"] != "match":
        return None
    data = event["data"]
    if "text" not in data["path"] or "text" not in data["lines"]:
        return None  # bytes that are not UTF-8
    path = start / os.path.normpath(data["path"]["text"])
    return Match(path.as_posix(), data["line_number"], data["lines"]["text"].rstrip("\r\n"))
