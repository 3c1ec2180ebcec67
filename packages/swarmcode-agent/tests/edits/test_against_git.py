"""Whatever `git apply` accepts, ours turns into the same bytes."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

DRIVER = Path(__file__).parents[2] / "benchmarks" / "fuzz_edits.py"

pytestmark = [
    pytest.mark.skipif(
        shutil.which("git") is None, reason="needs the system package git: apt-get install git"
    ),
    pytest.mark.skipif(not DRIVER.exists(), reason="the benchmarks are not part of the sdist"),
]


@pytest.fixture(scope="module")
def driver() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_edits", DRIVER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", [101, 102, 103])
def test_generated_patches_give_the_same_bytes(driver: ModuleType, seed: int) -> None:
    """Generated trees, shifted files, damaged patches: agreement wherever git accepts."""
    outcomes = driver.run(200, seed)
    assert outcomes["both accept"] > 50
    assert outcomes["both refuse"] > 20
    assert sum(count for how, count in outcomes.items() if how.startswith("only ours")) > 5


QUIRKS = [
    pytest.param(
        b"a\nb\nc\n",
        b"--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n+new\n a\n b\n\\ No newline at end of file\n",
        id="a-missing-newline-in-the-middle",
    ),
    pytest.param(
        b"x\na\nb\n", b"--- a/f\n+++ b/f\n@@ -2,2 +2,3 @@\n a\n b\n+c\n", id="append-at-the-end"
    ),
    pytest.param(
        b"a\n" * 9,
        b"--- a/f\n+++ b/f\n@@ -5,3 +5,4 @@\n a\n+new\n a\n a\n",
        id="the-same-line-everywhere",
    ),
    pytest.param(
        b"one\n\ntwo\n",
        b"--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n\n-two\n+2\n",
        id="blank-context",
    ),
    pytest.param(
        b"-- sql\nx\n",
        b"--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n--- sql\n x\n",
        id="a-removed-line-like-a-header",
    ),
    pytest.param(
        b"a\r\nb\r\n",
        b"--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+B\r\n",
        id="crlf-to-the-byte",
    ),
    pytest.param(
        b"a\n",
        b"--- a/f\t2024-01-01 10:00:00.0 +0000\n+++ b/f\t2024-01-01 10:00:01.0 +0000\n"
        b"@@ -1 +1 @@\n-a\n+b\n",
        id="dated-names",
    ),
    pytest.param(
        b"a\n",
        b"--- f.orig\t1970-01-01 00:00:00.0 +0000\n+++ g\t2024-01-01 10:00:01.0 +0000\n"
        b"@@ -0,0 +1 @@\n+b\n",
        id="a-file-dated-at-the-epoch-is-new",
    ),
    pytest.param(
        b"a\n",
        b"diff --git a/f b/f\nold mode 100644\nnew mode 100755\n",
        id="mode-alone",
    ),
    pytest.param(
        b"a\n",
        b"diff --git a/f b/g\nsimilarity index 100%\nrename from f\nrename to g\n",
        id="rename-alone",
    ),
    pytest.param(
        b"a\n",
        b"diff --git a/f b/g\nsimilarity index 50%\ncopy from f\ncopy to g\n"
        b"--- a/f\n+++ b/g\n@@ -1 +1,2 @@\n a\n+b\n",
        id="copy-and-change",
    ),
    pytest.param(
        b"a\n",
        b"diff --git a/f b/f\ndeleted file mode 100644\n"
        b"--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
        id="delete",
    ),
    pytest.param(
        b"a\n", b"diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n", id="empty"
    ),
    pytest.param(
        b"a\n",
        b"From: x\nSubject: y\n\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39.5\n",
        id="a-mail-with-a-signature",
    ),
]


@pytest.mark.parametrize(("text", "patch"), QUIRKS)
def test_corners(driver: ModuleType, text: bytes, patch: bytes, tmp_path: Path) -> None:
    """The corners that random patches seldom reach: git accepts each, and so do we, alike."""
    assert driver.compare(driver.Case({"f": text}, set(), patch), tmp_path) == "both accept"
