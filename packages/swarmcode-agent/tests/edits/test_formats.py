"""Every format reads back what it wrote, and says what it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmcode_agent.edits import (
    File,
    FileEdit,
    Hunk,
    Kind,
    Line,
    Patch,
    apply_hunks,
    detect_format,
    diff_files,
    parse,
    plan,
    render,
)
from swarmcode_agent.errors import EditError, PatchSyntaxError, UnsupportedEditError

lines = st.lists(
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=8),
    max_size=12,
)
texts = st.builds(
    lambda body, ended: "\n".join(body) + ("\n" if body and ended else ""), lines, st.booleans()
)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/"), min_size=1, max_size=8
).filter(lambda name: name not in {".", ".."})
trees = st.dictionaries(names, st.builds(File, texts), max_size=4)


class Files(dict):
    """A tree in memory."""

    def read(self, path: str) -> File | None:
        return self.get(path)


@given(trees, trees)
def test_a_diff_read_back_leads_to_the_other_tree(before: dict, after: dict) -> None:
    """parse(render(diff(a, b))) applied to a is b: any names, any text, any endings."""
    wanted = diff_files(before, after)
    if not wanted.files:
        assert before == after
        return
    patch = parse(render(wanted), "unified")
    planned = plan(patch, Files(before))
    result = {**before, **planned.changes}
    assert {path: file for path, file in result.items() if file is not None} == after


@given(trees, trees)
def test_a_rendered_patch_reads_back_as_itself(before: dict, after: dict) -> None:
    """The unified format carries the whole model of a diff."""
    wanted = diff_files(before, after)
    if wanted.files:
        assert render(parse(render(wanted), "unified")) == render(wanted)


plain = st.text("abc {}=:#", min_size=1, max_size=10)
block_lines = st.lists(plain.map(lambda text: text + "\n"), min_size=1, max_size=6)


@given(block_lines, block_lines)
def test_blocks_read_back(old: list[str], new: list[str]) -> None:
    """A block that is written is the block that is read."""
    hunk = Hunk(tuple([Line("-", line) for line in old] + [Line("+", line) for line in new]))
    patch = parse(render(Patch((FileEdit("src/a.py", hunks=(hunk,)),)), "blocks"), "blocks")
    [edit] = patch.files
    assert edit.path == "src/a.py"
    assert (edit.hunks[0].old, edit.hunks[0].new) == (old, new)


@given(st.dictionaries(st.sampled_from(["a.py", "b/c.md", "Makefile"]), texts, min_size=1))
def test_whole_files_read_back(files: dict[str, str]) -> None:
    """Content with fences, without a final newline, or empty, comes back as it was."""
    written = Patch(tuple(FileEdit(p, Kind.WRITE, content=text) for p, text in files.items()))
    if any("\r" in text for text in files.values()):
        return
    assert parse(render(written, "whole"), "whole") == written


@given(st.text(st.sampled_from("@-+ \n\\ab<>=`/1,") | st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_patch_or_a_clear_error(text: str) -> None:
    """No text makes a parser fail in any other way."""
    for name in ("unified", "blocks", "whole"):
        try:
            assert parse(text, name).files
        except EditError as error:
            told = str(error)
            assert told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "unified", id="unified"),
        pytest.param("x.py\n<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n", "blocks", id="b"),
        pytest.param("x.py\n```python\na\n```\n", "whole", id="whole"),
    ],
)
def test_a_format_is_recognised(text: str, expected: str) -> None:
    """Without being told, the text says which format it is."""
    assert detect_format(text) == expected
    assert parse(text).paths in {("x",), ("x.py",)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("hello", "no file header", id="prose"),
        pytest.param("@@ -1 +1 @@\n-a\n+b\n", "hunk without a file", id="no-file"),
        pytest.param("--- a/x\n+++ b/x\n@@ -1 +1 @@\n", "no lines", id="empty-hunk"),
        pytest.param("--- /dev/null\n+++ /dev/null\n@@ -0,0 +1 @@\n+a\n", "dev/null", id="nothing"),
        pytest.param("diff --git a/x b/x\nindex 1..2\n", "no hunks", id="no-hunks"),
    ],
)
def test_what_is_no_patch_says_why(text: str, says: str) -> None:
    """The error names the line and what is wrong there."""
    with pytest.raises(PatchSyntaxError, match=says) as caught:
        parse(text, "unified")
    assert caught.value.line >= 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("diff --git a/x b/x\nGIT binary patch\nliteral 3\n", id="git-binary"),
        pytest.param("diff --git a/x b/x\nBinary files a/x and b/x differ\n", id="binary-files"),
        pytest.param("diff --git a/x b/x\nnew file mode 160000\n", id="submodule"),
    ],
)
def test_what_a_text_patch_cannot_carry_is_refused(text: str) -> None:
    """Binary changes and submodules are refused by name, not skipped."""
    with pytest.raises(UnsupportedEditError, match="line 2"):
        parse(text, "unified")


@pytest.mark.parametrize("name", ["blocks", "whole"])
def test_a_format_refuses_what_it_cannot_say(name: str) -> None:
    """A rename has no search/replace block and no whole file."""
    with pytest.raises(UnsupportedEditError, match="cannot rename"):
        render(Patch((FileEdit("b", Kind.RENAME, source="a"),)), name)


def test_counts_that_leave_lines_out_are_told() -> None:
    """git drops such lines silently; ours drops them too, and says so."""
    text = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n-c\n+C\n"
    patch = parse(text)
    assert "leave out the 2 line(s)" in patch.notes[0]


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("@@ -1,9 +1,9 @@", id="counts-too-high"),
        pytest.param("@@ ... @@", id="no-numbers"),
        pytest.param("@@", id="nothing-but-the-mark"),
        pytest.param("@@ def f(): @@", id="a-name"),
    ],
)
def test_sloppy_headers_are_understood(header: str) -> None:
    """Where the counts do not hold, the marks of the lines decide."""
    text = f"```diff\n--- a/x\n+++ b/x\n{header}\n a\n-b\n+B\n```\nDone!\n"
    [edit] = parse(text).files
    assert apply_hunks("a\nb\n", edit.hunks)[0] == "a\nB\n"


@given(texts, texts)
def test_numbered_lines_lead_to_the_same_file(before: str, after: str) -> None:
    """What they can say, they say: read back over the file, they make the other file."""
    old, new = Files({"a.py": File(before)}), {"a.py": File(after)}
    wanted = diff_files(old, new)
    try:
        rendered = render(wanted, "lines")
    except UnsupportedEditError:
        assert before[-1:] != "\n" or after[-1:] != "\n" or "\r" in before + after
        return
    if before == after:
        assert rendered == ""
        return
    assert plan(parse(rendered, "lines", tree=old), old).changes == new


def test_numbered_lines_are_a_diff_of_the_file() -> None:
    """One wrong line, said by its number, is the same patch as its diff; endings stay."""
    before = Files({"src/a.py": File("one\r\ntwo\r\nthree\r\nfour")})
    answer = "Here is the fix:\n\nsrc/a.py\n2 TWO\n2 and a half\n3-\n4 FOUR\n0+ zero\n"
    assert detect_format(answer) == "lines"
    patch = parse(answer, tree=before)
    assert plan(patch, before).changes["src/a.py"] == File(
        "zero\r\none\r\nTWO\r\nand a half\r\nFOUR"
    )
    assert patch == diff_files(before, {"src/a.py": plan(patch, before).changes["src/a.py"]})
    assert render(patch, "lines").startswith("src/a.py\n0+ zero\n2")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("a.py\n9 x\n", "line 2 of the patch: the file has lines 1 to 2", id="past"),
        pytest.param("a.py\n0 x\n", "the file has lines 1 to 2", id="zero"),
        pytest.param("a.py\n2-1 x\n", "lines 2 to 1 run backwards", id="backwards"),
        pytest.param("a.py\n1 x\n1-2 y\n", "changed twice", id="twice"),
        pytest.param("a.py\n1- x\n", "taken away has no text", id="taken-with-text"),
        pytest.param("b.py\n1 x\n", "there is no file b.py", id="no-file"),
        pytest.param("1 x\n", "write its path above it", id="no-path"),
        pytest.param("a.py\nx\n", "no numbered line", id="nothing"),
    ],
)
def test_bad_numbers_are_one_line(text: str, why: str) -> None:
    """A number that the file does not have is told with the line of the answer."""
    with pytest.raises(PatchSyntaxError, match=why):
        parse(text, "lines", tree=Files({"a.py": File("one\ntwo\n")}))
    with pytest.raises(UnsupportedEditError, match="pass `tree`"):
        parse(text, "lines")
