"""Rows become tasks to evaluate on: the tree before, the true fix, the tests that decide.

The tree comes from a repository at the row's parent commit, or, where a row names none, from
its context files alone. The true fix is split in two: what it does to tests and their settings
is the examiner's, what it does to the program is the answer.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..dataset import Row, read_rows
from ..errors import DatasetError, TooFewRowsError

SETTINGS = frozenset(
    {
        "conftest.py",
        "pytest.ini",
        ".pytest.ini",
        "pytest.toml",
        ".pytest.toml",
        "tox.ini",
        "setup.cfg",
        "pyproject.toml",
        "sitecustomize.py",
        "usercustomize.py",
    }
)
TEST_FOLDERS = frozenset({"test", "tests"})
METADATA_SUFFIXES = (".dist-info", ".egg-info")


def is_protected(path: str) -> bool:
    """Whether a file belongs to the examiner: a test, or what decides how tests run.

    Package metadata is among it, for it can name plugins that pytest loads.
    """
    parts = PurePosixPath(path).parts
    name = parts[-1]
    return (
        name in SETTINGS
        or name.endswith(".pth")
        or (name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py")))
        or any(part in TEST_FOLDERS for part in parts[:-1])
        or any(part.endswith(METADATA_SUFFIXES) for part in parts)
    )


@dataclass(frozen=True, slots=True)
class Task:
    """One example of an evaluation.

    Attributes:
        name: what tells it from the others, in the dataset and in reports.
        row: what the model is asked.
        repository: the repository that the tree comes from; None for the context files alone.
        parent: the commit of the tree.
        command: the arguments of pytest.
        cwd_on_path: whether the working folder is importable, as with `python -m pytest`.
        fail_to_pass: the tests that the true fix mends; empty where they must be found.
        pass_to_pass: the tests that pass before and after.
        setup_patch: what makes the tree before from the parent's, such as a planted fault.
        test_patch: what the examiner changes, beside what the true fix does to tests.
    """

    name: str
    row: Row
    repository: Path | None
    parent: str
    command: tuple[str, ...]
    cwd_on_path: bool
    fail_to_pass: tuple[str, ...] = ()
    pass_to_pass: tuple[str, ...] = ()
    setup_patch: str = ""
    test_patch: str = ""


def read_tasks(
    path: Path, *, test_command: str = "pytest", repository: Path | None = None
) -> tuple[Task, ...]:
    """Read the tasks of an evaluation.

    Args:
        path: the JSONL file of rows.
        test_command: what runs the tests of rows that name no command.
        repository: where the trees of rows with a parent commit come from.

    Raises:
        DatasetError: the file cannot be read, has no rows, or rows of the wrong kind.
    """
    rows = read_rows(path)
    if not rows:
        raise TooFewRowsError(path, found=0, needed=1, why="to evaluate on; run `swarmcode synth`")
    tasks = []
    for row in rows:
        if not isinstance(row, Row):
            raise DatasetError(
                path, f"line {row.line}: a conversation has no tests; evaluate on task rows"
            )
        try:
            tasks.append(_task(row, test_command, repository))
        except ValueError as error:
            raise DatasetError(path, f"line {row.line}: {error}") from error
    return tuple(tasks)


def _task(row: Row, test_command: str, repository: Path | None) -> Task:
    metadata = row.metadata
    parent = _text(metadata, "parent")
    if parent and repository is None:
        raise ValueError(f"its tree is commit {parent[:12]}; set repository to where that is")
    arguments, on_path = pytest_arguments(row.tests_command or test_command)
    identity = metadata.get("id")
    return Task(
        name=identity if isinstance(identity, str) and identity else f"line-{row.line}",
        row=row,
        repository=repository if parent else None,
        parent=parent,
        command=arguments,
        cwd_on_path=on_path,
        fail_to_pass=_names(metadata, "f2p", "fail_to_pass"),
        pass_to_pass=_names(metadata, "p2p", "pass_to_pass"),
        setup_patch=_text(metadata, "setup_patch"),
        test_patch=_text(metadata, "test_patch"),
    )


def pytest_arguments(command: str) -> tuple[tuple[str, ...], bool]:
    """Return pytest's arguments in a command, and whether the folder is importable.

    Raises:
        ValueError: it does not run pytest. Only pytest brings the proof that is asked for.
    """
    words = shlex.split(command)
    if words[:1] in (["pytest"], ["py.test"]):
        return tuple(words[1:]), False
    if len(words) >= 3 and words[0].startswith("python") and words[1:3] == ["-m", "pytest"]:
        return tuple(words[3:]), True
    raise ValueError(f"{command!r} does not run pytest, and nothing else brings proof of its tests")


def _names(metadata: Mapping[str, object], *keys: str) -> tuple[str, ...]:
    for key in keys:
        value = metadata.get(key)
        if value is None:
            continue
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError(f"metadata.{key} is not a list of tests")
        return tuple(str(name) for name in value)
    return ()


def _text(metadata: Mapping[str, object], key: str) -> str:
    value = metadata.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"metadata.{key} is not text")
    return value
