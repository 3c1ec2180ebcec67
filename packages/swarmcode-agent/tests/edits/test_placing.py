"""How a hunk finds its place, level by level, and what is said when it does not."""

from pathlib import Path

import pytest

from swarmcode_agent.edits import Level, apply_patch, parse
from swarmcode_agent.errors import EditConflictError, PathError

CODE = """\
import os


class Loader:
    def load(self, path):
        with open(path) as file:
            return file.read()

    def save(self, path, text):
        with open(path, "w") as file:
            file.write(text)


def main():
    loader = Loader()
    print(loader.load("x"))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(CODE)
    return tmp_path


def edit(body: str, *, at: int = 5) -> str:
    return f"--- a/app.py\n+++ b/app.py\n@@ -{at},99 +{at},99 @@\n{body}"


@pytest.mark.parametrize(
    ("patch", "level"),
    [
        pytest.param(
            edit("     def load(self, path):\n-        with open(path) as file:\n"
                 "+        with open(path, 'rb') as file:\n             return file.read()\n"),
            Level.EXACT,
            id="where-it-says",
        ),
        pytest.param(
            edit("     def load(self, path):\n-        with open(path) as file:\n"
                 "+        with open(path, 'rb') as file:\n             return file.read()\n",
                 at=11),
            Level.MOVED,
            id="elsewhere",
        ),
        pytest.param(
            edit(" def load(self, path):\n-    with open(path) as file:\n"
                 "+    with open(path, 'rb') as file:\n         return file.read()\n"),
            Level.WHITESPACE,
            id="indented-less",
        ),
        pytest.param(
            edit("     def load(self, path):\n         # open it\n"
                 "-        with open(path) as file:\n"
                 "+        with open(path, 'rb') as file:\n             return file.read()\n"
                 " \n     def save(self, path, text):\n"),
            Level.FUZZY,
            id="a-line-that-is-not-there",
        ),
    ],
)  # fmt: skip
def test_each_level_places_and_tells(folder: Path, patch: str, level: Level) -> None:
    """All four end in the same file, indented as the file is, and say how they got there."""
    report = apply_patch(parse(patch), folder)
    assert report.level is level
    wanted = CODE.replace("open(path) as", "open(path, 'rb') as")
    assert (folder / "app.py").read_text() == wanted


@pytest.mark.parametrize("most", list(Level)[:-1])
def test_a_caller_may_ask_for_less_bending(folder: Path, most: Level) -> None:
    """A hunk that would need more than `most` is a conflict, and nothing changes."""
    patch = parse(edit(
        "     def load(self, path):\n         # gone\n-        with open(path) as file:\n"
        "+        with open(path, 'rb') as file:\n             return file.read()\n"
        " \n     def save(self, path, text):\n"
    ))  # fmt: skip
    with pytest.raises(EditConflictError):
        apply_patch(patch, folder, most=most)
    assert (folder / "app.py").read_text() == CODE


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        pytest.param(edit("-    gone()\n+    here()\n"), "no line of the file", id="lost"),
        pytest.param(
            edit("     def save(self, path, text):\n-        with open(path, 'a') as stream_out:\n"
                 "+        pass\n             file.write(text)\n"),
            "the file has 'with open(path, \"w\") as file:'",
            id="nearly",
        ),
        pytest.param(
            "app.py\n<<<<<<< SEARCH\n\n=======\nx\n>>>>>>> REPLACE\n",
            "5 places (lines 2, 3, 8 and 2 more)",
            id="a-blank-search",
        ),
        pytest.param(
            "--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-a\n+b\n", "no such file", id="missing-file"
        ),
        pytest.param(
            "--- /dev/null\n+++ b/app.py\n@@ -0,0 +1 @@\n+a\n", "already there", id="exists"
        ),
        pytest.param(
            edit("-    loader = Loader(None)\n+    loader = Loader()\n"
                 "     print(loader.load(\"x\"))\n"),
            "the result already stands at line 15",
            id="already-applied",
        ),
    ],
)  # fmt: skip
def test_a_conflict_is_a_sentence_to_act_on(folder: Path, patch: str, says: str) -> None:
    """It names file and hunk, what is wrong, and what to send instead."""
    with pytest.raises(EditConflictError) as caught:
        apply_patch(parse(patch), folder)
    assert says in str(caught.value)
    assert caught.value.conflicts[0].path
    assert (folder / "app.py").read_text() == CODE


def test_two_equal_places_are_not_guessed(tmp_path: Path) -> None:
    """A search that fits twice is refused with both lines."""
    (tmp_path / "x.py").write_text("a = 1\nb\na = 1\n")
    block = "x.py\n<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n"
    with pytest.raises(EditConflictError, match=r"2 places \(lines 1, 3\)"):
        apply_patch(parse(block), tmp_path)


def test_one_bad_file_leaves_every_file_as_it_was(folder: Path) -> None:
    """All or nothing, over files; every conflict is told at once."""
    patch = (
        "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+new\n"
        + edit("-    gone()\n+    here()\n")
        + "--- a/none.py\n+++ b/none.py\n@@ -1 +1 @@\n-a\n+b\n"
    )
    with pytest.raises(EditConflictError) as caught:
        apply_patch(parse(patch), folder)
    assert [conflict.path for conflict in caught.value.conflicts] == ["app.py", "none.py"]
    assert sorted(path.name for path in folder.iterdir()) == ["app.py"]


def test_a_file_with_crlf_keeps_it(tmp_path: Path) -> None:
    """A patch written with line feeds fits, and what it adds ends as the file's lines do."""
    (tmp_path / "w.txt").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    report = apply_patch(
        parse("--- a/w.txt\n+++ b/w.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"), tmp_path
    )
    assert report.level is Level.WHITESPACE
    assert (tmp_path / "w.txt").read_bytes() == b"one\r\n2\r\nthree\r\n"


def test_a_block_at_the_end_keeps_the_missing_newline(tmp_path: Path) -> None:
    """Blocks cannot say how a file ends, so it ends as it did."""
    (tmp_path / "x.py").write_bytes(b"a\nb")
    block = "x.py\n<<<<<<< SEARCH\nb\n=======\nc\n>>>>>>> REPLACE\n"
    apply_patch(parse(block), tmp_path)
    assert (tmp_path / "x.py").read_bytes() == b"a\nc"


def test_names_without_prefixes_are_taken_as_they_stand(tmp_path: Path) -> None:
    """`src/x.py` means src/x.py, though git would take a folder off."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src/x.py").write_text("a\n")
    apply_patch(parse("--- src/x.py\n+++ src/x.py\n@@ -1 +1 @@\n-a\n+b\n"), tmp_path)
    apply_patch(parse("--- /dev/null\n+++ src/new.py\n@@ -0,0 +1 @@\n+b\n"), tmp_path)
    assert (tmp_path / "src/x.py").read_text() == (tmp_path / "src/new.py").read_text() == "b\n"


@pytest.mark.parametrize(
    "path",
    ["../out.txt", "/etc/out.txt", "a/../../out.txt", ".git/config", "x/.GIT/hooks/post-checkout"],
)
def test_a_patch_stays_in_its_folder(tmp_path: Path, path: str) -> None:
    """Outside, and .git, are out of reach; nothing of the patch is written."""
    inside = tmp_path / "inside"
    inside.mkdir()
    patch = f"--- /dev/null\n+++ b/ok.txt\n@@ -0,0 +1 @@\n+x\n--- /dev/null\n+++ b/{path}\n"
    with pytest.raises(PathError):
        apply_patch(parse(patch + "@@ -0,0 +1 @@\n+x\n"), inside)
    assert list(tmp_path.rglob("*")) == [inside]


def test_a_swap_of_two_names(tmp_path: Path) -> None:
    """Renames do not depend on their order."""
    (tmp_path / "a").write_text("A\n")
    (tmp_path / "b").write_text("B\n")
    swap = "".join(
        f"diff --git a/{x} b/{y}\nsimilarity index 100%\nrename from {x}\nrename to {y}\n"
        for x, y in ("ab", "ba")
    )
    apply_patch(parse(swap), tmp_path)
    assert (tmp_path / "a").read_text() == "B\n"
    assert (tmp_path / "b").read_text() == "A\n"
