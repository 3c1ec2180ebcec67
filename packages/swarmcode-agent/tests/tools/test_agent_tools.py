"""The published tools: what they answer, and in which words."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from swarmcode_agent.sandbox import Allowlist, Limits, Policy, in_force
from swarmcode_agent.tools import AgentTools, ToolResult
from swarmcode_agent.tools.truncate import cut_middle

needs_isolation = pytest.mark.skipif(
    in_force() is None, reason="needs the system package bubblewrap: apt-get install bubblewrap"
)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    (root / "src").mkdir(parents=True)
    (root / "src" / "app.py").write_text("import os\n\n\ndef main():\n    return os.name\n")
    (root / "src" / "odd.txt").write_bytes(b"caf\xc3\xa9\r\nline\x0cfeed\nlast")
    (root / "data.bin").write_bytes(b"\x00\x01")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("main = secret\n")
    (tmp_path / "secret.txt").write_text("main = outside\n")
    (root / "link").symlink_to(tmp_path / "secret.txt")
    return root


@pytest.fixture
def call(workspace: Path) -> Callable[..., ToolResult]:
    tools = AgentTools(workspace)

    def call(name: str, **arguments: Any) -> ToolResult:
        return asyncio.run(tools.execute(name, arguments))

    return call


def test_read_file_numbers_its_lines(call: Callable[..., ToolResult]) -> None:
    """`NNNN | text`, from the first line to the last or between two."""
    whole = call("read_file", path="src/app.py")
    assert whole == ToolResult(
        success=True,
        output="   1 | import os\n   2 | \n   3 | \n   4 | def main():\n   5 |     return os.name",
    )
    part = call("read_file", path="src/app.py", start_line=4, end_line=4)
    assert part.output == "   4 | def main():"
    assert "   3 | last" in call("read_file", path="src/odd.txt").output


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        pytest.param("read_file", {"path": "none.py"}, "not found", id="missing"),
        pytest.param("read_file", {"path": "src"}, "is a folder", id="folder"),
        pytest.param("read_file", {"path": "data.bin"}, "binary", id="binary"),
        pytest.param("read_file", {"path": "/etc/passwd"}, "leaves the workspace", id="absolute"),
        pytest.param("read_file", {"path": "../secret.txt"}, "leaves the workspace", id="dots"),
        pytest.param("read_file", {"path": "link"}, "leaves the workspace", id="link"),
        pytest.param(
            "read_file", {"path": "src/app.py", "start_line": 99}, "has 5 lines", id="end"
        ),
        pytest.param("search", {"pattern": "(", "path": "."}, "not valid", id="bad-regex"),
        pytest.param("search", {"pattern": "x", "path": "none"}, "not found", id="no-folder"),
        pytest.param("search", {"pattern": "x", "path": ".."}, "leaves the workspace", id="up"),
        pytest.param("list_files", {"path": "none"}, "not found", id="list-none"),
        pytest.param("list_files", {"path": "/etc"}, "leaves the workspace", id="list-etc"),
        pytest.param("write_file", {"path": "../x", "content": ""}, "leaves", id="write-up"),
        pytest.param("write_file", {"path": "link", "content": ""}, "leaves", id="write-link"),
        pytest.param("write_file", {"path": ".git/config", "content": ""}, "read-only", id="git"),
        pytest.param("run_tests", {"command": "rm -rf /"}, "not allowed", id="rm"),
        pytest.param("run_tests", {"command": "pytest; id"}, "needs a shell", id="shell"),
        pytest.param("run_tests", {"command": "pytest", "path": "/etc"}, "leaves", id="test-etc"),
        pytest.param("apply_patch", {"patch": "nonsense"}, "no file header", id="no-patch"),
        pytest.param("teleport", {}, "unknown tool 'teleport'; there are read_file", id="unknown"),
        pytest.param("execute", {}, "unknown tool", id="execute-is-no-tool"),
        pytest.param("_listed", {}, "unknown tool", id="private-is-no-tool"),
    ],
)
def test_what_cannot_be_done_is_an_answer(
    call: Callable[..., ToolResult], tool: str, arguments: dict[str, Any], says: str
) -> None:
    """No exception: the model reads why, in the words it can act on."""
    answer = call(tool, **arguments)
    assert not answer.success
    assert answer.error
    assert says in answer.error


@pytest.fixture(params=["ripgrep", "python"])
def searcher(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """The same searches with ripgrep and without."""
    if request.param == "python":
        monkeypatch.setenv("PATH", str(tmp_path))
    return request.param


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        pytest.param({"pattern": "main"}, "src/app.py:4: def main():", id="not-in-git-or-links"),
        pytest.param({"pattern": "absent"}, "No matches found", id="nothing"),
        pytest.param({"pattern": "os", "path": "src/app.py"},
                     "src/app.py:1: import os\nsrc/app.py:5:     return os.name", id="one-file"),
        pytest.param({"pattern": ".", "file_pattern": "*.txt", "path": "src", "max_results": 1},
                     "src/odd.txt:1: café\n"
                     "[… more than 1 matches; narrow the pattern or the path …]", id="limited"),
        pytest.param({"pattern": r"(?<=def )ma"}, "src/app.py:4: def main():", id="look-behind"),
    ],
)  # fmt: skip
def test_search(
    call: Callable[..., ToolResult], searcher: str, arguments: dict[str, Any], output: str
) -> None:
    """Path, line number, text; nothing from .git, binary files, or behind links."""
    assert call("search", **arguments) == ToolResult(success=True, output=output)


def test_search_leaves_hard_links_out(
    call: Callable[..., ToolResult], searcher: str, workspace: Path
) -> None:
    """What `read_file` refuses is not found by `search` either."""
    os.link(workspace.parent / "secret.txt", workspace / "hard.txt")
    assert "outside" not in call("search", pattern="main").output


def test_a_pattern_that_takes_forever_is_ended(
    call: Callable[..., ToolResult], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Backtracking without end is a process that can be ended."""
    monkeypatch.setattr("swarmcode_agent.tools.search._SECONDS", 1.0)
    (workspace / "a.txt").write_text("a" * 60 + "b\n")
    answer = call("search", pattern=r"(?=a)(a+)+$", path="a.txt")
    assert "took longer" in (answer.error or "")


def test_list_and_write(call: Callable[..., ToolResult], workspace: Path) -> None:
    """Folders end with a slash; a written file is there, its folders too."""
    assert call("write_file", path="new/deep/x.py", content="é\n").success
    assert (workspace / "new/deep/x.py").read_text() == "é\n"
    assert call("list_files", pattern="*.py").output == "new/deep/x.py\nsrc/app.py"
    assert call("list_files", recursive=False).output == "data.bin\nlink\nnew/\nsrc/"
    assert call("list_files", pattern="*.zig").output == "No files found"


def test_a_relative_workspace(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes go where reads look, also after the process changed its folder."""
    monkeypatch.chdir(workspace.parent)
    tools = AgentTools("workspace")
    monkeypatch.chdir("/")
    assert asyncio.run(tools.write_file("x.txt", "1")).success
    assert asyncio.run(tools.read_file("x.txt")).output == "   1 | 1"


def test_apply_patch_tells_how_it_fitted(call: Callable[..., ToolResult], workspace: Path) -> None:
    """Each file and, where a hunk was bent, how far; a conflict is a sentence."""
    hunk = "@@ -1,2 +1,2 @@\n-import os\n+import sys\n \n"
    assert call("apply_patch", patch=hunk, path="src/app.py").output == "modify: src/app.py"
    again = call("apply_patch", patch=hunk, path="src/app.py")
    assert "hunk 1" in (again.error or "")
    block = "src/app.py\n<<<<<<< SEARCH\ndef main():\n=======\ndef run():\n>>>>>>> REPLACE\n"
    assert call("apply_patch", patch=block).success
    assert (workspace / "src/app.py").read_text().startswith("import sys\n\n\ndef run():")


@needs_isolation
def test_run_tests_runs_them_isolated(workspace: Path) -> None:
    """Output and exit code of a passing and a failing run; the time limit; no way out."""
    (workspace / "test_ok.py").write_text(
        "import unittest\n\n\nclass T(unittest.TestCase):\n    def test(self):\n        pass\n"
    )
    (workspace / "hang.py").write_text("import time\ntime.sleep(60)\n")
    python = f"{Path(sys.executable).name}"
    allowlist = Allowlist((f"{python} -m unittest", f"{python} hang.py"))
    tools = AgentTools(workspace, timeout=30, allowlist=allowlist)
    passed = asyncio.run(tools.run_tests(f"{python} -m unittest -q test_ok"))
    assert passed.success, passed
    assert "[exit code 0]" in passed.output
    broken = asyncio.run(tools.run_tests(f"X=1 {python} -m unittest -q none"))
    assert broken.error == "exit code 1"
    assert "ModuleNotFoundError" in broken.output
    late = asyncio.run(tools.run_tests(f"{python} hang.py", timeout=0.5))
    assert "time limit" in (late.error or "")


@needs_isolation
def test_a_policy_of_ones_own(workspace: Path) -> None:
    """Limits and environment come from the policy."""
    python = Path(sys.executable).name
    policy = Policy(workspace, limits=Limits(output_bytes=100), environment=(("A", "1"),))
    tools = AgentTools(workspace, policy=policy, allowlist=Allowlist((f"{python} -c",)))
    answer = asyncio.run(tools.run_tests(f"{python} -c 'import os; print(os.environ[\"A\"])'"))
    assert answer.output.startswith("1\n")


class CustomTools(AgentTools):
    """As the documentation has it."""

    async def my_tool(self, arg: str, times: int = 2, tags: list[str] | None = None) -> ToolResult:
        """Repeat something.

        Args:
            arg: What to
                repeat.
        """
        return ToolResult(success=True, output=" ".join([arg] * times + (tags or [])))


def test_a_subclass_adds_tools() -> None:
    """A public async method is a tool: its schema comes from its signature and docstring."""
    [own] = [t for t in CustomTools.get_tool_definitions() if t["function"]["name"] == "my_tool"]
    assert own == {
        "type": "function",
        "function": {
            "name": "my_tool",
            "description": "Repeat something.",
            "parameters": {
                "type": "object",
                "properties": {
                    "arg": {"type": "string", "description": "What to repeat."},
                    "times": {"type": "integer", "default": 2},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["arg"],
                "additionalProperties": False,
            },
        },
    }


def test_the_published_tools_are_all_declared() -> None:
    """Six tools, each with a description for itself and for every argument."""
    definitions = AgentTools.get_tool_definitions()
    assert [d["function"]["name"] for d in definitions] == [
        "read_file", "search", "apply_patch", "run_tests", "list_files", "write_file",
    ]  # fmt: skip
    for definition in definitions:
        function = definition["function"]
        assert function["description"]
        assert all("description" in p for p in function["parameters"]["properties"].values())
    mcp = [declaration.for_mcp()["inputSchema"] for declaration in AgentTools.declarations()]
    assert mcp == [d["function"]["parameters"] for d in definitions]


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        pytest.param({"arg": "a"}, "a a", id="default"),
        pytest.param({"arg": "a", "times": "3"}, "a a a", id="a-number-as-text"),
        pytest.param({"arg": "a", "times": 1.0, "tags": ["x"]}, "a x", id="a-whole-float"),
        pytest.param('{"arg": "é"}', "é é", id="json-text"),
        pytest.param({"arg": "a", "tags": None}, "a a", id="null-is-absent"),
    ],
)
def test_arguments_are_read(tmp_path: Path, arguments: Any, output: str) -> None:
    """What models write and mean is taken."""
    assert asyncio.run(CustomTools(tmp_path).execute("my_tool", arguments)).output == output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param({}, "'arg' is missing", id="missing"),
        pytest.param({"arg": 1}, "'arg' must be a string, and is an integer", id="wrong-type"),
        pytest.param({"arg": "a", "tmes": 1}, "(did you mean 'times'?)", id="misspelt"),
        pytest.param(
            {"arg": "a", "times": True}, "must be an integer, and is a boolean", id="bool"
        ),
        pytest.param({"arg": "a", "times": "many"}, "must be an integer", id="not-a-number"),
        pytest.param({"arg": "a", "tags": [1]}, "must be a string", id="inside-a-list"),
        pytest.param("{", "not JSON", id="broken-json"),
        pytest.param("[" * 100_000, "not JSON", id="a-bomb"),
        pytest.param([1], "must be a JSON object", id="a-list"),
    ],
)
def test_arguments_that_do_not_fit_are_explained(tmp_path: Path, arguments: Any, says: str) -> None:
    """Every fault at once, and the call's right form."""
    answer = asyncio.run(CustomTools(tmp_path).execute("my_tool", arguments))
    assert says in (answer.error or "")
    assert "It takes (arg: string, times: integer (optional)" in (answer.error or "")


class HangingTools(AgentTools):
    async def hang(self) -> ToolResult:
        """Never come back."""
        await asyncio.sleep(3600)
        return ToolResult(success=True)

    async def forget(self) -> str:
        """Return something else."""
        return "text"


def test_a_tool_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A custom tool has no limit of its own; the call has."""
    monkeypatch.setattr("swarmcode_agent.tools.agent_tools._GRACE", 0.1)
    answer = asyncio.run(HangingTools(tmp_path, timeout=0.1).execute("hang", {}))
    assert answer.error == "hang took longer than 0.2 s and was ended"


def test_a_tool_that_returns_something_else_is_told(tmp_path: Path) -> None:
    """Not passed on as if it were an answer."""
    answer = asyncio.run(HangingTools(tmp_path).execute("forget", {}))
    assert answer.error == "forget returned str instead of a ToolResult"


def test_long_output_says_what_was_cut() -> None:
    """The beginning and the end stay."""
    text = "\n".join(f"line {number}" for number in range(20_000))
    cut = cut_middle(text, 1000)
    assert len(cut) < 1100
    assert cut.startswith("line 0\n")
    assert cut.endswith("line 19999")
    assert "characters cut" in cut
