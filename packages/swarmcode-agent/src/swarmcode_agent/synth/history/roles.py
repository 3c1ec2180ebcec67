"""What a path is to us: source, a test, or neither. Decided by its name alone."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePosixPath


class Role(Enum):
    """The part a file plays in a commit."""

    SOURCE = "source"
    TEST = "test"
    OTHER = "other"


_CODE = frozenset({".py", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".go", ".rs"})
_TEST_FOLDERS = frozenset({"test", "tests", "testing", "__tests__", "spec", "testsuite"})
_ASIDE = frozenset({"doc", "docs", "example", "examples", "vendor", "node_modules", "_vendor"})
_ASIDE_NAMES = frozenset({"setup.py", "conf.py", "noxfile.py", "tasks.py"})


def role_of(path: str) -> Role:
    """The role of a path, as `/`-separated text."""
    pure = PurePosixPath(path)
    folders = {part.lower() for part in pure.parts[:-1]}
    if _is_test_name(pure) or (folders & _TEST_FOLDERS and not folders & _ASIDE):
        return Role.TEST
    if pure.suffix not in _CODE or folders & _ASIDE or pure.name in _ASIDE_NAMES:
        return Role.OTHER
    return Role.SOURCE


def _is_test_name(path: PurePosixPath) -> bool:
    name = path.name
    if path.suffix not in _CODE:
        return False
    stem = path.stem
    return (
        name == "conftest.py"
        or stem.startswith("test_")
        or stem.endswith(("_test", ".test", ".spec"))
    )


def holds_tests(path: str) -> bool:
    """Whether a test runner would collect the file: a conftest or a fixture is not asked."""
    pure = PurePosixPath(path)
    return role_of(path) is Role.TEST and _is_test_name(pure) and pure.name != "conftest.py"
