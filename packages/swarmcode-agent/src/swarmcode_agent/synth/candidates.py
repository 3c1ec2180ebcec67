"""From a commit to a candidate: its task, its diff, its tests; or the reason why it is none.

Everything here is read from the commit and its parent, never from today's files. What can be
decided without running anything is decided here, cheapest question first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .config import SynthConfig
from .functions import changes_behaviour, shape_of, touched_functions
from .history import Change, Commit, Noise, Repository, Role, clean_message, role_of
from .history.leaks import without_leaks
from .history.roles import holds_tests
from .hygiene import PatternSecretGate, SecretGate

_LARGEST = 400_000
_DIFF = ("diff-tree", "-p", "-M", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index")


@dataclass(frozen=True, slots=True)
class Dropped:
    """Why a commit is no candidate: a short phrase, and what a person needs to check it."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A commit that may become a row.

    Attributes:
        commit: where it comes from.
        task: what is wanted.
        diff: the change of the source files.
        test_patch: the change of the test files; empty when there is none.
        tests: the test files to run.
        before: the pre-images of the source files that the diff touches.
        functions: what the diff changes.
        proves: whether the commit brings tests whose code differs.
    """

    commit: Commit
    task: str
    diff: str
    test_patch: str
    tests: tuple[str, ...]
    before: dict[str, str]
    functions: tuple[str, ...]
    proves: bool
    test_changes: tuple[Change, ...] = field(default=(), repr=False)


def candidate_of(
    commit: Commit,
    repository: Repository,
    config: SynthConfig,
    *,
    secrets: SecretGate | None = None,
) -> Candidate | Dropped:
    """Judge one commit without running anything."""
    source = [change for change in commit.changes if _role(change) is Role.SOURCE]
    tests = [change for change in commit.changes if _role(change) is Role.TEST]
    if not source:
        return Dropped("touches no source", "only tests" if tests else "")
    if not all(change.is_text_file for change in (*source, *tests)):
        return Dropped("touches links or submodules")
    task = clean_message(commit.message, author=commit.author)
    if isinstance(task, Noise):
        return Dropped(f"message: {task.reason}", commit.message.splitlines()[0][:80])
    diff = _diff(repository, commit, source)
    refusal = _size(diff, config)
    if refusal is not None:
        return refusal
    return _read(commit, repository, task, diff, source, tests, secrets or PatternSecretGate())


def _role(change: Change) -> Role:
    """A file that moved from or into the tests counts as one of them."""
    roles = {role_of(change.path), role_of(change.old_path)}
    return Role.TEST if Role.TEST in roles else role_of(change.path)


def _diff(repository: Repository, commit: Commit, changes: Iterable[Change]) -> str:
    paths = sorted({path for change in changes for path in (change.path, change.old_path)})
    if not paths:
        return ""
    literal = [f":(top,literal){path}" for path in paths]
    raw = repository.git(*_DIFF, commit.parent, commit.sha, "--", *literal)
    return raw.decode("utf-8", "surrogateescape")


def _size(diff: str, config: SynthConfig) -> Dropped | None:
    if "\nGIT binary patch\n" in diff or "\nBinary files " in diff:
        return Dropped("touches binary files")
    changed = len(changed_lines(diff))
    if changed < config.min_diff_lines:
        return Dropped("diff too small", f"{changed} lines")
    if changed > config.max_diff_lines:
        return Dropped("diff too large", f"{changed} lines")
    return None


def changed_lines(diff: str) -> list[str]:
    """The lines that a unified diff adds and removes, with their `+` and `-`."""
    return [
        line
        for line in diff.split("\n")
        if line[:1] in ("+", "-") and not line.startswith(("+++ ", "--- "))
    ]


def _read(
    commit: Commit,
    repository: Repository,
    task: str,
    diff: str,
    source: list[Change],
    tests: list[Change],
    secrets: SecretGate,
) -> Candidate | Dropped:
    before: dict[str, str] = {}
    functions: set[str] = set()
    behaves = False
    for change in source:
        old, new = _texts(repository, change)
        if isinstance(old, Dropped) or isinstance(new, Dropped):
            return old if isinstance(old, Dropped) else Dropped("not UTF-8", change.path)
        if old is not None:
            before[change.old_path] = old
        functions |= touched_functions(change.path, old, new)
        behaves = behaves or change.status == "R" or changes_behaviour(change.path, old, new)
    if not behaves:
        return Dropped("changes no behaviour", "only layout, comments, docstrings or annotations")
    test_patch = _diff(repository, commit, tests)
    secret = secrets.found(f"{task}\n{diff}\n{test_patch}")
    if secret is not None:
        return Dropped("holds a secret", secret)
    kept = without_leaks(task, (line[1:] for line in changed_lines(diff) if line[0] == "+"))
    if kept is None:
        return Dropped("message: is the answer itself")
    runnable = tuple(
        change.path for change in tests if change.status != "D" and holds_tests(change.path)
    )
    return Candidate(
        commit,
        kept,
        diff,
        test_patch,
        runnable,
        before,
        tuple(sorted(functions)),
        bool(runnable) and any(_tests_differ(repository, change) for change in tests),
        tuple(tests),
    )


def _texts(
    repository: Repository, change: Change
) -> tuple[str | Dropped | None, str | Dropped | None]:
    old = None if change.status == "A" else _text(repository, change.old_blob, change.old_path)
    new = None if change.status == "D" else _text(repository, change.new_blob, change.path)
    return old, new


def _text(repository: Repository, blob: str, path: str) -> str | Dropped:
    content = repository.blob(blob)
    if len(content) > _LARGEST:
        return Dropped("touches a huge file", path)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return Dropped("not UTF-8", path)


def _tests_differ(repository: Repository, change: Change) -> bool:
    """Whether a test function came or changed, its parameters and fixtures among it."""
    if not change.path.endswith(".py"):
        return True
    old, new = _texts(repository, change)
    if isinstance(old, Dropped) or isinstance(new, Dropped) or new is None:
        return False
    was = shape_of(change.old_path, old)
    now = shape_of(change.path, new)
    if was is None or now is None:
        return True
    return any(
        name.rpartition(".")[2].startswith("test") and was.functions.get(name) != code
        for name, code in now.functions.items()
    )
