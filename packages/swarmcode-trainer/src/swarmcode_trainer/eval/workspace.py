"""Trees to work in: as they were before the fix, without history, made anew for every use."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from swarmcode_agent.edits import Level, Patch, apply_patch, parse
from swarmcode_agent.errors import AgentError

from ..errors import WorkspaceError
from .tasks import Task, is_protected


@dataclass(frozen=True, slots=True)
class Reference:
    """What an examiner needs of a task: its tree before, and its own files after.

    Attributes:
        folder: the tree before the fix, with nothing of it; never run in.
        protected: every file of the examiner's as it must be when tests run, by path.
        answer: the true fix without what it does to the examiner's files.
    """

    folder: Path
    protected: Mapping[str, bytes]
    answer: Patch


def make_reference(task: Task, folder: Path) -> Reference:
    """Lay out the tree of a task once, to be copied from.

    Raises:
        WorkspaceError: the commit is not there, or the true fix does not apply.
    """
    folder.mkdir(parents=True)
    if task.repository is not None:
        _export(task.repository, task.parent, folder)
    else:
        _write_context(task, folder)
    gold = folder.with_name(folder.name + ".gold")
    try:
        if task.setup_patch:
            apply_patch(parse(task.setup_patch, "unified"), folder, most=Level.EXACT)
        fresh_copy(folder, gold)
        fix = parse(task.row.diff, "unified")
        apply_patch(fix, gold, most=Level.EXACT)
        if task.test_patch:
            apply_patch(parse(task.test_patch, "unified"), gold, most=Level.EXACT)
        protected = dict(protected_files(gold))
    except AgentError as error:
        raise WorkspaceError(
            f"{task.name}: the dataset's own patch does not apply ({error})"
        ) from error
    finally:
        shutil.rmtree(gold, ignore_errors=True)
    answer = Patch(tuple(edit for edit in fix.files if not is_protected(edit.path)))
    return Reference(folder=folder, protected=protected, answer=answer)


def fresh_copy(source: Path, target: Path) -> Path:
    """Copy a tree; links stay links."""
    shutil.copytree(source, target, symlinks=True)
    return target


def protected_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the examiner's in a tree."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if is_protected(name) and path.is_file() and not path.is_symlink():
            yield name, path.read_bytes()


def restore_protected(folder: Path, reference: Reference) -> tuple[str, ...]:
    """Put the examiner's files back as they must be, and return the paths that were not so.

    Files that a patch added among them go; links in their place go; what it changed or deleted
    comes back.
    """
    different = []
    for path in sorted(folder.rglob("*"), reverse=True):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if is_protected(name) and (path.is_symlink() or name not in reference.protected):
            path.unlink()
            different.append(name)
    for name, content in reference.protected.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            different.append(name)
            _put(folder, name, content)
    return tuple(sorted(set(different)))


def _put(folder: Path, name: str, content: bytes) -> None:
    """Write one file, replacing whatever stands in its way inside the tree."""
    path = folder
    for part in Path(name).parts[:-1]:
        path = path / part
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            path.unlink()
        path.mkdir(exist_ok=True)
    path = path / Path(name).name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def _write_context(task: Task, folder: Path) -> None:
    from swarmcode_agent.confined import ConfinedFolder

    confined = ConfinedFolder(folder)
    try:
        for file in task.row.context_files:
            confined.write(file.path, file.content.encode("utf-8", "surrogateescape"))
    except AgentError as error:
        raise WorkspaceError(f"{task.name}: {error}") from error


def _export(repository: Path, commit: str, folder: Path) -> None:
    """Write a commit's files, and nothing of the history, into a folder.

    Not by `git archive`: that leaves out what the repository marks export-ignore, such as tests.
    """
    if not repository.is_dir():
        raise WorkspaceError(f"{repository}: no such repository")
    with tempfile.TemporaryDirectory(prefix="swarmcode-index-") as name:
        # The work tree is named, so that a bare repository will do: a snapshot's history is one.
        environment = {
            **os.environ,
            "GIT_INDEX_FILE": str(Path(name) / "index"),
            "GIT_WORK_TREE": str(folder.absolute()),
        }
        tree = _git(repository, environment, "rev-parse", "--verify", f"{commit}^{{tree}}")
        _git(repository, environment, "read-tree", tree)
        _git(repository, environment, "checkout-index", "-a", "-f")


def _git(repository: Path, environment: Mapping[str, str], *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        reason = run.stderr.strip().splitlines()
        raise WorkspaceError(
            f"{repository}: git {arguments[0]} {arguments[-1]} failed "
            f"({reason[-1] if reason else run.returncode})"
        )
    return run.stdout.strip()
